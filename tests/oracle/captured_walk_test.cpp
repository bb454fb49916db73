// SPDX-License-Identifier: MIT
//
// The walker against the MMU of every captured machine.
#include "core/paging/walker.h"
#include "sim/import/csv_fields.h"
#include "sim/import/read_file.h"
#include "sim/import/table_pages.h"
#include "sim/import/table_pages_oracle.h"
#include "tests/oracle/captures.h"
#include "tests/test_name.h"

#include <gtest/gtest.h>

#include <string>

namespace ksl::sim {
namespace {

class CapturedWalk : public ::testing::TestWithParam<std::filesystem::path> {
protected:
    void SetUp() override {
        auto read = read_table_pages(GetParam());
        ASSERT_TRUE(read) << to_string(read.error());
        capture_ = std::move(*read);
    }
    TablePagesCapture capture_;
};

TEST_P(CapturedWalk, EveryOracleRowAgrees) {
    const auto rows = read_oracle(GetParam() / "oracle.csv");
    ASSERT_TRUE(rows) << to_string(rows.error());
    ASSERT_GT(rows->size(), 1000U);
    const OracleCheck check = check_oracle(capture_, *rows);
    EXPECT_EQ(check.rows, rows->size());
    EXPECT_EQ(check.exact, check.rows);
    for (const OracleRow& row : check.different) {
        ADD_FAILURE() << "line " << row.line << " (" << row.kind << "): oracle " << to_string(row.answer) << ", ours "
                      << to_string(answer_of(capture_, row.at));
    }
}

/// "0000000000010000: 0000000007f90000 X--DA--UW": X = no execute, P = large page, G, D, A, C = PCD, T = PWT, U, W of
/// the leaf entry.
std::string flags_of(core::Pte leaf) {
    std::string flags = "---------";
    const auto set = [&](std::size_t place, char letter, const core::BitField& field) {
        if (leaf.has(field)) flags[place] = letter;
    };
    set(0, 'X', core::Pte::kNoExecute);
    set(1, 'G', core::Pte::kGlobal);
    set(2, 'P', core::Pte::kPageSize);
    set(3, 'D', core::Pte::kDirty);
    set(4, 'A', core::Pte::kAccessed);
    set(5, 'C', core::Pte::kPcd);
    set(6, 'T', core::Pte::kPwt);
    set(7, 'U', core::Pte::kUser);
    set(8, 'W', core::Pte::kWritable);
    return flags;
}

struct Leaf {
    std::uint64_t at;
    std::uint64_t physical;
    std::string flags;
    friend bool operator==(const Leaf&, const Leaf&) = default;
};

void collect_leaves(const TablePagesCapture& capture, core::Pfn table, core::Level level, core::VirtAddr base,
                    std::vector<Leaf>& leaves) {
    const core::Geometry geometry = capture.mode().geometry;
    for (std::uint64_t i = 0; i < core::kEntriesPerTable; ++i) {
        const core::VirtAddr at = geometry.canonical(base + core::span_of(level) * i);
        const core::Pte entry =
            core::read_entry(capture.memory, core::address_of(table) + core::Bytes{i * sizeof(std::uint64_t)});
        if (!entry.is_present()) continue;
        if (entry.is_leaf(level))
            leaves.push_back({at.raw(), entry.address(level).raw(), flags_of(entry)});
        else
            collect_leaves(capture, entry.table(), core::below(level), at, leaves);
    }
}

TEST_P(CapturedWalk, AllLeavesAreTheOnesThatTheEmulatorLists) {
    const auto text = read_file(GetParam() / "info_tlb.txt.gz");
    ASSERT_TRUE(text) << to_string(text.error());
    std::vector<Leaf> theirs;
    for (std::string_view rest = *text; !rest.empty();) {
        const std::string_view line = take_line(rest);
        if (line.size() != 44) continue;
        const auto lowest = parse_number(line.substr(0, 16), 16);
        const auto frame = parse_number(line.substr(18, 16), 16);
        if (!lowest || !frame) FAIL() << line;
        theirs.push_back({*lowest, *frame, std::string{line.substr(35)}});
    }
    ASSERT_GT(theirs.size(), 1000U);
    std::vector<Leaf> ours;
    const core::Level top = capture_.mode().geometry.top();
    collect_leaves(capture_, capture_.root(), top, core::VirtAddr{0}, ours);
    ASSERT_EQ(ours.size(), theirs.size());
    for (std::size_t i = 0; i < ours.size(); ++i) {
        EXPECT_EQ(ours[i], theirs[i]) << std::hex << theirs[i].at << " " << theirs[i].physical << " " << theirs[i].flags
                                      << " ours " << ours[i].flags;
    }
}

TEST_P(CapturedWalk, ARecordedWalkReadsTheTablesOfTheIndexLevelByLevel) {
    const auto rows = read_oracle(GetParam() / "oracle.csv");
    ASSERT_TRUE(rows);
    for (const OracleRow& row : *rows) {
        core::PhysMemory memory = capture_.memory;
        core::WalkTrace trace;
        const auto result =
            core::walk(memory, capture_.mode(), capture_.root(), row.at,
                       {.kind = core::AccessKind::read, .privilege = core::Privilege::supervisor_ac}, trace);
        const bool is_mapped = row.answer.result == OracleAnswer::Result::ok;
        EXPECT_EQ(result.has_value(), is_mapped) << row.line;
        if (row.answer.result != OracleAnswer::Result::non_canonical) {
            ASSERT_FALSE(trace.steps().empty());
            EXPECT_EQ(core::number_of(trace.steps().back().level), row.answer.leaf_level);
        }
        for (const core::WalkStep& step : trace.steps()) {
            const auto page = std::ranges::find(capture_.pages, core::frame_of(step.entry_at), &TablePage::frame);
            ASSERT_NE(page, capture_.pages.end());
            EXPECT_EQ(page->level, step.level);
            // A walk that succeeds leaves every accessed bit set, one that faults changes nothing.
            EXPECT_EQ(step.after, is_mapped ? step.before.with(core::Pte::kAccessed, 1) : step.before);
            EXPECT_EQ(memory.read(step.entry_at), step.after.bits());
        }
    }
}

INSTANTIATE_TEST_SUITE_P(Machines, CapturedWalk, ::testing::ValuesIn(ksl::testing::capture_folders({"mmu-"})),
                         [](const auto& test) { return ksl::testing::name_of_capture(test.param); });

} // namespace
} // namespace ksl::sim
