// SPDX-License-Identifier: MIT
//
// exit: do_exit, release_task, finish_task_switch, delayed_put_task_struct of kernel/exit.c, kernel/sched/core.c,
// kernel/fork.c.
#include "core/kstack/thread_info.h"
#include "core/machine/life.h"
#include "core/machine/overrun.h"
#include "core/machine/stack_usage.h"

namespace ksl::core {

namespace {

/// release_task: what is left of the task goes to RCU.
void release_task(MachineState& state, KernelServices& kernel, TaskId task) {
    kernel.fx().charge(Step::task_reap);
    kernel.set_subject(task);
    kernel.call_rcu({.work = RcuWork::free_task, .subject = task.raw()});
    kernel.set_subject(TaskId::none());
    state.tasks.mut(task).is_reaped = 1;
    --state.threads;
    TaskRecord& parent = state.tasks.mut(TaskId{state.tasks[task].parent});
    if (parent.children != 0) --parent.children;
    // mm_release: clear_child_tid, and whoever waits for it. A main thread that joins all of its threads is woken once.
    const bool wakes = state.tasks[task].kind != TaskKind::process && parent.children == 0;
    if (wakes && parent.state == TaskState::blocked) kernel.fx().charge(Step::futex_wake);
}

/// forget_original_parent: init takes the children over.
void give_children_to_init(MachineState& state, TaskId parent) {
    for (std::uint32_t index = 0; index < state.tasks.limit(); ++index) {
        const TaskId child{index};
        if (!state.tasks.is_live(child) || child == parent || state.tasks[child].parent != parent.raw()) continue;
        state.tasks.mut(child).parent = kInitTask.raw();
        if (state.tasks[child].is_reaped == 0) ++state.tasks.mut(kInitTask).children;
    }
    state.tasks.mut(parent).children = 0;
}

} // namespace

void exit_task(MachineState& state, KernelServices& kernel, const Exit& command, Outcome& outcome) {
    Effects& fx = kernel.fx();
    const TaskId task = state.cpu(command.cpu).current;
    // init never ends, or the kernel would.
    if (!runs_a_task(state, command.cpu) || task == kInitTask) {
        outcome.status = OutcomeStatus::refused;
        return;
    }
    if (!finds_its_cpu(state, kernel, task, outcome)) return;
    begin_system_call(state, kernel);
    fx.charge(Step::exit_rest);
    const TaskRecord& record = state.tasks[task];
    const Bytes depth = state.config().kernel.exit_depth;
    kernel.stream(state.stacks.top(record.stack, state.memory) - depth, depth, true);
    note_depth(state, task, static_cast<std::uint32_t>(depth.count()));
    leave_mark(state, kernel, task, depth);
    if (state.config().design.usage_tracking && unnoticed_overrun(state, task) != nullptr) {
        // check_stack_usage: no free word is left above the end.
        notice_overflow(state, kernel, task, state.stacks.lowest(record.stack, state.memory), Detector::usage_check,
                        false);
    }
    report_usage(state, kernel, task);
    state.spaces.leave(kernel, state.tasks[task].space);
    state.tasks.mut(task).space = SpaceId::none();
    state.tasks.mut(task).state = TaskState::dying;
    if (state.tasks[task].children != 0) give_children_to_init(state, task);
    // A process waits for its parent. Kernel threads do not: kthreadd ignores SIGCHLD.
    if (record.kind != TaskKind::process) release_task(state, kernel, task);
    ++state.counters.exits;
    outcome.value = task.raw();
    fx.report(EventLevel::coarse, [&] { return TaskExited{task.raw()}; });
}

void reap(MachineState& state, KernelServices& kernel, const Reap& command, Outcome& outcome) {
    if (!state.tasks.is_live(command.child) || state.tasks[command.child].state != TaskState::dead ||
        state.tasks[command.child].kind != TaskKind::process || state.tasks[command.child].is_reaped != 0) {
        outcome.status = OutcomeStatus::refused;
        return;
    }
    release_task(state, kernel, command.child);
    outcome.value = command.child.raw();
}

void wait(MachineState& state, KernelServices& kernel, const Wait& command, Outcome& outcome) {
    if (!runs_a_task(state, command.cpu)) {
        outcome.status = OutcomeStatus::refused;
        return;
    }
    begin_system_call(state, kernel);
    kernel.fx().charge(Step::join_rest);
    const TaskId task = state.cpu(command.cpu).current;
    state.tasks.mut(task).state = TaskState::blocked;
    outcome.value = task.raw();
}

void finish_piece(MachineState& state, KernelServices& kernel, TaskId task, Cycles cost) {
    TaskRecord& record = state.tasks.mut(task);
    record.deferred_cycles += static_cast<std::uint32_t>(cost.count());
    --record.pieces;
    end_record_if_done(state, kernel, task);
}

void end_record_if_done(MachineState& state, KernelServices& kernel, TaskId task) {
    const TaskRecord& record = state.tasks[task];
    if (record.pieces != 0 || record.state != TaskState::dead || record.is_reaped == 0) return;
    kernel.fx().report(EventLevel::coarse, [&] { return TaskReleased{task.raw(), record.deferred_cycles}; });
    state.tasks.remove(task);
}

} // namespace ksl::core
