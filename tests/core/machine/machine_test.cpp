// SPDX-License-Identifier: MIT
#include "tests/core/machine/test_machines.h"

#include <gtest/gtest.h>

namespace ksl::core {
namespace {

using namespace testing;

constexpr CpuId kCpu0{0};

Machine boot(const MachineConfig& config) {
    auto machine = Machine::boot(config);
    if (!machine) throw std::runtime_error(machine.error());
    return std::move(*machine);
}

/// init creates a thread, which runs and ends; init goes on.
struct Life {
    Outcome clone;
    Outcome exit;
    Outcome away;
};
Life one_life(Machine& machine, CpuId cpu = kCpu0) {
    Life life;
    life.clone = machine.apply(Spawn{cpu, TaskKind::thread});
    const TaskId child{life.clone.value};
    EXPECT_EQ(life.clone.status, OutcomeStatus::done);
    EXPECT_TRUE(machine.apply(Switch{cpu, child}).is_done());
    life.exit = machine.apply(Exit{cpu});
    EXPECT_TRUE(life.exit.is_done());
    life.away = machine.apply(Switch{cpu, kInitTask});
    EXPECT_TRUE(life.away.is_done());
    return life;
}

class EveryDesign : public ::testing::TestWithParam<int> {
protected:
    static MachineConfig config() {
        switch (GetParam()) {
        case 0: return small_machine(contiguous(), KernelFacts::linux_4_7());
        case 1: return small_machine(vmapped_june(), KernelFacts::linux_4_7());
        case 2: return small_machine(vmapped_4_9(), KernelFacts::linux_4_9());
        default: return small_machine(vmapped_6_1(), KernelFacts::linux_6_1());
        }
    }
};

TEST_P(EveryDesign, BootsWithEveryInvariantIntact) {
    const Machine machine = boot(config());
    EXPECT_EQ(machine.check_invariants(), "");
    EXPECT_EQ(machine.state().tasks.live(), 3U); // init and an idle task a processor
}

TEST_P(EveryDesign, CarriesThreadsThroughTheirLives) {
    Machine machine = boot(config());
    ASSERT_TRUE(machine.apply(Switch{kCpu0, kInitTask}).is_done());
    for (int i = 0; i < 50; ++i) {
        one_life(machine);
        ASSERT_EQ(machine.check_invariants(), "") << "life " << i;
    }
    EXPECT_EQ(machine.state().counters.clones, 50U);
    EXPECT_EQ(machine.state().counters.exits, 50U);
}

TEST_P(EveryDesign, ForgetsDeadTasksAfterGracePeriods) {
    Machine machine = boot(config());
    ASSERT_TRUE(machine.apply(Switch{kCpu0, kInitTask}).is_done());
    for (int i = 0; i < 20; ++i) one_life(machine);
    for (int i = 0; i < 12; ++i) {
        machine.apply(Tick{kCpu0});
        machine.apply(Tick{CpuId{1}});
        machine.apply(RunWork{kCpu0});
        machine.apply(RunWork{CpuId{1}});
        machine.apply(Switch{kCpu0, TaskId::none()});
        machine.apply(Switch{kCpu0, kInitTask});
    }
    EXPECT_EQ(machine.state().tasks.live(), 3U);
    EXPECT_EQ(machine.check_invariants(), "");
}

TEST_P(EveryDesign, GivesTheSameBitsForTheSameCommands) {
    Machine a = boot(config());
    Machine b = boot(config());
    EXPECT_EQ(a.hash(), b.hash());
    for (Machine* machine : {&a, &b}) {
        machine->apply(Switch{kCpu0, kInitTask});
        for (int i = 0; i < 5; ++i) one_life(*machine);
    }
    EXPECT_EQ(a.hash(), b.hash());
    EXPECT_TRUE(a == b);
    one_life(b);
    EXPECT_NE(a.hash(), b.hash());
}

TEST_P(EveryDesign, ComesBackFromItsBytes) {
    Machine machine = boot(config());
    machine.apply(Switch{kCpu0, kInitTask});
    for (int i = 0; i < 5; ++i) one_life(machine);
    const std::vector<std::byte> saved = machine.save();
    Machine other = boot(config());
    ASSERT_TRUE(other.restore(saved));
    EXPECT_TRUE(other == machine);
    one_life(machine);
    one_life(other);
    EXPECT_EQ(other.hash(), machine.hash());
}

INSTANTIATE_TEST_SUITE_P(Designs, EveryDesign, ::testing::Range(0, 4), [](const auto& chosen) {
    return std::string(chosen.param == 0   ? "Contiguous"
                       : chosen.param == 1 ? "VmapJune"
                       : chosen.param == 2 ? "Linux49"
                                           : "Linux61");
});

TEST(MachineTest, CachedStacksComeBackWhenThreadsComeOneAtATime) {
    Machine machine = boot(small_machine(vmapped_4_9(), KernelFacts::linux_4_9()));
    machine.apply(Switch{kCpu0, kInitTask});
    EXPECT_EQ(one_life(machine).clone.stack_source, StackSource::vmalloc);
    for (int i = 0; i < 20; ++i) EXPECT_EQ(one_life(machine).clone.stack_source, StackSource::stack_cache);
}

TEST(MachineTest, IsDeadForEverAfterAGuardHitOn61) {
    Machine machine = boot(small_machine(vmapped_6_1(), KernelFacts::linux_6_1()));
    machine.apply(Switch{kCpu0, kInitTask});
    Outcome last;
    for (int i = 0; i < 40 && last.is_done(); ++i) last = machine.apply(Call{kCpu0, 512, 512});
    EXPECT_EQ(last.status, OutcomeStatus::machine_died);
    EXPECT_TRUE(machine.is_dead());
    EXPECT_EQ(machine.apply(Spawn{kCpu0, TaskKind::thread}).status, OutcomeStatus::machine_died);
}

TEST(MachineTest, LosesATaskToAGuardHitOn49) {
    Machine machine = boot(small_machine(vmapped_4_9(), KernelFacts::linux_4_9()));
    machine.apply(Switch{kCpu0, kInitTask});
    const Outcome thread = machine.apply(Spawn{kCpu0, TaskKind::thread});
    machine.apply(Switch{kCpu0, TaskId{thread.value}});
    Outcome last;
    for (int i = 0; i < 40 && last.is_done(); ++i) last = machine.apply(Call{kCpu0, 512, 512});
    EXPECT_EQ(last.status, OutcomeStatus::task_killed);
    EXPECT_FALSE(machine.is_dead());
}

TEST(MachineTest, DoesNotOutliveInit) {
    Machine machine = boot(small_machine(vmapped_4_9(), KernelFacts::linux_4_9()));
    machine.apply(Switch{kCpu0, kInitTask});
    Outcome last;
    for (int i = 0; i < 40 && last.is_done(); ++i) last = machine.apply(Call{kCpu0, 512, 512});
    EXPECT_EQ(last.status, OutcomeStatus::machine_died);
}

TEST(MachineTest, RefusesCommandsForProcessorsThatDoNotExist) {
    Machine machine = boot(small_machine(vmapped_4_9(), KernelFacts::linux_4_9()));
    EXPECT_EQ(machine.apply(Tick{CpuId{9}}).status, OutcomeStatus::refused);
}

} // namespace
} // namespace ksl::core
