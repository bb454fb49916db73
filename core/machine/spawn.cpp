// SPDX-License-Identifier: MIT
//
// fork: copy_process and dup_task_struct of kernel/fork.c.
#include "core/kstack/thread_info.h"
#include "core/machine/life.h"
#include "core/machine/stack_usage.h"
#include "core/machine/stackleak.h"

namespace ksl::core {

namespace {

/// Run queue, pid hash, sighand and the other shared lines that every clone() goes through.
constexpr unsigned kRunQueueLines = 6;
/// ret_from_fork, somewhere in the kernel's text, which begins 16 MiB into the image's mapping.
constexpr Bytes kReturnFromFork{(16U << 20) + 0x41c0};

void touch_run_queue(KernelServices& kernel) {
    Effects& fx = kernel.fx();
    for (unsigned line = 0; line < kRunQueueLines; ++line) {
        fx.write(fx.data().run_queue(kernel.cpu()) + kCacheLine * line);
    }
}

/// The frames of the system call on the caller's own stack.
void touch_own_stack(MachineState& state, KernelServices& kernel, TaskId task, Bytes depth) {
    const TaskRecord& record = state.tasks[task];
    if (record.stack.is_none()) return;
    const VirtAddr top = state.stacks.top(record.stack, state.memory);
    kernel.stream(top - depth, depth, true);
    note_depth(state, task, static_cast<std::uint32_t>(depth.count()));
    leave_mark(state, kernel, task, depth);
}

/// The gate of copy_process: max_threads.
bool may_create(const MachineState& state) {
    return state.threads < state.max_threads;
}

std::optional<std::uint32_t> take_pid(MachineState& state) {
    if (state.config().design.backing == Backing::pid_slot) return state.stacks.pid_slots().take();
    return state.next_pid++;
}

OutcomeStatus status_of(StackFailure failure) {
    return failure == StackFailure::no_memory ? OutcomeStatus::no_memory : OutcomeStatus::no_address_space;
}

void fail(MachineState& state, KernelServices& kernel, OutcomeStatus status, Outcome& outcome) {
    ++state.counters.clone_failures;
    outcome.status = state.is_dead ? OutcomeStatus::machine_died : status;
    kernel.fx().report(EventLevel::coarse, [&] {
        constexpr std::uint8_t kEagain = 11;
        constexpr std::uint8_t kEnomem = 12;
        return CloneFailed{state.cpu(kernel.cpu()).current.raw(),
                           status == OutcomeStatus::try_again ? kEagain : kEnomem};
    });
}

/// arch_dup_task_struct: the parent's task_struct is copied line by line.
void copy_task_struct(MachineState& state, KernelServices& kernel, TaskId parent, SlabObject child) {
    const Bytes size = state.config().kernel.task_struct;
    const TaskRecord& record = state.tasks[parent];
    if (record.has_object != 0) {
        const VirtAddr from = state.memory.slabs.kernel_address(SlabCacheId::task_struct, SlabObject{record.object});
        kernel.stream(from, size, false);
    }
    kernel.stream(state.memory.slabs.kernel_address(SlabCacheId::task_struct, child), size, true);
}

} // namespace

void spawn(MachineState& state, KernelServices& kernel, const Spawn& command, Outcome& outcome) {
    Effects& fx = kernel.fx();
    const TaskId parent = state.cpu(command.cpu).current;
    const bool lacks_space = command.kind == TaskKind::process && state.tasks[parent].space.is_none();
    if (!runs_a_task(state, command.cpu) || lacks_space || command.kind == TaskKind::idle) {
        outcome.status = OutcomeStatus::refused;
        return;
    }
    begin_system_call(state, kernel);
    touch_own_stack(state, kernel, parent, state.config().kernel.clone_depth);
    if (!may_create(state)) return fail(state, kernel, OutcomeStatus::try_again, outcome);

    const auto object = kernel.new_object(SlabCacheId::task_struct);
    if (!object) return fail(state, kernel, OutcomeStatus::no_memory, outcome);
    const auto pid = take_pid(state);
    if (!pid) {
        kernel.free_object(SlabCacheId::task_struct, *object);
        return fail(state, kernel, OutcomeStatus::no_address_space, outcome);
    }
    const bool is_kernel_thread = command.kind == TaskKind::kernel_thread;
    const SpaceId space = is_kernel_thread ? SpaceId::none() : state.tasks[parent].space;
    const TaskId child = state.tasks.add({.pid = *pid,
                                          .parent = parent.raw(),
                                          .object = object->number(),
                                          .space = space,
                                          .cpu = command.cpu,
                                          .state = TaskState::runnable,
                                          .kind = command.kind,
                                          .has_object = 1});
    const auto undo = [&](OutcomeStatus status) {
        if (state.config().design.backing == Backing::pid_slot) state.stacks.pid_slots().release(*pid);
        kernel.free_object(SlabCacheId::task_struct, *object);
        state.tasks.remove(child);
        fail(state, kernel, status, outcome);
    };
    // 6.1 copies the task_struct before it asks for the stack, 4.x after.
    const bool copies_first = state.config().kernel.era == LayoutEra::linux_6_1;
    if (copies_first) copy_task_struct(state, kernel, parent, *object);
    const auto stack = state.stacks.acquire(kernel, child.raw(), *pid);
    if (!stack) return undo(status_of(stack.error()));
    if (!copies_first) copy_task_struct(state, kernel, parent, *object);

    TaskRecord& record = state.tasks.mut(child);
    record.stack = stack->id;
    const VirtAddr lowest = state.stacks.lowest(stack->id, state.memory);
    record.stack_used = static_cast<std::uint32_t>(
        set_up_stack(kernel, state.config().design, state.config().kernel,
                     {.lowest = lowest,
                      .area = state.stacks.area(stack->id, state.memory).lowest,
                      .task_struct = state.memory.slabs.kernel_address(SlabCacheId::task_struct, *object),
                      .cpu = command.cpu.raw(),
                      .return_to = state.memory.layout.kernel_image().lowest + kReturnFromFork})
            .count());
    record.deepest = record.stack_used;
    if (state.config().design.stackleak) record.unerased = erasable_words(state, child);

    fx.charge(Step::clone_rest);
    touch_run_queue(kernel);
    if (command.kind == TaskKind::process) {
        fx.charge(Step::fork_rest);
        const auto copy = state.spaces.fork(kernel, space);
        if (!copy) {
            state.stacks.release(kernel, stack->id);
            return undo(OutcomeStatus::no_memory);
        }
        state.tasks.mut(child).space = *copy;
    } else if (!is_kernel_thread) {
        state.spaces.share(space);
    }
    ++state.tasks.mut(parent).children;
    ++state.threads;
    ++state.counters.clones;
    if (stack->source == StackSource::stack_cache) ++state.counters.cache_hits;
    state.counters.max_live_tasks = std::max<std::uint64_t>(state.counters.max_live_tasks, state.threads);
    outcome.value = child.raw();
    outcome.stack_source = stack->source;
    fx.report(EventLevel::coarse, [&] { return TaskCreated{child.raw(), parent.raw(), lowest.raw(), stack->source}; });
}

} // namespace ksl::core
