// SPDX-License-Identifier: MIT
//
// Taking a CPU out of service and back: what becomes of what the kernel keeps for it.
//
// Source:  free_vm_stack_cache of kernel/fork.c (4.14; 4.9.0 has no such callback), page_alloc_cpu_dead of
//          mm/page_alloc.c, rcutree_migrate_callbacks of kernel/rcu/tree.c, unbinding of per-CPU work.
// Fidelity: stopping the machine and moving tasks away are not modelled: only an idle CPU can go.
#include "core/machine/churn.h"

namespace ksl::core {

namespace {

bool can_go(const MachineState& state, CpuId by, CpuId gone) {
    return gone.raw() < state.cpus.size() && gone != by && !state.cpu(gone).is_offline && state.cpu(gone).is_idle() &&
           !state.cpu(by).is_offline;
}

std::uint32_t cached_on(const MachineState& state, CpuId cpu) {
    std::uint32_t cached = 0;
    const StackCache& cache = state.stacks.cache(cpu);
    for (std::uint8_t slot = 0; slot < cache.slots(); ++slot) cached += cache.slot(slot).is_none() ? 0U : 1U;
    return cached;
}

} // namespace

void unplug_cpu(MachineState& state, KernelServices& kernel, const UnplugCpu& command, Outcome& outcome) {
    if (!can_go(state, command.cpu, command.gone)) {
        outcome.status = OutcomeStatus::refused;
        return;
    }
    Cpu& gone = state.cpu(command.gone);
    Cpu& mine = state.cpu(command.cpu);
    gone.is_offline = true;
    const auto callbacks = static_cast<std::uint32_t>(state.rcu.move_callbacks(command.gone, command.cpu));
    for (const StackId stack : std::exchange(gone.deferred_stacks, {})) mine.deferred_stacks.push_back(stack);
    mine.purge_queued = mine.purge_queued || std::exchange(gone.purge_queued, false);
    const bool frees = state.config().design.frees_cache_at_unplug;
    const std::uint32_t freed = frees ? state.stacks.empty_cache(kernel, command.gone) : 0;
    state.memory.pages.drain(command.gone, kernel.fx());
    outcome.value = freed;
    kernel.fx().report(EventLevel::coarse, [&] {
        return CpuUnplugged{command.gone.raw(), freed, cached_on(state, command.gone), callbacks};
    });
}

void plug_cpu(MachineState& state, KernelServices& kernel, const PlugCpu& command, Outcome& outcome) {
    if (command.back.raw() >= state.cpus.size() || !state.cpu(command.back).is_offline) {
        outcome.status = OutcomeStatus::refused;
        return;
    }
    Cpu& back = state.cpu(command.back);
    back.is_offline = false;
    const Cycles now = kernel.fx().now();
    if (back.now < now) { // it was off, which is as good as idle
        back.idle += now - back.now;
        back.now = now;
    }
    kernel.fx().report(EventLevel::coarse, [&] { return CpuPlugged{command.back.raw()}; });
}

} // namespace ksl::core
