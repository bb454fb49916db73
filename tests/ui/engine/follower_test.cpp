// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/ui/support/scripted_source.h"
#include "ui/engine/follower.h"
#include "ui/engine/run_differences.h"
#include "ui/engine/run_totals.h"

#include <gtest/gtest.h>

namespace ksl::ui {
namespace {

using core::Nanoseconds;
using test::ScriptedSource;

std::uint64_t operations(std::span<const StepRecord> records) {
    std::uint64_t count = 0;
    for (const StepRecord& record : records) count += is_operation(record.kind) ? 1U : 0U;
    return count;
}

TEST(Follower, KeepsPaceByOperationsAndComesBackToTheSameMachine) {
    ScriptedSource a(test::contiguous_machine());
    Follower b(std::make_unique<ScriptedSource>(test::vmapped_machine()));
    std::vector<StepRecord> of_a;
    std::vector<std::uint64_t> hashes{b.source().machine().hash()};
    for (int step = 0; step < 120; ++step) {
        const auto before = marks_of(a.machine());
        ASSERT_TRUE(a.forward());
        of_a.push_back(record_of(before, a.machine(), a.now(), a.last_events()));
        b.follow(is_operation(of_a.back().kind));
        hashes.push_back(b.source().machine().hash());
        const std::uint64_t done = operations(of_a);
        EXPECT_GE(operations(b.records()), done);
        EXPECT_LE(operations(b.records()), done + 1);
    }
    for (const std::uint64_t position : {120U, 3U, 77U, 0U, 50U}) {
        b.seek(position);
        EXPECT_EQ(b.source().machine().hash(), hashes[position]) << position;
    }
}

TEST(Follower, WaitsNoLongerThanItsOwnEnd) {
    Follower b(std::make_unique<ScriptedSource>(test::vmapped_machine(), 10));
    for (int step = 0; step < 40; ++step) b.follow(true);
    EXPECT_TRUE(b.source().is_finished());
    EXPECT_EQ(b.records().size(), 10U);
    b.seek(40);
    EXPECT_EQ(b.source().position(), 10U);
}

StepRecord record(StepKind kind, std::uint64_t duration, std::uint8_t flags = 0, std::uint32_t misses = 0) {
    StepRecord made;
    made.kind = kind;
    made.duration = Nanoseconds{duration};
    made.flags = flags;
    made.first_misses = misses;
    return made;
}

TEST(RunDifferences, ATenthIsTheSameAndMoreIsNot) {
    EXPECT_FALSE(differ(record(StepKind::clone, 1000), record(StepKind::clone, 1100)));
    EXPECT_TRUE(differ(record(StepKind::clone, 1000), record(StepKind::clone, 1101)));
    EXPECT_TRUE(differ(record(StepKind::clone, 1101), record(StepKind::clone, 1000)));
    EXPECT_TRUE(differ(record(StepKind::clone, 1000, 0, 3), record(StepKind::clone, 1000, 0, 4)));
    EXPECT_TRUE(differ(record(StepKind::clone, 1000), record(StepKind::clone, 1000, StepRecord::kFailed)));
    EXPECT_FALSE(differ(record(StepKind::call, 1), record(StepKind::call, 9))) << "calls only if somebody died";
    EXPECT_TRUE(differ(record(StepKind::call, 1), record(StepKind::call, 1, StepRecord::kKilled)));
}

TEST(RunDifferences, TheNthOfAKindIsHeldAgainstTheNth) {
    RunDifferences differences;
    differences.append_a(record(StepKind::clone, 100)); // 1
    differences.append_a(record(StepKind::exit, 100));  // 2
    differences.append_a(record(StepKind::other, 5));   // 3
    differences.append_a(record(StepKind::clone, 100)); // 4
    differences.append_b(record(StepKind::exit, 500));
    differences.append_b(record(StepKind::clone, 100));
    ASSERT_EQ(differences.all().size(), 1U);
    EXPECT_EQ(differences.all()[0].position, 2U);
    EXPECT_TRUE(differences.is_at(2));
    EXPECT_FALSE(differences.is_at(4)) << "B has not done it yet";
    differences.append_b(record(StepKind::clone, 100, StepRecord::kFailed));
    EXPECT_TRUE(differences.is_at(4));
    EXPECT_TRUE(differences.all()[1].is_outcome());
    EXPECT_EQ(differences.first_after(2), 4U);
    EXPECT_EQ(differences.first_after(4), std::nullopt);
    EXPECT_EQ(differences.take_new().size(), 2U);
    EXPECT_TRUE(differences.take_new().empty());
}

TEST(RunTotals, AreThoseUpToThePositionWhereverThatIs) {
    RunTotals totals;
    std::vector<StepRecord> records;
    for (unsigned i = 0; i < 1000; ++i) {
        records.push_back(record(i % 3 == 0   ? StepKind::clone
                                 : i % 3 == 1 ? StepKind::exit
                                              : StepKind::other,
                                 i, i % 6 == 0 ? StepRecord::kFromCache : std::uint8_t{0}, i % 5));
    }
    totals.append(std::span(records).first(300));
    totals.append(std::span(records).subspan(300));
    for (const std::size_t position : {0U, 1U, 255U, 256U, 257U, 999U, 1000U}) {
        RunTotal expected;
        for (std::size_t i = 0; i < position; ++i) expected.add(records[i]);
        EXPECT_EQ(totals.at(position), expected) << position;
    }
    EXPECT_EQ(totals.last_operation(3)->duration, Nanoseconds{1});
    EXPECT_FALSE(totals.last_operation(0));
}

} // namespace
} // namespace ksl::ui
