// SPDX-License-Identifier: MIT
#include "core/machine/paging_sync.h"

namespace ksl::core {

SpaceId loaded_space(const MachineState& state, CpuId cpu) {
    const Pfn root = frame_of(PhysAddr{state.cpu(cpu).mmu.registers().cr3});
    if (root == state.memory.tables.root) return SpaceId::none();
    return state.spaces.space_of(root);
}

bool repair_top_level_entry(MachineState& state, CpuId cpu, VirtAddr at, Effects& fx) {
    const SpaceId space = loaded_space(state, cpu);
    if (space.is_none()) return false;
    fx.charge(Step::page_fault);
    fx.charge(Step::pgd_fault);
    ++state.counters.pgd_faults;
    state.cpu(cpu).mmu.deliver_page_fault(at);
    return state.spaces.top_level().repair(space, at, state.memory.contents, fx) == PgdRepair::repaired;
}

void sync_after_mapping(MachineState& state, VirtRange range, Effects& fx) {
    if (state.config().design.pgd_sync != PgdSync::synced_at_allocation) return;
    state.spaces.top_level().sync(range, state.memory.contents, fx);
}

void prepare_for_switch(MachineState& state, CpuId cpu_id, SpaceId next_space, Effects& fx) {
    const TaskRecord& current = state.tasks[state.cpu(cpu_id).current];
    if (current.stack.is_none()) return;
    const VirtAddr sp = state.stacks.top(current.stack, state.memory) - Bytes{current.stack_used};
    state.spaces.top_level().before_cr3_load(next_space, sp, state.memory.contents, fx);
}

void probe_next_stack(const MachineState& state, VirtAddr stack_pointer, Effects& fx) {
    if (state.spaces.top_level().probes_next_stack() && state.config().design.is_mapped()) fx.read(stack_pointer);
}

bool reach_stack(MachineState& state, KernelServices& kernel, TaskId next, VirtAddr stack_pointer) {
    if (kernel.reach(stack_pointer)) return true;
    // #PF wants to push its frame on this very stack: #DF on its own one. The handler of 4.9 does not try to repair
    // that.
    Effects& fx = kernel.fx();
    fx.charge(Step::double_fault);
    fx.charge(Step::oops);
    state.is_dead = true;
    fx.report(EventLevel::coarse, [&] { return PageFaulted{stack_pointer.raw(), 0}; });
    fx.report(EventLevel::coarse, [&] { return MachineDied{next.raw()}; });
    return false;
}

} // namespace ksl::core
