// SPDX-License-Identifier: MIT
//
// Our dump of captured tables against the dump that the captured kernel printed of them.
#include "core/paging/dump.h"
#include "sim/import/csv_fields.h"
#include "sim/import/read_file.h"
#include "sim/import/table_pages.h"
#include "tests/oracle/captures.h"
#include "tests/test_name.h"

#include <gtest/gtest.h>

#include <map>
#include <string>

namespace ksl::sim {
namespace {

/// Lines of a dump by heading.
std::map<std::string, std::vector<std::string>> sections_of(std::string_view text) {
    std::map<std::string, std::vector<std::string>> sections;
    std::string heading;
    while (!text.empty()) {
        const std::string_view line = take_line(text);
        if (line.starts_with("---["))
            heading = line;
        else
            sections[heading].emplace_back(line);
    }
    return sections;
}

/// Lines without the last mapped range of 12 KiB; the holes around it become one.
std::vector<std::string> without_terminal_buffer(std::vector<std::string> lines) {
    for (std::size_t i = lines.size() - 1; i-- > 1;) {
        if (!lines[i].contains(" 12K     RW")) continue;
        const auto before = core::VirtAddr{*parse_number(lines[i - 1].substr(0, 18))};
        const auto after = core::VirtAddr{*parse_number(lines[i + 1].substr(19, 18))};
        const core::DumpRange hole{.lowest = before, .top = after, .level = core::Level::pt};
        lines[i - 1] = core::dump_line(hole, core::Geometry::four_level());
        lines.erase(lines.begin() + static_cast<std::ptrdiff_t>(i), lines.begin() + static_cast<std::ptrdiff_t>(i) + 2);
        break;
    }
    return lines;
}

class CapturedDump : public ::testing::TestWithParam<std::filesystem::path> {};

TEST_P(CapturedDump, OurDumpOfItsTablesIsTheKernelsOwn) {
    const auto capture = read_table_pages(GetParam());
    ASSERT_TRUE(capture) << to_string(capture.error());
    const auto theirs = read_file(GetParam() / "page_tables_kernel.txt");
    ASSERT_TRUE(theirs) << to_string(theirs.error());

    const core::KernelLayout layout{core::LayoutEra::linux_6_1, core::Geometry::four_level()};
    const std::string ours =
        core::dump_text(core::dump_page_tables(capture->memory, layout, capture->root()), layout.geometry());
    auto expected = sections_of(*theirs);
    auto actual = sections_of(ours);
    // The dump was printed by a program some seconds before the machine was stopped. That program had a terminal, whose
    // buffer of three pages in the vmalloc area was gone by then.
    const std::string vmalloc = "---[ vmalloc() Area ]---";
    expected[vmalloc] = without_terminal_buffer(expected[vmalloc]);
    EXPECT_EQ(actual, expected);
}

INSTANTIATE_TEST_SUITE_P(Machines, CapturedDump, ::testing::ValuesIn(ksl::testing::capture_folders({"mmu-"})),
                         [](const auto& test) { return ksl::testing::name_of_capture(test.param); });

} // namespace
} // namespace ksl::sim
