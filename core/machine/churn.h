// SPDX-License-Identifier: MIT
//
// What happens round the stacks: other memory coming and going, function calls, new programs, idle time.
#pragma once

#include "core/machine/command.h"
#include "core/machine/kernel_services.h"
#include "core/machine/machine_state.h"

namespace ksl::core {

void exec(MachineState& state, KernelServices& kernel, const Exec& command, Outcome& outcome);
void alloc_pages(MachineState& state, KernelServices& kernel, const AllocPages& command, Outcome& outcome);
void free_pages(MachineState& state, KernelServices& kernel, const FreePages& command, Outcome& outcome);
void vmalloc(MachineState& state, KernelServices& kernel, const Vmalloc& command, Outcome& outcome);
void vfree(MachineState& state, KernelServices& kernel, const Vfree& command, Outcome& outcome);
void call(MachineState& state, KernelServices& kernel, const Call& command, Outcome& outcome);
void return_from(MachineState& state, KernelServices& kernel, const Return& command, Outcome& outcome);
void idle(MachineState& state, const Idle& command);
void enter_kernel(MachineState& state, KernelServices& kernel, const EnterKernel& command, Outcome& outcome);
void map_dma(MachineState& state, KernelServices& kernel, const MapDma& command, Outcome& outcome);
void unplug_cpu(MachineState& state, KernelServices& kernel, const UnplugCpu& command, Outcome& outcome);
void plug_cpu(MachineState& state, KernelServices& kernel, const PlugCpu& command, Outcome& outcome);

} // namespace ksl::core
