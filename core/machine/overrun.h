// SPDX-License-Identifier: MIT
//
// What a machine does about a stack that was left: who is hit, which faults come, who notices, who dies.
//
// Faults:   a page fault's frame goes to the stack in use. Where it does not fit, delivering it faults again, and the
//           double fault runs on its own stack; CR2 is then the address of the frame's first word that has no page.
// Deaths:   an oops kills the task, and the machine where it happens in an interrupt. Whether a double fault counts as
//           one differs between kernels: that alone is why a guard hit kills a task of 4.9 and a machine of 6.1.
// Source:   SDM volume 3, "Exception- or Interrupt-Handler Procedures" in 64-bit mode (the stack pointer is aligned to
//           16 bytes, then SS, RSP, RFLAGS, CS, RIP and the error code are pushed); arch/x86/mm/fault.c,
//           arch/x86/kernel/traps.c and dumpstack.c (oops_end) of 4.7, 4.9 and 6.1; captures overflow-* and lkdtm-*.
#pragma once

#include "core/machine/command.h"
#include "core/machine/kernel_services.h"
#include "core/machine/machine_state.h"

namespace ksl::core {

/// The open record of a task that left its stack; nullptr if it has none that is still unnoticed.
[[nodiscard]] const Overrun* unnoticed_overrun(const MachineState& state, TaskId task);

/// The first byte outside is about to be written: the clock of noticing starts.
void begin_overrun(MachineState& state, KernelServices& kernel, TaskId task);
/// `written` lies outside what the task's frames may use: reported thing by thing, and kept in its record.
void add_damage(MachineState& state, KernelServices& kernel, TaskId task, VirtRange written);

/// Kernel code of `task` touched `at`, which has no page, with the stack pointer at `sp`.
void take_stack_fault(MachineState& state, KernelServices& kernel, TaskId task, VirtAddr at, VirtAddr sp,
                      Outcome& outcome);
/// An interrupt wants to push its frame at the current task's stack pointer. False: there is no page, and what follows
/// has been done.
[[nodiscard]] bool interrupt_fits(MachineState& state, KernelServices& kernel, TaskId task, Outcome& outcome);

/// The kernel looks up which CPU a task runs on, in thread_info where that lies on the stack: at the end of a system
/// call, in the timer tick, in wake-ups. False: the field was overwritten, the lookup faulted, and so does whatever
/// tries to end the task; the machine is dead.
[[nodiscard]] bool finds_its_cpu(MachineState& state, KernelServices& kernel, TaskId task, Outcome& outcome);

/// Somebody noticed. A fault at the first write has no record yet: it gets one with nothing overwritten.
void notice_overflow(MachineState& state, KernelServices& kernel, TaskId task, VirtAddr address, Detector detector,
                     bool machine_dies);

} // namespace ksl::core
