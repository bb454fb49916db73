// SPDX-License-Identifier: MIT
//
// How deep tasks were in their stacks: what the machine counts (always), and what the kernel finds in the words of a
// stack that began as zeroes (CONFIG_DEBUG_STACK_USAGE).
#pragma once

#include "core/machine/kernel_services.h"
#include "core/machine/machine_state.h"

namespace ksl::core {

/// RANDOMIZE_KSTACK_OFFSET moves the first frame down by at most this much.
inline constexpr Bytes kMostRandomOffset{1024};

/// The task had so many bytes of its stack in use.
void note_depth(MachineState& state, TaskId task, std::uint32_t depth);
/// Kernel code that is charged as a whole was this deep in the task's stack: with usage tracking, its lowest word is
/// left there for report_usage() to find.
void leave_mark(MachineState& state, KernelServices& kernel, TaskId task, Bytes depth);
/// check_stack_usage(): the task ends; how much of its stack was never written?
void report_usage(MachineState& state, KernelServices& kernel, TaskId task);

} // namespace ksl::core
