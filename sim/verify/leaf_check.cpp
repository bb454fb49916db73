// SPDX-License-Identifier: MIT
#include "sim/verify/leaf_check.h"

#include "core/paging/walker.h"
#include "sim/import/csv_fields.h"
#include "sim/import/read_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <vector>

namespace ksl::sim {

namespace {

using core::Pte;

/// A damaged or hostile capture may lead the same tables to themselves; a real machine has far fewer pages.
constexpr std::size_t kMostLeaves = 4'000'000;

std::string flags_of(Pte leaf) {
    struct Flag {
        char letter;
        core::BitField field;
    };
    static constexpr std::array kFlags{
        Flag{'X', Pte::kNoExecute}, Flag{'G', Pte::kGlobal},   Flag{'P', Pte::kPageSize},
        Flag{'D', Pte::kDirty},     Flag{'A', Pte::kAccessed}, Flag{'C', Pte::kPcd},
        Flag{'T', Pte::kPwt},       Flag{'U', Pte::kUser},     Flag{'W', Pte::kWritable}};
    std::string text;
    for (const Flag& flag : kFlags) text += leaf.has(flag.field) ? flag.letter : '-';
    return text;
}

class Leaves {
public:
    explicit Leaves(const TablePagesCapture& tables) : tables_(tables), geometry_(tables.mode().geometry) {}

    std::vector<std::string> collect() {
        collect(tables_.root(), geometry_.top(), core::VirtAddr{0});
        return std::move(lines_);
    }

private:
    void collect(core::Pfn table, core::Level level, core::VirtAddr base) {
        for (std::uint64_t i = 0; i < core::kEntriesPerTable && lines_.size() < kMostLeaves; ++i) {
            const core::VirtAddr at = geometry_.canonical(base + core::span_of(level) * i);
            const core::PhysAddr entry_at = core::address_of(table) + core::Bytes{i * sizeof(std::uint64_t)};
            const Pte entry = core::read_entry(tables_.memory, entry_at);
            if (!entry.is_present()) continue;
            if (entry.is_leaf(level)) {
                lines_.push_back(
                    fmt::format("{:016x}: {:016x} {}", at.raw(), entry.address(level).raw(), flags_of(entry)));
            } else if (level != core::Level::pt) {
                collect(entry.table(), core::below(level), at);
            }
        }
    }

    const TablePagesCapture& tables_;
    core::Geometry geometry_;
    std::vector<std::string> lines_;
};

} // namespace

Result<void> judge_leaves(const TablePagesCapture& tables, const std::filesystem::path& list, PartResult& part) {
    KSL_TRY_ASSIGN(text, read_file(list));
    std::vector<std::string_view> theirs;
    for (std::string_view rest = text; !rest.empty();) {
        const std::string_view line = take_line(rest);
        if (!line.empty()) theirs.push_back(line);
    }
    const std::vector<std::string> ours = Leaves{tables}.collect();
    // Both ascend by address, so a page that only one side has is found where they part.
    const auto address = [](std::string_view line) { return line.substr(0, 16); };
    const auto differ = [&](std::string_view recorded, std::string_view engine) {
        part.add_difference({.event = 0,
                             .where = list.filename().string(),
                             .recorded = std::string{recorded},
                             .engine = std::string{engine},
                             .around = {}});
    };
    std::size_t mine = 0;
    for (std::size_t i = 0; i < theirs.size(); ++i) {
        const bool is_missing =
            i + 1 < theirs.size() && mine < ours.size() && address(ours[mine]) == address(theirs[i + 1]);
        if (mine < ours.size() && ours[mine] == theirs[i]) {
            part.add_exact();
            ++mine;
        } else if (mine < ours.size() && !is_missing) {
            const bool is_left_out = mine + 1 < ours.size() && ours[mine + 1] == theirs[i];
            if (is_left_out) {
                differ("not listed", ours[mine]);
                part.add_exact();
                mine += 2;
            } else {
                differ(theirs[i], ours[mine++]);
            }
        } else {
            differ(theirs[i], "not mapped");
        }
    }
    for (; mine < ours.size(); ++mine) differ("not listed", ours[mine]);
    return {};
}

} // namespace ksl::sim
