// SPDX-License-Identifier: MIT
#include "sim/walk/machine_walk.h"

#include "sim/run/experiment.h"
#include "sim/scenario/memory_start.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace ksl::sim {

namespace {

Result<std::size_t> design_named(const Scenario& scenario, const std::string& name) {
    if (name.empty()) return std::size_t{0};
    const auto found = std::ranges::find(scenario.designs, name, &DesignProfile::name);
    if (found != scenario.designs.end()) return static_cast<std::size_t>(found - scenario.designs.begin());
    std::vector<std::string> names;
    std::ranges::transform(scenario.designs, std::back_inserter(names), &DesignProfile::name);
    return fail(scenario.name, 0,
                fmt::format("has no design \"{}\"; one of {} would be right", name, fmt::join(names, ", ")));
}

} // namespace

WalkSource walk_source_of(const core::Machine& machine, core::CpuId cpu) {
    const core::MachineState& state = machine.state();
    return {.tables = {.memory = state.memory.contents, .registers = state.cpu(cpu).mmu.registers(), .pages = {}},
            .layout = state.memory.layout,
            .sections = {}};
}

core::VirtAddr stack_pointer_of(const core::Machine& machine, core::CpuId cpu) {
    const core::MachineState& state = machine.state();
    const core::TaskRecord& task = state.tasks[state.cpu(cpu).current];
    return state.stacks.top(task.stack, state.memory) - core::Bytes{task.stack_used};
}

Result<core::Machine> machine_at(const Assets& assets, const Scenario& scenario, const WalkMoment& moment) {
    KSL_TRY_ASSIGN(design, design_named(scenario, moment.design));
    if (moment.cpu >= scenario.machine.cpus)
        return fail(scenario.name, 0,
                    fmt::format("has {} processors; a number from 0 to {} would be right", scenario.machine.cpus,
                                scenario.machine.cpus - 1));
    KSL_TRY_ASSIGN(start, make_memory_start(scenario.memory, scenario.machine.cpus));
    KSL_TRY_ASSIGN(simulation, simulation_of(assets, scenario, design, start));
    while (simulation.done() < moment.operations && simulation.step()) {
    }
    return simulation.machine();
}

} // namespace ksl::sim
