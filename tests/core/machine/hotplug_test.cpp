// SPDX-License-Identifier: MIT
#include "tests/core/machine/test_machines.h"

#include <gtest/gtest.h>

#include <stdexcept>

namespace ksl::core {
namespace {

using namespace testing;

constexpr CpuId kCpu0{0};
constexpr CpuId kCpu1{1};

/// Two threads of init end on CPU 1, which keeps their stacks.
Machine with_two_stacks_cached_on_cpu_1(bool frees) {
    StackDesign design = vmapped_4_9();
    design.frees_cache_at_unplug = frees;
    auto booted = Machine::boot(small_machine(design, KernelFacts::linux_4_9()));
    if (!booted) throw std::runtime_error(booted.error());
    Machine machine = std::move(*booted);
    EXPECT_TRUE(machine.apply(Switch{kCpu0, machine.init_task()}).is_done());
    std::array<TaskId, 2> children{TaskId{machine.apply(Spawn{kCpu0}).value},
                                   TaskId{machine.apply(Spawn{kCpu0}).value}};
    for (const TaskId child : children) {
        EXPECT_TRUE(machine.apply(Switch{kCpu1, child}).is_done());
        EXPECT_TRUE(machine.apply(Exit{kCpu1}).is_done());
        EXPECT_TRUE(machine.apply(Switch{kCpu1, TaskId::none()}).is_done());
    }
    EXPECT_FALSE(machine.state().stacks.cache(kCpu1).slot(1).is_none());
    return machine;
}

TEST(Unplug, FreesTheCachedStacksWhereTheKernelDoes) {
    Machine machine = with_two_stacks_cached_on_cpu_1(true);
    const std::uint32_t stacks = machine.state().stacks.stacks().live();
    EXPECT_EQ(machine.apply(UnplugCpu{kCpu0, kCpu1}).value, 2U);
    EXPECT_EQ(machine.state().stacks.stacks().live(), stacks - 2);
    EXPECT_EQ(machine.check_invariants(), "");
}

TEST(Unplug, LeavesThemBehindWhereItDoesNot) {
    Machine machine = with_two_stacks_cached_on_cpu_1(false);
    const std::uint32_t stacks = machine.state().stacks.stacks().live();
    EXPECT_EQ(machine.apply(UnplugCpu{kCpu0, kCpu1}).value, 0U);
    EXPECT_EQ(machine.state().stacks.stacks().live(), stacks);
    EXPECT_TRUE(machine.apply(PlugCpu{kCpu0, kCpu1}).is_done());
    EXPECT_FALSE(machine.state().stacks.cache(kCpu1).slot(0).is_none());
}

TEST(Unplug, MovesCallbacksSoThatNothingIsLost) {
    Machine machine = with_two_stacks_cached_on_cpu_1(true);
    const std::uint64_t pending = machine.state().rcu.pending();
    ASSERT_EQ(machine.state().rcu.pending(kCpu1), pending);
    ASSERT_GT(pending, 0U);
    ASSERT_TRUE(machine.apply(UnplugCpu{kCpu0, kCpu1}).is_done());
    EXPECT_EQ(machine.state().rcu.pending(kCpu0), pending);
    EXPECT_EQ(machine.state().rcu.pending(kCpu1), 0U);
    const std::uint32_t tasks = machine.state().tasks.live();
    for (int i = 0; i < 10; ++i) {
        ASSERT_TRUE(machine.apply(Tick{kCpu0}).is_done());
        ASSERT_TRUE(machine.apply(Switch{kCpu0, i % 2 == 0 ? TaskId::none() : machine.init_task()}).is_done());
    }
    EXPECT_EQ(machine.state().rcu.pending(), 0U);
    EXPECT_EQ(machine.state().tasks.live(), tasks - 2);
    EXPECT_EQ(machine.check_invariants(), "");
}

TEST(Unplug, IsRefusedWhereItMakesNoSense) {
    Machine machine = with_two_stacks_cached_on_cpu_1(true);
    EXPECT_EQ(machine.apply(UnplugCpu{kCpu0, kCpu0}).status, OutcomeStatus::refused);
    EXPECT_EQ(machine.apply(UnplugCpu{kCpu1, kCpu0}).status, OutcomeStatus::refused); // it runs init
    EXPECT_EQ(machine.apply(PlugCpu{kCpu0, kCpu1}).status, OutcomeStatus::refused);
    ASSERT_TRUE(machine.apply(UnplugCpu{kCpu0, kCpu1}).is_done());
    EXPECT_EQ(machine.apply(UnplugCpu{kCpu0, kCpu1}).status, OutcomeStatus::refused);
    EXPECT_EQ(machine.apply(Tick{kCpu1}).status, OutcomeStatus::refused);
}

} // namespace
} // namespace ksl::core
