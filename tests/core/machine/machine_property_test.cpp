// SPDX-License-Identifier: MIT
//
// Random commands on random designs: whatever happens, no invariant breaks.
#include "core/types/random.h"
#include "tests/core/machine/random_designs.h"
#include "tests/core/machine/test_machines.h"
#include "tests/test_name.h"

#include <gtest/gtest.h>

namespace ksl::core {
namespace {

using namespace testing;

struct Driver {
    Machine machine;
    Random random;
    std::vector<Pfn> blocks;
    std::vector<AreaId> areas;

    CpuId some_cpu() { return CpuId{static_cast<std::uint16_t>(random.below(machine.config().cpus))}; }

    /// A task that could run now: neither dead nor on another processor.
    TaskId some_task(CpuId cpu) {
        const MachineState& state = machine.state();
        for (int attempt = 0; attempt < 20; ++attempt) {
            const TaskId task{static_cast<std::uint32_t>(random.below(state.tasks.limit()))};
            if (!state.tasks.is_live(task)) continue;
            const TaskRecord& record = state.tasks[task];
            if (record.kind == TaskKind::idle || record.state == TaskState::dead || record.state == TaskState::dying)
                continue;
            bool is_running = false;
            for (const Cpu& other : state.cpus) is_running |= other.current == task;
            if (!is_running) return task;
        }
        return state.cpu(cpu).idle_task;
    }

    Command some_command() {
        const CpuId cpu = some_cpu();
        const MachineState& state = machine.state();
        const TaskRecord& current = state.tasks[state.cpu(cpu).current];
        if (current.state == TaskState::dying || current.state == TaskState::blocked)
            return Switch{cpu, some_task(cpu)};
        switch (random.below(23)) {
        case 0:
        case 1:
        case 2:
        case 3: return Spawn{cpu, random.below(3) == 0 ? TaskKind::process : TaskKind::thread};
        case 4:
        case 5:
            if (state.cpu(cpu).current == kInitTask) return Tick{cpu};
            return Exit{cpu};
        case 6:
        case 7: return Switch{cpu, some_task(cpu)};
        case 8: return Exec{cpu, static_cast<std::uint32_t>(random.below(20))};
        case 9: return Call{cpu, static_cast<std::uint32_t>(16 + 8 * random.below(60)), 512};
        case 10: return Return{cpu};
        case 11: return AllocPages{cpu, Order{static_cast<unsigned>(random.below(4))}, PageUse::page_cache};
        case 12:
            if (blocks.empty()) return Tick{cpu};
            return FreePages{cpu, take(blocks)};
        case 13: return Vmalloc{cpu, static_cast<std::uint32_t>(1 + random.below(8))};
        case 14:
            if (areas.empty()) return RunWork{cpu};
            return Vfree{cpu, take(areas)};
        case 15: return RunWork{cpu};
        case 16: return Idle{cpu, machine.now(cpu) + Cycles{random.below(100000)}};
        case 17: return EnterKernel{cpu};
        case 18: return some_dma(cpu);
        case 19: return random.below(2) == 0 ? Command{UnplugCpu{cpu, some_cpu()}} : Command{PlugCpu{cpu, some_cpu()}};
        case 20: return Call{cpu, 8, 8};
        case 21: return Return{cpu, 8};
        default: return Tick{cpu};
        }
    }
    Command some_dma(CpuId cpu) {
        MapDma command{.cpu = cpu, .request = {}};
        command.request.call = static_cast<DmaCall>(random.below(6));
        command.request.direction = static_cast<DmaDirection>(random.below(2));
        command.request.checks = {.debug_sg = random.below(2) == 0,
                                  .dma_api_debug = random.below(2) == 0,
                                  .debug_virtual = random.below(2) == 0};
        command.request.uses_page_struct = random.below(2) == 0;
        // Not across a page border: what a device does to strangers may break what our checks rely on.
        const TaskRecord& task = machine.state().tasks[machine.state().cpu(cpu).current];
        const auto in_page = static_cast<std::uint32_t>(task.stack_used % kPageBytes);
        command.request.length = std::clamp(in_page / 8 * 8, 8U, 64U);
        return command;
    }
    template <class T>
    T take(std::vector<T>& from) {
        const std::size_t index = random.below(from.size());
        std::swap(from[index], from.back());
        const T taken = from.back();
        from.pop_back();
        return taken;
    }
    void step() {
        const Command command = some_command();
        const Outcome outcome = machine.apply(command);
        if (!outcome.is_done()) return;
        if (std::holds_alternative<AllocPages>(command)) blocks.emplace_back(outcome.value);
        if (std::holds_alternative<Vmalloc>(command)) areas.emplace_back(outcome.value);
    }
};

class RandomCommands : public ::testing::TestWithParam<std::uint64_t> {};

TEST_P(RandomCommands, BreakNoInvariantOfAnyDesign) {
    Random random{GetParam()};
    const std::array kernels{KernelFacts::linux_4_7(), KernelFacts::linux_4_9(), KernelFacts::linux_6_1()};
    const KernelFacts kernel = kernels[random.below(3)];
    const StackDesign design = random_design(random, kernel);
    auto booted = Machine::boot(
        small_machine(design, kernel, 1 + static_cast<unsigned>(random.below(3)), Bytes{std::uint64_t{48} << 20}));
    ASSERT_TRUE(booted) << booted.error();
    Driver driver{std::move(*booted), random, {}, {}};
    for (int i = 0; i < 300; ++i) {
        driver.step();
        ASSERT_EQ(driver.machine.check_invariants(), "") << "after command " << i << " on design " << axes(design);
    }
}

INSTANTIATE_TEST_SUITE_P(Seeds, RandomCommands, ::testing::Range<std::uint64_t>(1, 101), [](const auto& test) {
    return ksl::testing::as_test_name("seed " + std::to_string(test.param));
});

} // namespace
} // namespace ksl::core
