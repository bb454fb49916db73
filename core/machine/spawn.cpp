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

/// One clone() or fork() on its way, and what it took for the child so far: given back if a later step fails.
class Fork {
public:
    Fork(MachineState& state, KernelServices& kernel, const Spawn& command, Outcome& outcome)
        : state_(&state), kernel_(&kernel), command_(&command), outcome_(&outcome),
          parent_(state.cpu(command.cpu).current) {}

    void run() {
        if (!may_begin()) {
            outcome_->status = OutcomeStatus::refused;
            return;
        }
        begin_system_call(*state_, *kernel_);
        touch_own_stack(*state_, *kernel_, parent_, kernel_facts().clone_depth);
        if (!may_create(*state_)) return fail(*state_, *kernel_, OutcomeStatus::try_again, *outcome_);
        if (!take_record() || !take_stack()) return;
        set_up_child();
        if (take_space()) finish();
    }

private:
    [[nodiscard]] const KernelFacts& kernel_facts() const { return state_->config().kernel; }
    [[nodiscard]] const StackDesign& design() const { return state_->config().design; }
    [[nodiscard]] bool is_kernel_thread() const { return command_->kind == TaskKind::kernel_thread; }

    [[nodiscard]] bool may_begin() const {
        const bool lacks_space = command_->kind == TaskKind::process && state_->tasks[parent_].space.is_none();
        return runs_a_task(*state_, command_->cpu) && !lacks_space && command_->kind != TaskKind::idle;
    }

    /// The child's task_struct and its number.
    [[nodiscard]] bool take_record() {
        const auto object = kernel_->new_object(SlabCacheId::task_struct);
        if (!object) {
            fail(*state_, *kernel_, OutcomeStatus::no_memory, *outcome_);
            return false;
        }
        object_ = *object;
        const auto pid = take_pid(*state_);
        if (!pid) {
            kernel_->free_object(SlabCacheId::task_struct, object_);
            fail(*state_, *kernel_, OutcomeStatus::no_address_space, *outcome_);
            return false;
        }
        pid_ = *pid;
        child_ = state_->tasks.add({.pid = pid_,
                                    .parent = parent_.raw(),
                                    .object = object_.number(),
                                    .space = is_kernel_thread() ? SpaceId::none() : state_->tasks[parent_].space,
                                    .cpu = command_->cpu,
                                    .state = TaskState::runnable,
                                    .kind = command_->kind,
                                    .has_object = 1});
        return true;
    }

    /// 6.1 copies the task_struct before it asks for the stack, 4.x after.
    [[nodiscard]] bool take_stack() {
        const bool copies_first = kernel_facts().era == LayoutEra::linux_6_1;
        if (copies_first) copy_task_struct(*state_, *kernel_, parent_, object_);
        const auto stack = state_->stacks.acquire(*kernel_, child_.raw(), pid_);
        if (!stack) {
            give_back(status_of(stack.error()));
            return false;
        }
        stack_ = *stack;
        if (!copies_first) copy_task_struct(*state_, *kernel_, parent_, object_);
        return true;
    }

    void set_up_child() {
        TaskRecord& record = state_->tasks.mut(child_);
        record.stack = stack_.id;
        const StackSetup setup{.lowest = state_->stacks.lowest(stack_.id, state_->memory),
                               .area = state_->stacks.area(stack_.id, state_->memory).lowest,
                               .task_struct = state_->memory.slabs.kernel_address(SlabCacheId::task_struct, object_),
                               .cpu = command_->cpu.raw(),
                               .return_to = state_->memory.layout.kernel_image().lowest + kReturnFromFork};
        record.stack_used = static_cast<std::uint32_t>(set_up_stack(*kernel_, design(), kernel_facts(), setup).count());
        record.deepest = record.stack_used;
        if (design().stackleak) record.unerased = erasable_words(*state_, child_);
        kernel_->fx().charge(Step::clone_rest);
        touch_run_queue(*kernel_);
    }

    /// A process copies its parent's address space, a thread shares it.
    [[nodiscard]] bool take_space() {
        const SpaceId space = state_->tasks[child_].space;
        if (command_->kind != TaskKind::process) {
            if (!is_kernel_thread()) state_->spaces.share(space);
            return true;
        }
        kernel_->fx().charge(Step::fork_rest);
        const auto copy = state_->spaces.fork(*kernel_, space);
        if (!copy) {
            state_->stacks.release(*kernel_, stack_.id);
            give_back(OutcomeStatus::no_memory);
            return false;
        }
        state_->tasks.mut(child_).space = *copy;
        return true;
    }

    void give_back(OutcomeStatus status) {
        if (design().backing == Backing::pid_slot) state_->stacks.pid_slots().release(pid_);
        kernel_->free_object(SlabCacheId::task_struct, object_);
        state_->tasks.remove(child_);
        fail(*state_, *kernel_, status, *outcome_);
    }

    void finish() {
        ++state_->tasks.mut(parent_).children;
        ++state_->threads;
        ++state_->counters.clones;
        if (stack_.source == StackSource::stack_cache) ++state_->counters.cache_hits;
        state_->counters.max_live_tasks = std::max<std::uint64_t>(state_->counters.max_live_tasks, state_->threads);
        outcome_->value = child_.raw();
        outcome_->stack_source = stack_.source;
        kernel_->fx().report(EventLevel::coarse, [&] {
            const VirtAddr lowest = state_->stacks.lowest(stack_.id, state_->memory);
            return TaskCreated{child_.raw(), parent_.raw(), lowest.raw(), stack_.source};
        });
    }

    MachineState* state_;
    KernelServices* kernel_;
    const Spawn* command_;
    Outcome* outcome_;
    TaskId parent_;
    SlabObject object_;
    std::uint32_t pid_ = 0;
    TaskId child_;
    AcquiredStack stack_;
};

} // namespace

void spawn(MachineState& state, KernelServices& kernel, const Spawn& command, Outcome& outcome) {
    Fork{state, kernel, command, outcome}.run();
}

} // namespace ksl::core
