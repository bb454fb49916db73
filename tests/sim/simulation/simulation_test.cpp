// SPDX-License-Identifier: MIT
#include "sim/simulation/simulation.h"
#include "tests/core/machine/test_machines.h"

#include <gtest/gtest.h>

#include <map>

namespace ksl::sim {
namespace {

using namespace core::testing;
using core::KernelFacts;

struct Seen {
    std::map<std::size_t, int> commands; ///< by position in the variant
    int refused = 0;
    int failed = 0;
    int from_cache = 0;
    std::uint64_t steps = 0;
    std::string broken;
};

Seen run(Simulation& simulation, std::uint64_t check_every = 50) {
    Seen seen;
    while (simulation.step()) {
        const Step& last = simulation.last();
        ++seen.commands[last.command.index()];
        seen.refused += last.outcome.status == core::OutcomeStatus::refused;
        seen.failed += !last.outcome.is_done();
        seen.from_cache += std::holds_alternative<core::Spawn>(last.command) && last.outcome.is_done() &&
                           last.outcome.stack_source == core::StackSource::stack_cache;
        if (++seen.steps % check_every == 0 && seen.broken.empty())
            seen.broken = simulation.machine().check_invariants();
        if (seen.steps > 2'000'000) {
            seen.broken = "does not end";
            break;
        }
    }
    return seen;
}

template <class Body>
int count(const Seen& seen) {
    const auto found = seen.commands.find(core::Command{Body{}}.index());
    return found == seen.commands.end() ? 0 : found->second;
}

Simulation start(const WorkloadSpec& workload, unsigned cpus = 2,
                 const core::MachineConfig& config = small_machine(vmapped_4_9(), KernelFacts::linux_4_9()),
                 const std::optional<Ager>& age = std::nullopt) {
    core::MachineConfig mine = config;
    mine.cpus = cpus;
    auto simulation = Simulation::start(mine, workload, 7, age);
    if (!simulation) throw std::runtime_error(to_string(simulation.error()));
    return *simulation;
}

TEST(SimulationTest, CreatesAndEndsOneThreadAfterTheOther) {
    Simulation simulation = start(CloneExit{.operations = 200, .warmup = 20});
    const Seen seen = run(simulation);
    EXPECT_EQ(seen.broken, "");
    EXPECT_EQ(seen.refused, 0);
    EXPECT_EQ(count<core::Spawn>(seen), 221); // and the workload's own process
    EXPECT_EQ(count<core::Exit>(seen), 220);
    EXPECT_EQ(seen.from_cache, 219);
    EXPECT_EQ(simulation.machine().state().tasks.live(), 2U + 2U);
}

TEST(SimulationTest, ReapsProcesses) {
    Simulation simulation = start(Shell{.operations = 50, .pages_per_program = 10});
    const Seen seen = run(simulation);
    EXPECT_EQ(seen.broken, "");
    EXPECT_EQ(seen.refused, 0);
    EXPECT_EQ(count<core::Exec>(seen), 51);
    EXPECT_EQ(count<core::Reap>(seen), 50);
    EXPECT_EQ(simulation.machine().state().tasks.live(), 2U + 2U);
}

TEST(SimulationTest, SpreadsABurstOverTheProcessors) {
    Simulation simulation = start(Burst{.rounds = 5, .threads = 40}, 4);
    const Seen seen = run(simulation);
    EXPECT_EQ(seen.broken, "");
    EXPECT_EQ(seen.refused, 0);
    EXPECT_EQ(count<core::Exit>(seen), 200);
    for (std::uint16_t cpu = 0; cpu < 4; ++cpu) {
        EXPECT_GT(simulation.machine().now(core::CpuId{cpu}).count(), 0U) << cpu;
    }
}

TEST(SimulationTest, ServesRequestsInARing) {
    Simulation simulation = start(Server{.threads = 16, .requests = 500, .frames = 4, .replace_every = 50});
    const Seen seen = run(simulation);
    EXPECT_EQ(seen.broken, "");
    EXPECT_EQ(seen.refused, 0);
    EXPECT_GE(count<core::Call>(seen), 500 * 4);
    EXPECT_EQ(count<core::Exit>(seen), count<core::Spawn>(seen) - 1);
    EXPECT_GE(count<core::Spawn>(seen), 16 + 8);
}

TEST(SimulationTest, ServesWithOneWorker) {
    Simulation simulation = start(Server{.threads = 1, .requests = 20}, 1);
    const Seen seen = run(simulation);
    EXPECT_EQ(seen.refused, 0);
    EXPECT_EQ(count<core::Exit>(seen), 1);
    EXPECT_EQ(simulation.done(), 20U);
}

TEST(SimulationTest, AgesMemoryBeforeTheWorkload) {
    const Ager age{.operations = 20'000, .fill = 0.8};
    Simulation simulation =
        start(CloneExit{.operations = 20}, 1, small_machine(contiguous(), KernelFacts::linux_4_7()), age);
    const auto before = simulation.machine().state().memory.pages.free_pages();
    const Seen seen = run(simulation, 2000);
    EXPECT_EQ(seen.broken, "");
    EXPECT_EQ(count<core::AllocPages>(seen), 20'000);
    EXPECT_LT(simulation.machine().state().memory.pages.free_pages().count(), before.count() / 2);
    EXPECT_EQ(simulation.done(), 20U);
}

TEST(SimulationTest, KillsOverflowingThreadsButNotTheMachineOn49) {
    Simulation simulation = start(Overflow{.operations = 3});
    const Seen seen = run(simulation);
    EXPECT_EQ(seen.broken, "");
    EXPECT_EQ(count<core::Exit>(seen), 3);
    EXPECT_FALSE(simulation.machine().is_dead());
    EXPECT_EQ(seen.failed, 3);
}

TEST(SimulationTest, StopsWhenTheMachineDies) {
    Simulation simulation = start(Overflow{.operations = 3}, 1, small_machine(vmapped_6_1(), KernelFacts::linux_6_1()));
    run(simulation);
    EXPECT_TRUE(simulation.machine().is_dead());
    EXPECT_TRUE(simulation.is_finished());
}

TEST(SimulationTest, CopiesGoTheSameWay) {
    Simulation simulation = start(Burst{.rounds = 3, .threads = 20}, 3);
    for (int i = 0; i < 100; ++i) simulation.step();
    Simulation copy = simulation;
    run(simulation);
    run(copy);
    EXPECT_EQ(copy.hash(), simulation.hash());
    EXPECT_TRUE(copy == simulation);
}

TEST(SimulationTest, EndsWhenMemoryForStacksIsGone) {
    core::MachineConfig config = small_machine(vmapped_4_9(), KernelFacts::linux_4_9(), 1, core::Bytes{48U << 20});
    Simulation simulation = start(Populate{.tasks = 100'000}, 1, config);
    const Seen seen = run(simulation, 20'000);
    EXPECT_EQ(seen.broken, "");
    EXPECT_GT(seen.failed, 0);
    EXPECT_TRUE(simulation.is_finished());
}

std::uint64_t cycles_of_waiting_for_locks(unsigned cpus) {
    Simulation simulation = start(Burst{.rounds = 30, .threads = 64}, cpus);
    std::uint64_t waits = 0;
    while (simulation.step()) waits += simulation.last().outcome.ledger.lock_waits.count();
    return waits;
}

TEST(SimulationTest, ProcessorsWaitForLocksThatOthersHold) {
    EXPECT_EQ(cycles_of_waiting_for_locks(1), 0U);
    EXPECT_GT(cycles_of_waiting_for_locks(4), 0U);
}

TEST(SimulationTest, NewTasksRunWhereTheWorkloadPlacesThem) {
    const auto exits_elsewhere = [](Placement placement) {
        Simulation simulation = start(CloneExit{.operations = 50, .placement = placement}, 2);
        int count = 0;
        core::CpuId parent{0};
        while (simulation.step()) {
            const Step& last = simulation.last();
            if (std::holds_alternative<core::Spawn>(last.command)) parent = last.cpu;
            count += !last.is_preparation && std::holds_alternative<core::Exit>(last.command) && last.cpu != parent;
        }
        return count;
    };
    EXPECT_EQ(exits_elsewhere(Placement::near), 0);
    EXPECT_GE(exits_elsewhere(Placement::spread), 50);
}

} // namespace
} // namespace ksl::sim
