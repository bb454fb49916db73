// SPDX-License-Identifier: MIT
#include "sim/scenario/design_file.h"

#include "sim/scenario/design_axes.h"
#include "sim/text/similar.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <initializer_list>
#include <iterator>
#include <vector>

namespace ksl::sim {

namespace {

using namespace std::string_view_literals;

constexpr std::string_view kFolder = "designs/";
constexpr std::string_view kExtension = ".toml";

enum class Kernel : std::uint8_t { linux_4_7, linux_4_9, linux_6_1 };
constexpr std::array kKernels{Spelling{"linux-4.7"sv, Kernel::linux_4_7}, Spelling{"linux-4.9"sv, Kernel::linux_4_9},
                              Spelling{"linux-6.1"sv, Kernel::linux_6_1}};

/// Every axis keeps its value where the table does not name it.
struct AxisReader {
    TomlTable& table;

    template <class Enum, std::size_t N>
    void choice(std::string_view key, Enum& field, const std::array<Spelling<Enum>, N>& spellings) const {
        field = table.choice(key, spellings, field);
    }
    void size(std::string_view key, std::uint8_t& order) const {
        using namespace core::literals;
        const core::Bytes bytes = table.bytes(key, {4_KiB, 64_KiB}, bytes_of(core::Pages{std::uint64_t{1} << order}));
        if (!std::has_single_bit(bytes.count()))
            table.refuse(key, "a stack is 2^n pages; 4, 8, 16, 32 or 64 KiB would be right");
        else
            order = static_cast<std::uint8_t>(std::countr_zero(bytes.count() >> core::kPageShift));
    }
    void count(std::string_view key, std::uint8_t& field, std::uint8_t most) const {
        field = table.integer<std::uint8_t>(key, {0, most}, field);
    }
    void flag(std::string_view key, bool& field) const { field = table.boolean(key, field); }
};

struct AxisText {
    std::string key;
    std::string literal;
};

struct AxisWriter {
    std::vector<AxisText>& lines;

    template <class Enum, std::size_t N>
    void choice(std::string_view key, Enum value, const std::array<Spelling<Enum>, N>& spellings) const {
        const auto* spelling = std::ranges::find(spellings, value, &Spelling<Enum>::value);
        lines.push_back({std::string{key}, fmt::format("\"{}\"", spelling->name)});
    }
    void size(std::string_view key, std::uint8_t order) const {
        lines.push_back({std::string{key}, fmt::format("\"{} KiB\"", 4U << order)});
    }
    void count(std::string_view key, std::uint8_t value, std::uint8_t /*most*/) const {
        lines.push_back({std::string{key}, fmt::format("{}", value)});
    }
    void flag(std::string_view key, bool value) const { lines.push_back({std::string{key}, value ? "true" : "false"}); }
};

std::vector<AxisText> axis_texts(const core::StackDesign& design) {
    std::vector<AxisText> lines;
    axes::each_axis(design, AxisWriter{lines});
    return lines;
}

/// The key that stands for an axis as core names it.
std::string_view key_of(std::string_view axis, const core::StackDesign& design) {
    if (axis == "guard") return design.guard.above > design.guard.below ? "guard_above" : "guard_below";
    if (axis == "stack cache") return "cache_slots";
    if (axis == "stack size") return "size";
    if (axis == "dynamic reserve") return "dynamic_reserve";
    if (axis == "usage tracking") return "usage_tracking";
    return axis;
}

/// "guard_above = 1".
std::string assignment(std::string_view key, const core::StackDesign& design) {
    for (const AxisText& axis : axis_texts(design)) {
        if (axis.key == key) return fmt::format("{} = {}", axis.key, axis.literal);
    }
    return std::string{key};
}

/// What the table changes is the user's; the other axis may come from the profile that it changes.
void refuse_conflict(TomlTable& table, const core::StackDesign& design, std::string_view base = "") {
    const auto conflict = core::conflict_in(design);
    if (!conflict) return;
    const std::string_view key = key_of(conflict->axis, design);
    const std::string_view other = key_of(conflict->other_axis, design);
    std::string message = key == other ? fmt::format("{} cannot be: {}", assignment(key, design), conflict->reason)
                                       : fmt::format("{} does not go with {}: {}", assignment(key, design),
                                                     assignment(other, design), conflict->reason);
    for (const std::string_view axis : {key, other}) {
        if (!base.empty() && !table.has(axis))
            message += fmt::format("; {} comes from {} and can be changed here", assignment(axis, design), base);
    }
    table.refuse(!table.has(key) && table.has(other) ? other : key, message);
}

void require(TomlTable& table, std::initializer_list<std::string_view> keys) {
    for (const std::string_view key : keys) {
        if (!table.has(key)) table.refuse(fmt::format("lacks `{}`, which every design must choose", key));
    }
}

std::string path_of(std::string_view name) {
    return fmt::format("{}{}{}", kFolder, name, kExtension);
}

std::string toml_text(std::string_view text) {
    std::string escaped;
    for (const char c : text) {
        if (c == '"' || c == '\\') escaped += '\\';
        if (c == '\n')
            escaped += "\\n";
        else
            escaped += c;
    }
    return fmt::format("\"{}\"", escaped);
}

std::string read_kernel(TomlTable& table, const std::optional<std::string>& otherwise) {
    const auto old = std::ranges::find(kKernels, otherwise.value_or(""), &Spelling<Kernel>::name);
    const Kernel kernel =
        table.choice("kernel", kKernels, old == kKernels.end() ? std::nullopt : std::optional{old->value});
    return std::string{std::ranges::find(kKernels, kernel, &Spelling<Kernel>::value)->name};
}

} // namespace

core::KernelFacts DesignProfile::facts() const {
    if (kernel == kKernels[0].name) return core::KernelFacts::linux_4_7();
    if (kernel == kKernels[1].name) return core::KernelFacts::linux_4_9();
    return core::KernelFacts::linux_6_1();
}

Result<DesignProfile> read_design(std::string_view text, std::string_view origin, std::string_view name) {
    KSL_TRY_ASSIGN(reader, TomlReader::parse(text, origin));
    TomlTable root = reader.root();
    DesignProfile profile;
    profile.name = name;
    profile.base = name;
    profile.title = root.text("title");
    profile.summary = root.text("summary");
    profile.source = root.text("source");
    profile.kernel = read_kernel(root, std::nullopt);
    TomlTable stack = root.table("stack");
    profile.stack.guard = {.below = 0, .above = 0};
    profile.stack.cache_slots = 0;
    axes::each_axis(profile.stack, AxisReader{stack});
    require(stack, {"backing", "size", "thread_info", "release", "pgd_sync"});
    refuse_conflict(stack, profile.stack);
    KSL_TRY(reader.finish());
    return profile;
}

Result<DesignProfile> load_design(const Assets& assets, std::string_view name) {
    auto asset = assets.find(path_of(name));
    if (asset) return read_design(asset->text, asset->origin, name);
    if (asset.error().kind == ErrorKind::environment) return std::unexpected(asset.error());
    std::vector<std::string> names;
    for (const std::string& path : assets.list("designs")) {
        if (path.ends_with(kExtension))
            names.push_back(path.substr(kFolder.size(), path.size() - kFolder.size() - kExtension.size()));
    }
    const std::string meant = did_you_mean(name, names);
    return fail("", 0,
                fmt::format("there is no design \"{}\"{}", name,
                            meant.empty() ? "; `kstacklab list designs` shows those that there are" : meant));
}

void override_design(TomlTable& table, DesignProfile& profile) {
    profile.kernel = read_kernel(table, profile.kernel);
    axes::each_axis(profile.stack, AxisReader{table});
    refuse_conflict(table, profile.stack, profile.base);
}

std::string design_text(const DesignProfile& profile) {
    std::string text;
    auto out = std::back_inserter(text);
    fmt::format_to(out, "title = {}\nsummary = {}\nsource = {}\nkernel = {}\n\n[stack]\n", toml_text(profile.title),
                   toml_text(profile.summary), toml_text(profile.source), toml_text(profile.kernel));
    for (const AxisText& axis : axis_texts(profile.stack)) fmt::format_to(out, "{} = {}\n", axis.key, axis.literal);
    return text;
}

} // namespace ksl::sim
