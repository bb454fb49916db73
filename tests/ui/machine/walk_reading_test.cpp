// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/ui/support/scripted_source.h"
#include "ui/machine/stack_reading.h"
#include "ui/machine/walk_reading.h"

#include <gtest/gtest.h>

namespace ksl::ui {
namespace {

using core::Access;
using core::AccessKind;
using core::Bytes;
using core::CpuId;
using core::VirtAddr;
using test::ScriptedSource;

class Walks : public testing::Test {
protected:
    explicit Walks(const core::MachineConfig& config = test::vmapped_machine()) : source(config) {
        while (source.position() < 60) (void)source.forward();
    }
    [[nodiscard]] StackReading stack() const {
        return *read_stack(source.machine(), interesting_stack(source.machine(), CpuId{0}));
    }
    ScriptedSource source;
};

TEST_F(Walks, FindWhatTheTablesSayOnEveryPageOfAStack) {
    const StackReading reading = stack();
    for (VirtAddr at = reading.stack.lowest; at < reading.stack.top; at = at + Bytes{core::kPageBytes}) {
        const WalkReading walk = read_walk(source.machine(), CpuId{0}, at, Access::kernel(AccessKind::write));
        ASSERT_TRUE(walk.walk.outcome);
        EXPECT_EQ(walk.walk.outcome->at, *translate(source.machine(), at));
        EXPECT_EQ(walk.walk.entries.size(), 4U);
        EXPECT_EQ(walk.walk.region, "vmalloc");
        EXPECT_FALSE(walk.fault());
        ASSERT_TRUE(walk.mmu);
        EXPECT_EQ(walk.mmu->spared + walk.mmu->reads.size(), walk.mmu->reads.empty() ? 0 : walk.walk.entries.size());
    }
}

TEST_F(Walks, LeaveTheMachineAsItWas) {
    const std::uint64_t before = source.machine().hash();
    (void)read_walk(source.machine(), CpuId{0}, stack().stack.lowest, Access::kernel(AccessKind::write));
    (void)read_walk(source.machine(), CpuId{0}, VirtAddr{0x1234}, Access::by_user(AccessKind::fetch));
    EXPECT_EQ(source.machine().hash(), before);
}

TEST_F(Walks, WhatACpuHasJustTouchedItsTlbKnows) {
    const StackReading reading = stack();
    const VirtAddr sp = reading.stack.top - reading.used;
    const WalkReading walk = read_walk(source.machine(), CpuId{0}, sp, Access::kernel(AccessKind::read));
    ASSERT_TRUE(walk.mmu);
    EXPECT_EQ(walk.mmu->outcome, core::MmuOutcome::first_level);
    EXPECT_EQ(walk.mmu->stall, core::Cycles{0});
    const WalkReading elsewhere = read_walk(source.machine(), CpuId{1}, sp, Access::kernel(AccessKind::read));
    EXPECT_EQ(elsewhere.mmu->outcome, core::MmuOutcome::walked) << "the other CPU never ran on it";
    EXPECT_GT(elsewhere.mmu->stall, core::Cycles{0});
}

TEST_F(Walks, AGuardFaultsAsHardwareWouldReportIt) {
    const VirtAddr guard = stack().stack.lowest - Bytes{8};
    const WalkReading walk = read_walk(source.machine(), CpuId{0}, guard, Access::kernel(AccessKind::write));
    const auto fault = walk.fault();
    ASSERT_TRUE(fault);
    EXPECT_EQ(fault->vector, core::Vector::page_fault);
    EXPECT_EQ(fault->error_code, core::page_fault::kWrite) << "not present, write, supervisor";
    ASSERT_TRUE(walk.mmu->fault);
    EXPECT_EQ(walk.mmu->fault->error_code, fault->error_code) << "the tables and the MMU agree";
}

TEST_F(Walks, UsersMayNotLookAtKernelStacks) {
    const WalkReading walk =
        read_walk(source.machine(), CpuId{0}, stack().stack.lowest, Access::by_user(AccessKind::read));
    const auto fault = walk.fault();
    ASSERT_TRUE(fault);
    EXPECT_EQ(fault->error_code, core::page_fault::kProtection | core::page_fault::kUser);
    ASSERT_TRUE(walk.mmu->fault);
    EXPECT_EQ(walk.mmu->fault->error_code, fault->error_code);
}

TEST_F(Walks, NonCanonicalAddressesAreRefusedBeforeAnyWalk) {
    const WalkReading walk =
        read_walk(source.machine(), CpuId{0}, VirtAddr{0x8000'0000'0000'0000}, Access::kernel(AccessKind::read));
    EXPECT_TRUE(walk.walk.entries.empty());
    ASSERT_TRUE(walk.fault());
    EXPECT_EQ(walk.fault()->vector, core::Vector::general_protection);
}

class ContiguousWalks : public Walks {
protected:
    ContiguousWalks() : Walks(test::contiguous_machine()) {}
};

TEST_F(ContiguousWalks, EndEarlyInTheDirectMap) {
    const WalkReading walk =
        read_walk(source.machine(), CpuId{0}, stack().stack.lowest, Access::kernel(AccessKind::write));
    ASSERT_TRUE(walk.walk.outcome);
    EXPECT_LT(walk.walk.entries.size(), 4U) << "a large page";
    EXPECT_EQ(walk.walk.region, "direct map");
}

} // namespace
} // namespace ksl::ui
