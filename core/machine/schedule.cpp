// SPDX-License-Identifier: MIT
//
// Context switch: __schedule, context_switch, finish_task_switch of kernel/sched/core.c; switch_mm of
// arch/x86/mm/tlb.c.
#include "core/kstack/thread_info.h"
#include "core/machine/life.h"
#include "core/machine/overrun.h"
#include "core/machine/paging_sync.h"

namespace ksl::core {

namespace {

/// Lines of a task_struct that a switch reads and writes: scheduling entity, thread, state.
constexpr std::uint64_t kSwitchLines = 4;

void touch_task(const MachineState& state, KernelServices& kernel, TaskId task) {
    const TaskRecord& record = state.tasks[task];
    if (record.has_object == 0) return;
    const VirtAddr at = state.memory.slabs.kernel_address(SlabCacheId::task_struct, SlabObject{record.object});
    for (std::uint64_t line = 0; line < kSwitchLines; ++line) kernel.fx().write(at + kCacheLine * (line * 4));
}

/// schedule_debug with CONFIG_SCHED_STACK_END_CHECK: a damaged magic word panics.
bool stack_end_is_intact(MachineState& state, KernelServices& kernel, TaskId task) {
    const TaskRecord& record = state.tasks[task];
    if (state.config().design.canary != CanaryCheck::at_switch || record.stack.is_none()) return true;
    if (state.config().design.backing == Backing::dynamic) return true;
    const VirtAddr at = magic_address(state.config().design, state.stacks.lowest(record.stack, state.memory));
    if (kernel.load(at) == kStackEndMagic) return true;
    state.is_dead = true;
    notice_overflow(state, kernel, task, at, Detector::stack_end_check, true);
    kernel.fx().report(EventLevel::coarse, [&] { return MachineDied{task.raw()}; });
    return false;
}

/// The address space of `next`; a task without one keeps the previous one's (lazy TLB).
void switch_address_space(MachineState& state, KernelServices& kernel, TaskId next) {
    const SpaceId space = state.tasks[next].space;
    if (space.is_none()) return;
    Cpu& cpu = state.cpu(kernel.cpu());
    const Pfn root = state.spaces.root(space);
    if (frame_of(PhysAddr{cpu.mmu.registers().cr3}) == root) return;
    prepare_for_switch(state, kernel.cpu(), space, kernel.fx());
    kernel.fx().charge(Step::cr3_write);
    cpu.mmu.load_cr3(address_of(root).raw());
}

/// Between the load of CR3 and the change of stacks the kernel runs on the old stack with the new page table.
bool old_stack_is_there(MachineState& state, KernelServices& kernel, TaskId previous) {
    const TaskRecord& record = state.tasks[previous];
    // Other schemes made sure before.
    if (state.config().design.pgd_sync != PgdSync::lazy_fault || record.stack.is_none()) return true;
    const VirtAddr sp = state.stacks.top(record.stack, state.memory) - Bytes{record.stack_used};
    return reach_stack(state, kernel, previous, sp - Bytes{8});
}

/// finish_task_switch: the previous task is off its stack for good.
void bury(MachineState& state, KernelServices& kernel, TaskId task) {
    Effects& fx = kernel.fx();
    fx.charge(Step::task_dead);
    TaskRecord& record = state.tasks.mut(task);
    record.state = TaskState::dead;
    if (state.config().design.release == Release::at_task_dead) {
        const StackId stack = std::exchange(record.stack, StackId::none());
        const VirtAddr lowest = state.stacks.lowest(stack, state.memory);
        kernel.set_subject(task);
        const StackSink sink = state.stacks.release(kernel, stack);
        kernel.set_subject(TaskId::none());
        fx.report(EventLevel::coarse, [&] { return StackReleased{task.raw(), lowest.raw(), sink}; });
    }
    end_record_if_done(state, kernel, task);
}

} // namespace

void switch_to(MachineState& state, KernelServices& kernel, const Switch& command, Outcome& outcome) {
    Cpu& cpu = state.cpu(command.cpu);
    Effects& fx = kernel.fx();
    const TaskId previous = cpu.current;
    const TaskId next = command.to.is_none() ? cpu.idle_task : command.to;
    if (!state.tasks.is_live(next) || state.tasks[next].stack.is_none() ||
        state.tasks[next].state == TaskState::dying || state.tasks[next].state == TaskState::dead) {
        outcome.status = OutcomeStatus::refused;
        return;
    }
    if (!stack_end_is_intact(state, kernel, previous)) {
        outcome.status = OutcomeStatus::machine_died;
        return;
    }
    fx.charge(Step::context_switch);
    state.rcu.note_quiescent(command.cpu);
    fx.write(fx.data().run_queue(command.cpu));
    touch_task(state, kernel, previous);
    touch_task(state, kernel, next);
    switch_address_space(state, kernel, next);
    if (!old_stack_is_there(state, kernel, previous)) {
        outcome.status = OutcomeStatus::machine_died;
        return;
    }
    TaskRecord& record = state.tasks.mut(next);
    record.cpu = command.cpu;
    record.state = TaskState::runnable;
    cpu.current = next;
    // The flags of the old task go back to its task_struct, those of the new one come here.
    if (state.config().design.thread_info == ThreadInfoPlace::task_struct_flags_per_cpu)
        fx.write(fx.data().task_flags(command.cpu));
    // The first thing that happens on the new stack: saved registers are popped.
    const VirtAddr sp = state.stacks.top(record.stack, state.memory) - Bytes{record.stack_used};
    probe_next_stack(state, sp, fx);
    if (!reach_stack(state, kernel, next, sp)) {
        outcome.status = state.is_dead ? OutcomeStatus::machine_died : OutcomeStatus::task_killed;
        return;
    }
    fx.report(EventLevel::coarse, [&] { return ContextSwitched{previous.raw(), next.raw()}; });
    if (state.tasks[previous].state == TaskState::dying) bury(state, kernel, previous);
    outcome.value = next.raw();
}

} // namespace ksl::core
