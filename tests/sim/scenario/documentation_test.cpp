// SPDX-License-Identifier: MIT
//
// docs/scenario.md names what the reader knows.
#include "sim/import/read_file.h"
#include "sim/scenario/design_axes.h"
#include "sim/scenario/workload_spec.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <utility>
#include <variant>
#include <vector>

namespace ksl::sim {
namespace {

using ::testing::HasSubstr;

std::string page() {
    const auto text = read_file(std::filesystem::path{KSL_SOURCE_DIR} / "docs/scenario.md");
    EXPECT_TRUE(text);
    return text.value_or("");
}

struct AxisChecker {
    const std::string& text;

    void key(std::string_view name) const { EXPECT_THAT(text, HasSubstr(fmt::format("`{}`", name))); }
    template <class Enum, std::size_t N>
    void choice(std::string_view name, Enum /*value*/, const std::array<Spelling<Enum>, N>& spellings) const {
        key(name);
        for (const auto& spelling : spellings) EXPECT_THAT(text, HasSubstr(fmt::format("`\"{}\"`", spelling.name)));
    }
    void size(std::string_view name, std::uint8_t /*order*/) const { key(name); }
    void count(std::string_view name, std::uint8_t /*value*/, std::uint8_t most) const {
        key(name);
        EXPECT_THAT(text, HasSubstr(fmt::format("0 to {}", most)));
    }
    void flag(std::string_view name, bool /*value*/) const { key(name); }
};

TEST(ScenarioDocumentation, NamesEveryAxisAndEveryValue) {
    const std::string text = page();
    const core::StackDesign design;
    axes::each_axis(design, AxisChecker{text});
}

template <std::size_t... I>
std::vector<std::string> all_kinds(std::index_sequence<I...> /*kinds*/) {
    return {std::string{kind_of(WorkloadSpec{std::in_place_index<I>})}...};
}

TEST(ScenarioDocumentation, NamesEveryKindOfWorkload) {
    const std::string text = page();
    const auto kinds = all_kinds(std::make_index_sequence<std::variant_size_v<WorkloadSpec>>{});
    EXPECT_EQ(kinds.size(), 11U);
    for (const std::string& kind : kinds) EXPECT_THAT(text, HasSubstr(fmt::format("| `{}` |", kind)));
}

} // namespace
} // namespace ksl::sim
