// SPDX-License-Identifier: MIT
#include "core/kstack/thread_info.h"

namespace ksl::core {

namespace {

// User-mode register values of a child: what its parent had in the clone() call. The values are the same for every
// task, as they are for the children of one program.
constexpr std::uint64_t kUserIp = 0x00007f4c'1b0e'a3d5;
constexpr std::uint64_t kUserSp = 0x00007ffd'9c51'7d28;
constexpr std::uint64_t kUserCode = 0x33;
constexpr std::uint64_t kUserStackSegment = 0x2b;
constexpr std::uint64_t kUserFlags = 0x246;
constexpr std::uint64_t kCloneCall = 56;

/// struct pt_regs: r15 r14 r13 r12 bp bx r11 r10 r9 r8 ax cx dx si di orig_ax ip cs flags sp ss.
constexpr std::array<std::uint64_t, 21> kChildRegisters{
    0, 0,          0,       0,         0,          0,       kUserFlags,       0, 0, 0, 0, kUserIp, 0, 0,
    0, kCloneCall, kUserIp, kUserCode, kUserFlags, kUserSp, kUserStackSegment};

/// struct inactive_task_frame: r15 r14 r13 r12 bx bp ret_addr.
constexpr std::array<std::uint64_t, 7> fork_frame(VirtAddr return_to) {
    return {0, 0, 0, 0, 0, 0, return_to.raw()};
}

} // namespace

VirtAddr magic_address(const StackDesign& design, VirtAddr lowest) {
    return design.thread_info == ThreadInfoPlace::stack_bottom ? lowest + kThreadInfoBytes : lowest;
}

VirtAddr thread_info_address(const StackDesign& design, VirtAddr lowest, VirtAddr area) {
    if (design.thread_info == ThreadInfoPlace::own_page) return area;
    if (design.thread_info == ThreadInfoPlace::stack_top) return lowest + design.stack_bytes() - kThreadInfoBytes;
    return lowest;
}

Bytes set_up_stack(KernelPort& kernel, const StackDesign& design, const KernelFacts& facts, const StackSetup& setup) {
    kernel.fx().charge(Step::stack_setup);
    const bool in_area = design.has_thread_info_on_stack() || design.thread_info == ThreadInfoPlace::own_page;
    if (in_area) {
        const std::array<std::uint64_t, 5> info{setup.task_struct.raw(), 0, setup.cpu, kUserAddressLimit, 0};
        kernel.store(thread_info_address(design, setup.lowest, setup.area), info);
    }
    // The lowest page of a dynamic stack is not there: its end is checked by the fault, not by a word.
    if (design.backing != Backing::dynamic) {
        kernel.store(magic_address(design, setup.lowest), std::array{kStackEndMagic});
    }
    VirtAddr at = setup.lowest + design.stack_bytes();
    Bytes used;
    const auto push = [&](std::span<const std::uint64_t> words) {
        used += Bytes{words.size_bytes()};
        at -= Bytes{words.size_bytes()};
        kernel.store(at, words);
    };
    if (design.thread_info == ThreadInfoPlace::stack_top) {
        used += kThreadInfoBytes;
        at -= kThreadInfoBytes;
    }
    push(kChildRegisters);
    if (facts.has_fork_frame) push(fork_frame(setup.return_to));
    return used;
}

} // namespace ksl::core
