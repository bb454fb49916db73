// SPDX-License-Identifier: MIT
//
// The stack at run time: call frames with real words in real memory, and what happens when they no longer fit.
//
//     call:    push return address, push frame pointer, frame pointer = stack pointer, room for locals
//     return:  stack pointer = frame pointer, pop frame pointer, pop return address
//
// Source:  frame-pointer convention of x86-64 kernels (CONFIG_FRAME_POINTER); #PF and #DF delivery of the SDM,
// "Interrupt 8",
//          "Interrupt 14"; arch/x86/mm/fault.c and arch/x86/kernel/traps.c of 4.9 and 6.1 for who dies.
#include "core/kstack/overflow.h"
#include "core/machine/churn.h"
#include "core/machine/life.h"
#include "core/machine/stack_usage.h"

namespace ksl::core {

namespace {

constexpr std::uint32_t kReturnBytes = 8; ///< the least that a frame has: its return address
constexpr std::uint32_t kFrameHead = 16;  ///< return address and saved frame pointer
/// What return addresses point to: somewhere in the kernel's text.
constexpr std::uint64_t kReturnAddress = 0xffffffff81234567;

class Pusher {
public:
    Pusher(MachineState& state, KernelServices& kernel, TaskId task)
        : state_(state), kernel_(kernel), task_(task), stack_(state.tasks[task].stack),
          lowest_(state.stacks.lowest(stack_, state.memory)), top_(lowest_ + state.config().design.stack_bytes()) {}

    [[nodiscard]] VirtAddr top() const { return top_; }
    /// Writes one word of the stack; false: the fault killed somebody.
    [[nodiscard]] bool write(VirtAddr at, std::uint64_t value) {
        for (int attempt = 0; attempt < 2; ++attempt) {
            if (kernel_.store_word(at, value)) {
                if (at < lowest_) note_damage(at);
                return true;
            }
            if (!fault_in(at)) break;
        }
        report_damage();
        hit_guard(at);
        return false;
    }
    void report_damage() {
        if (damaged_.lowest == damaged_.top) return;
        const auto at = kernel_.translate(damaged_.lowest);
        const Victim victim = at ? victim_at(state_.memory, *at) : Victim::nobody;
        kernel_.fx().report(EventLevel::coarse, [&] {
            return StackOverran{task_.raw(), damaged_.lowest.raw(), damaged_.top.raw(),
                                static_cast<std::uint8_t>(victim)};
        });
        damaged_ = {};
    }

private:
    void note_damage(VirtAddr at) {
        if (damaged_.lowest == damaged_.top) damaged_ = VirtRange{at, at + Bytes{8}};
        if (at < damaged_.lowest) damaged_.lowest = at;
    }
    /// A page of a dynamic stack that was not there yet.
    bool fault_in(VirtAddr at) {
        if (state_.config().design.backing != Backing::dynamic || at < lowest_ || at >= top_) return false;
        kernel_.fx().charge(Step::page_fault);
        return state_.stacks.fault_in(kernel_, stack_, align_down(at, Bytes{kPageBytes}));
    }
    /// The write was a push: the stack pointer is already outside, so the page fault cannot push its frame, and the
    /// double fault runs on its own stack.
    void hit_guard(VirtAddr at) {
        Effects& fx = kernel_.fx();
        fx.charge(Step::double_fault);
        fx.charge(Step::oops);
        const bool machine_dies = state_.config().kernel.guard_hit_panics;
        fx.report(EventLevel::coarse,
                  [&] { return OverflowNoticed{task_.raw(), at.raw(), Detector::guard_double_fault, machine_dies}; });
        if (machine_dies) {
            state_.is_dead = true;
            fx.report(EventLevel::coarse, [&] { return MachineDied{task_.raw()}; });
        } else {
            fx.report(EventLevel::coarse, [&] { return TaskKilled{task_.raw()}; });
        }
    }

    MachineState& state_;
    KernelServices& kernel_;
    TaskId task_;
    StackId stack_;
    VirtAddr lowest_;
    VirtAddr top_;
    VirtRange damaged_{}; ///< written outside the stack; empty = nothing
};

} // namespace

void call(MachineState& state, KernelServices& kernel, const Call& command, Outcome& outcome) {
    const TaskId task = state.cpu(command.cpu).current;
    const TaskRecord before = state.tasks[task];
    if (!runs_a_task(state, command.cpu) || command.bytes < kReturnBytes || command.bytes % 8 != 0) {
        outcome.status = OutcomeStatus::refused;
        return;
    }
    Pusher stack{state, kernel, task};
    const VirtAddr old_sp = stack.top() - Bytes{before.stack_used};
    const VirtAddr old_frame = stack.top() - Bytes{before.frame};
    // A function without locals saves no frame pointer.
    const bool is_leaf = command.bytes < kFrameHead;
    const std::uint32_t touched = std::clamp(command.touched, is_leaf ? kReturnBytes : kFrameHead, command.bytes);
    for (std::uint32_t offset = 8; offset <= touched; offset += 8) {
        const std::uint64_t value = offset == 8    ? kReturnAddress
                                    : offset == 16 ? old_frame.raw()
                                                   : 0x5a5a'0000'0000'0000 | (before.stack_used + offset);
        if (stack.write(old_sp - Bytes{offset}, value)) continue;
        outcome.status = state.is_dead ? OutcomeStatus::machine_died : OutcomeStatus::task_killed;
        return;
    }
    stack.report_damage();
    TaskRecord& record = state.tasks.mut(task);
    if (!is_leaf) record.frame = before.stack_used + kFrameHead;
    record.stack_used = before.stack_used + command.bytes;
    note_depth(state, task, before.stack_used + touched);
    state.stacks.refill_reserve(kernel);
    kernel.fx().report(EventLevel::coarse,
                       [&] { return CallPushed{task.raw(), command.bytes, (old_sp - Bytes{command.bytes}).raw()}; });
    outcome.value = record.stack_used;
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
    kernel.fx().report(EventLevel::coarse, [&] { return CallReturned{task.raw(), (frame + Bytes{kFrameHead}).raw()}; });
    outcome.value = record.stack_used;
}

} // namespace ksl::core
