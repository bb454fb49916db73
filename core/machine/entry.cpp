// SPDX-License-Identifier: MIT
//
// The ends of a stack's use: the entry from user mode, which begins it, and the look at it when its task ends.
//
// Source:  entry_SYSCALL_64 of arch/x86/entry/entry_64.S; add_random_kstack_offset of include/linux/randomize_kstack.h;
//          check_stack_usage of kernel/exit.c and stack_not_used of include/linux/sched/task_stack.h.
#include "core/kstack/thread_info.h"
#include "core/machine/churn.h"
#include "core/machine/life.h"
#include "core/machine/stack_usage.h"

#include <algorithm>

namespace ksl::core {

namespace {

constexpr std::uint64_t kWord = 8;
/// What user registers hold is no concern of the kernel's, but it is not zero.
constexpr std::uint64_t kUserRegister = 0x0000'7f4c'0000'0000;

/// RANDOMIZE_KSTACK_OFFSET: at most 1 KiB, in steps of the stack's alignment, from low bits of the clock. The kernel
/// mixes the clock in when the system call before ends; here it is the clock at the entry.
Bytes random_offset(const MachineState& state, CpuId cpu) {
    if (!state.config().design.randomise_offset) return Bytes{0};
    std::uint64_t mixed = state.cpu(cpu).now.count() ^ (state.config().seed << 20);
    mixed *= 0x9e37'79b9'7f4a'7c15;
    return Bytes{(mixed >> 40) % kMostRandomOffset.count() / 16 * 16 + 16};
}

/// The flags of a task's thread_info; nothing for tasks that never come from user mode.
std::optional<VirtAddr> flags_address(const MachineState& state, CpuId cpu, TaskId task) {
    const StackDesign& design = state.config().design;
    const TaskRecord& record = state.tasks[task];
    if (design.thread_info == ThreadInfoPlace::task_struct_flags_per_cpu) return state.data.task_flags(cpu);
    if (design.thread_info == ThreadInfoPlace::task_struct) {
        if (record.has_object == 0) return std::nullopt;
        return state.memory.slabs.kernel_address(SlabCacheId::task_struct, SlabObject{record.object});
    }
    if (record.stack.is_none()) return std::nullopt;
    const VirtRange area = state.stacks.area(record.stack, state.memory);
    return thread_info_address(design, state.stacks.lowest(record.stack, state.memory), area.lowest) +
           Bytes{kThreadInfoFields[kThreadInfoFlags].offset};
}

} // namespace

void begin_system_call(MachineState& state, KernelServices& kernel) {
    kernel.fx().charge(Step::syscall);
    const auto flags = flags_address(state, kernel.cpu(), state.cpu(kernel.cpu()).current);
    if (flags) kernel.fx().read(*flags);
}

void enter_kernel(MachineState& state, KernelServices& kernel, const EnterKernel& command, Outcome& outcome) {
    const TaskId task = state.cpu(command.cpu).current;
    if (state.cpu(command.cpu).is_idle() || state.tasks[task].state != TaskState::runnable) {
        outcome.status = OutcomeStatus::refused;
        return;
    }
    begin_system_call(state, kernel);
    const StackDesign& design = state.config().design;
    Bytes used = design.thread_info == ThreadInfoPlace::stack_top ? kThreadInfoBytes : Bytes{0};
    const VirtAddr top = state.stacks.top(state.tasks[task].stack, state.memory);
    for (std::uint64_t word = 0; word < kPtRegs.count() / kWord; ++word) {
        used += Bytes{kWord};
        // The top page of every stack is there: the design that it was switched to with.
        static_cast<void>(kernel.store_word(top - used, kUserRegister + word));
    }
    used += random_offset(state, command.cpu);
    TaskRecord& record = state.tasks.mut(task);
    record.stack_used = static_cast<std::uint32_t>(used.count());
    record.frame = 0;
    note_depth(state, task, record.stack_used);
    outcome.value = record.stack_used;
}

void note_depth(MachineState& state, TaskId task, std::uint32_t depth) {
    TaskRecord& record = state.tasks.mut(task);
    record.deepest = std::max(record.deepest, depth);
    if (state.config().design.stackleak) {
        record.unerased = std::max(record.unerased, static_cast<std::uint16_t>(depth / kWord));
    }
    state.counters.deepest_stack = std::max<std::uint64_t>(state.counters.deepest_stack, record.deepest);
}

void leave_mark(MachineState& state, KernelServices& kernel, TaskId task, Bytes depth) {
    if (!state.config().design.usage_tracking) return;
    constexpr std::uint64_t kSomething = 0xffff'ffff'8100'0000;
    const VirtAddr top = state.stacks.top(state.tasks[task].stack, state.memory);
    if (const auto at = kernel.translate(align_down(top - depth, Bytes{kWord}))) {
        state.memory.contents.write(*at, kSomething);
    }
}

void report_usage(MachineState& state, KernelServices& kernel, TaskId task) {
    const StackDesign& design = state.config().design;
    const TaskRecord& record = state.tasks[task];
    if (!design.usage_tracking || record.stack.is_none()) return;
    const VirtAddr lowest = state.stacks.lowest(record.stack, state.memory);
    const VirtAddr top = lowest + design.stack_bytes();
    // From the first word above the magic one upwards, as long as there is nothing.
    VirtAddr at = magic_address(design, lowest) + Bytes{kWord};
    const VirtAddr start = at;
    while (at < top && kernel.load(at) == 0) at += Bytes{kWord};
    const auto used = static_cast<std::uint32_t>((top - at).count());
    const auto free = static_cast<std::uint32_t>((at - start).count());
    state.counters.deepest_reported = std::max<std::uint64_t>(state.counters.deepest_reported, used);
    kernel.fx().report(EventLevel::coarse, [&] { return StackUsageReported{task.raw(), used, free}; });
}

} // namespace ksl::core
