// SPDX-License-Identifier: MIT
//
// Stacks and the top-level entries that lead to them: what each PgdSync scheme does at an allocation, at a switch and
// in a fault, and what happens when it does not do enough.
//
// Source:  page-fault and context-switch code of 4.9 and 6.1, see core/paging/address_space.h.
#pragma once

#include "core/machine/kernel_services.h"
#include "core/machine/machine_state.h"

namespace ksl::core {

/// The space whose tables the processor uses now; none: the kernel's own.
[[nodiscard]] SpaceId loaded_space(const MachineState& state, CpuId cpu);

/// vmalloc_fault for a kernel data access (not a stack): true if the access can be tried again.
[[nodiscard]] bool repair_top_level_entry(MachineState& state, CpuId cpu, VirtAddr at, Effects& fx);

/// Mapping in the vmalloc area made new top-level entries: copied to everybody, where the design says so.
void sync_after_mapping(MachineState& state, VirtRange range, Effects& fx);

/// switch_mm_irqs_off, before the CR3 of `next_space` is loaded: the stack in use stays reachable, where the design
/// sees to it.
void prepare_for_switch(MachineState& state, CpuId cpu_id, SpaceId next_space, Effects& fx);
/// prepare_switch_to: the next stack is read while the present one can still take a fault, where the design does so.
void probe_next_stack(const MachineState& state, VirtAddr stack_pointer, Effects& fx);

/// The first access to the new stack after a switch. False: it was not mapped in the new tables, the page fault could
/// not be delivered on it, and the double fault killed what 2016 kernels let it kill.
[[nodiscard]] bool reach_stack(MachineState& state, KernelServices& kernel, TaskId next, VirtAddr stack_pointer);

} // namespace ksl::core
