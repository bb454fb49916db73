// SPDX-License-Identifier: MIT
//
// The stack at run time: call frames with real words in real memory, and what happens when they no longer fit.
//
//     call:    push return address, push frame pointer, frame pointer = stack pointer, room for locals
//     return:  stack pointer = frame pointer, pop frame pointer, pop return address
//
// Source:  frame-pointer convention of x86-64 kernels (CONFIG_FRAME_POINTER); #PF and #DF delivery of the SDM,
//          "Interrupt 8", "Interrupt 14"; arch/x86/mm/fault.c and arch/x86/kernel/traps.c of 4.9 and 6.1 for who dies.
#include "core/kstack/overflow.h"
#include "core/machine/churn.h"
#include "core/machine/life.h"
#include "core/machine/overrun.h"
#include "core/machine/stack_usage.h"
#include "core/machine/stackleak.h"

namespace ksl::core {

namespace {

constexpr std::uint32_t kReturnBytes = 8; ///< the least that a frame has: its return address
constexpr std::uint32_t kFrameHead = 16;  ///< return address and saved frame pointer
/// Below it, where a function has a filled buffer: a saved register and the stack protector's word.
constexpr std::uint32_t kBufferHead = kFrameHead + 16;
/// What return addresses point to: somewhere in the kernel's text.
constexpr std::uint64_t kReturnAddress = 0xffffffff81234567;
/// The stack protector's word, the same for a task all its life: no byte of it is zero but the lowest.
constexpr std::uint64_t kProtectorWord = 0x9d3b'71c5'e82f'4600;

/// One function's frame on the way onto the stack, word by word.
class Pusher {
public:
    Pusher(MachineState& state, KernelServices& kernel, TaskId task, Outcome& outcome)
        : state_(state), kernel_(kernel), task_(task), outcome_(outcome), stack_(state.tasks[task].stack),
          lowest_(state.stacks.lowest(stack_, state.memory)), top_(lowest_ + state.config().design.stack_bytes()),
          usable_(usable_lowest(state.config().design, lowest_)) {}

    [[nodiscard]] VirtAddr top() const { return top_; }

    /// Writes one word while the stack pointer is at `sp`; false: the fault killed somebody.
    [[nodiscard]] bool write(VirtAddr at, std::uint64_t value, VirtAddr sp) {
        for (int attempt = 0; attempt < 2; ++attempt) {
            if (kernel_.store_word(at, value)) {
                if (at < usable_) note_damage(at);
                return true;
            }
            if (!fault_in(at)) break;
        }
        report_damage();
        take_stack_fault(state_, kernel_, task_, at, sp, outcome_);
        return false;
    }
    void report_damage() {
        if (damaged_.lowest != damaged_.top) add_damage(state_, kernel_, task_, damaged_);
        damaged_ = {};
    }

private:
    void note_damage(VirtAddr at) {
        if (damaged_.lowest == damaged_.top) {
            begin_overrun(state_, kernel_, task_);
            damaged_ = VirtRange{at, at + Bytes{8}};
        }
        damaged_.lowest = std::min(damaged_.lowest, at);
        damaged_.top = std::max(damaged_.top, at + Bytes{8});
    }
    /// A page of a dynamic stack that was not there yet.
    bool fault_in(VirtAddr at) {
        if (state_.config().design.backing != Backing::dynamic || at < lowest_ || at >= top_) return false;
        kernel_.fx().charge(Step::page_fault);
        return state_.stacks.fault_in(kernel_, stack_, align_down(at, Bytes{kPageBytes}));
    }

    MachineState& state_;
    KernelServices& kernel_;
    TaskId task_;
    Outcome& outcome_;
    StackId stack_;
    VirtAddr lowest_;
    VirtAddr top_;
    VirtAddr usable_;
    VirtRange damaged_{}; ///< written where the task has no business; empty = nothing
};

/// A function that is entered: where its frame lies, and what it puts there.
struct Entry {
    VirtAddr old_sp;
    VirtAddr old_frame;
    std::uint32_t bytes;
    std::uint32_t touched;
    std::uint32_t used_before;
    std::uint8_t fill;

    [[nodiscard]] VirtAddr sp() const { return old_sp - Bytes{bytes}; }

    [[nodiscard]] bool push_head(Pusher& stack) const {
        return stack.write(old_sp - Bytes{8}, kReturnAddress, old_sp) &&
               (bytes < kFrameHead || stack.write(old_sp - Bytes{16}, old_frame.raw(), old_sp - Bytes{8}));
    }
    /// Locals, from the top down.
    [[nodiscard]] bool write_locals(Pusher& stack) const {
        for (std::uint32_t offset = kFrameHead + 8; offset <= touched; offset += 8) {
            const std::uint64_t value = 0x5a5a'0000'0000'0000 | (used_before + offset);
            if (!stack.write(old_sp - Bytes{offset}, value, sp())) return false;
        }
        return true;
    }
    /// A saved register, the protector's word, and one buffer, filled from its low end up.
    [[nodiscard]] bool fill_buffer(Pusher& stack) const {
        if (!stack.write(old_sp - Bytes{24}, old_sp.raw(), old_sp - Bytes{16})) return false;
        if (!stack.write(old_sp - Bytes{kBufferHead}, kProtectorWord, sp())) return false;
        const std::uint64_t word = 0x0101'0101'0101'0101 * fill;
        for (std::uint32_t offset = touched; offset > kBufferHead; offset -= 8) {
            if (!stack.write(old_sp - Bytes{offset}, word, sp())) return false;
        }
        return true;
    }
};

} // namespace

void call(MachineState& state, KernelServices& kernel, const Call& command, Outcome& outcome) {
    const TaskId task = state.cpu(command.cpu).current;
    const TaskRecord before = state.tasks[task];
    // A function without locals saves no frame pointer.
    const bool is_leaf = command.bytes < kFrameHead;
    const std::uint32_t least = is_leaf ? kReturnBytes : kFrameHead;
    const std::uint32_t head = command.fill == 0 ? least : kBufferHead;
    if (!runs_a_task(state, command.cpu) || command.bytes < head || command.bytes % 8 != 0) {
        outcome.status = OutcomeStatus::refused;
        return;
    }
    Pusher stack{state, kernel, task, outcome};
    const Entry entry{.old_sp = stack.top() - Bytes{before.stack_used},
                      .old_frame = stack.top() - Bytes{before.frame},
                      .bytes = command.bytes,
                      .touched = std::clamp(command.touched, head, command.bytes) / 8 * 8,
                      .used_before = before.stack_used,
                      .fill = command.fill};
    if (!entry.push_head(stack)) return;
    if (!(command.fill == 0 ? entry.write_locals(stack) : entry.fill_buffer(stack))) return;
    stack.report_damage();
    TaskRecord& record = state.tasks.mut(task);
    if (!is_leaf) record.frame = before.stack_used + kFrameHead;
    record.stack_used = before.stack_used + command.bytes;
    note_depth(state, task, before.stack_used + entry.touched);
    state.stacks.refill_reserve(kernel);
    kernel.fx().report(EventLevel::coarse, [&] { return CallPushed{task.raw(), command.bytes, entry.sp().raw()}; });
    outcome.value = record.stack_used;
}

void stray_access(MachineState& state, KernelServices& kernel, const StrayAccess& command, Outcome& outcome) {
    const TaskId task = state.cpu(command.cpu).current;
    if (!runs_a_task(state, command.cpu)) {
        outcome.status = OutcomeStatus::refused;
        return;
    }
    const TaskRecord& record = state.tasks[task];
    const VirtAddr lowest = state.stacks.lowest(record.stack, state.memory);
    const VirtAddr top = state.stacks.top(record.stack, state.memory);
    const VirtAddr at{lowest.raw() + static_cast<std::uint64_t>(command.offset)};
    const VirtAddr word = align_down(at, Bytes{8});
    const auto shift = static_cast<unsigned>((at - word).count() * 8);
    const bool is_outside = at < usable_lowest(state.config().design, lowest) || at >= top;
    if (!kernel.reach(at)) {
        take_stack_fault(state, kernel, task, at, top - Bytes{record.stack_used}, outcome);
        return;
    }
    if (command.is_write) {
        if (is_outside) begin_overrun(state, kernel, task);
        const std::uint64_t others = kernel.load(word) & ~(std::uint64_t{0xff} << shift);
        if (!kernel.store_word(word, others | (std::uint64_t{command.value} << shift))) return;
        if (is_outside && at < top) add_damage(state, kernel, task, VirtRange{at, at + Bytes{1}});
    }
    outcome.value = static_cast<std::uint32_t>((kernel.load(word) >> shift) & 0xff);
}

void return_from(MachineState& state, KernelServices& kernel, const Return& command, Outcome& outcome) {
    const TaskId task = state.cpu(command.cpu).current;
    const TaskRecord before = state.tasks[task];
    const bool is_leaf = command.bytes == kReturnBytes;
    const std::uint32_t least = is_leaf ? before.frame + kReturnBytes : before.frame;
    if (!runs_a_task(state, command.cpu) || (before.frame == 0 && !is_leaf) || before.stack_used < least) {
        outcome.status = OutcomeStatus::refused;
        return;
    }
    const VirtAddr top = state.stacks.top(before.stack, state.memory);
    if (is_leaf) {
        const VirtAddr sp = top - Bytes{before.stack_used};
        static_cast<void>(kernel.load(sp));
        state.tasks.mut(task).stack_used = before.stack_used - kReturnBytes;
        kernel.fx().report(EventLevel::coarse,
                           [&] { return CallReturned{task.raw(), (sp + Bytes{kReturnBytes}).raw()}; });
        outcome.value = before.stack_used - kReturnBytes;
        return;
    }
    const VirtAddr frame = top - Bytes{before.frame};
    const VirtAddr saved{kernel.load(frame)};
    TaskRecord& record = state.tasks.mut(task);
    record.stack_used = before.frame - kFrameHead;
    // Somebody overwrote the saved frame pointer: the caller's locals are looked for at a wild address.
    if (saved > top || top - saved >= Bytes{before.frame}) {
        kernel.fx().charge(Step::oops);
        kernel.fx().report(EventLevel::coarse, [&] { return TaskKilled{task.raw()}; });
        outcome.status = OutcomeStatus::task_killed;
        return;
    }
    record.frame = static_cast<std::uint32_t>((top - saved).count());
    const bool leaves_kernel = record.frame == 0;
    kernel.fx().report(EventLevel::coarse, [&] { return CallReturned{task.raw(), (frame + Bytes{kFrameHead}).raw()}; });
    outcome.value = record.stack_used;
    if (leaves_kernel && finds_its_cpu(state, kernel, task, outcome)) return_to_user(state, kernel);
}

} // namespace ksl::core
