// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/ui/support/scripted_source.h"
#include "ui/engine/step_record.h"

#include <gtest/gtest.h>

namespace ksl::ui {
namespace {

using test::ScriptedSource;

TEST(StepRecord, SaysWhatTheStepWasAndWhatItCost) {
    ScriptedSource source(test::vmapped_machine());
    ASSERT_TRUE(source.forward());
    const std::vector<CpuMark> before = marks_of(source.machine());
    const core::Nanoseconds start = source.machine().time(core::CpuId{0});
    ASSERT_TRUE(source.forward());
    const StepRecord record = record_of(before, source.machine(), source.now(), source.last_events());
    EXPECT_EQ(record.kind, StepKind::clone);
    EXPECT_EQ(record.cpu, 0);
    EXPECT_EQ(record.task, core::kInitTask.raw());
    EXPECT_NEAR(double(record.duration.count()), double((source.machine().time(core::CpuId{0}) - start).count()), 1);
    EXPECT_GT(record.first_misses, 0U) << "the first clone finds an empty TLB";
    EXPECT_FALSE(record.has(StepRecord::kFromCache)) << "nothing is cached yet";
}

TEST(StepRecord, AFailedCloneIsNotable) {
    core::Machine machine = test::booted(test::vmapped_machine(1));
    ASSERT_TRUE(machine.apply(core::Switch{core::CpuId{0}, core::kInitTask}).is_done());
    StepRecord record;
    core::Outcome outcome;
    while (outcome.is_done()) {
        const std::vector<CpuMark> before = marks_of(machine);
        test::EventList list;
        outcome = machine.apply(core::Spawn{core::CpuId{0}, core::TaskKind::thread}, &list);
        record = record_of(before, machine, machine.time(core::CpuId{0}), list.events);
        EXPECT_EQ(record.is_notable(), !outcome.is_done());
    }
    EXPECT_EQ(record.kind, StepKind::clone);
    EXPECT_TRUE(record.has(StepRecord::kFailed));
}

} // namespace
} // namespace ksl::ui
