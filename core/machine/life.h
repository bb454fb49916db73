// SPDX-License-Identifier: MIT
//
// A task's life in the kernel: fork, switches, exit, and what is put off to later. Each function is one command's work
// on one processor.
//
// Source:  kernel/fork.c, kernel/exit.c, kernel/sched/core.c of 4.7, 4.9, 6.1; what no stack design changes is one step
//          of the price list each (clone_rest, exit_rest, ...).
#pragma once

#include "core/machine/command.h"
#include "core/machine/kernel_services.h"
#include "core/machine/machine_state.h"

namespace ksl::core {

/// Whether the processor runs a task that is alive and awake: what a system call needs.
[[nodiscard]] inline bool runs_a_task(const MachineState& state, CpuId id) {
    const Cpu& cpu = state.cpu(id);
    return !cpu.is_idle() && state.tasks[cpu.current].state == TaskState::runnable;
}

/// A task comes from user mode: the entry, and the look at thread_info's flags that every entry takes, wherever the
/// design keeps them (TIF_WORK_SYSCALL_ENTRY; entry_SYSCALL_64 of arch/x86/entry).
void begin_system_call(MachineState& state, KernelServices& kernel);

void spawn(MachineState& state, KernelServices& kernel, const Spawn& command, Outcome& outcome);
void exit_task(MachineState& state, KernelServices& kernel, const Exit& command, Outcome& outcome);
void switch_to(MachineState& state, KernelServices& kernel, const Switch& command, Outcome& outcome);
void wait(MachineState& state, KernelServices& kernel, const Wait& command, Outcome& outcome);
void reap(MachineState& state, KernelServices& kernel, const Reap& command, Outcome& outcome);

/// Timer tick: grace periods and ready callbacks.
void tick(MachineState& state, KernelServices& kernel, const Tick& command, Outcome& outcome);
/// The CPU's worker thread.
void run_work(MachineState& state, KernelServices& kernel, const RunWork& command, Outcome& outcome);

/// One piece of deferred work for a dead task has been done, at this cost; the last one ends its record.
void finish_piece(MachineState& state, KernelServices& kernel, TaskId task, Cycles cost);
/// The record of a dead task that nobody waits for any more ends.
void end_record_if_done(MachineState& state, KernelServices& kernel, TaskId task);

} // namespace ksl::core
