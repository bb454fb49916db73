// SPDX-License-Identifier: MIT
//
// What the kernel writes into a new stack: thread_info where the design puts it, the magic word, the first frames.
//
//     stack bottom (4.7)     | thread_info 40 bytes | magic | ... | fork frame | pt_regs |
//     task_struct (4.9)      | magic |                        ... | fork frame | pt_regs |
//     stack top              | magic |           ... | fork frame | pt_regs | thread_info |
//     own page               thread_info page | guard | magic | ... | fork frame | pt_regs |
//
// Units:   offsets in bytes from the stack's lowest byte, or below its top.
// Source:  struct thread_info of arch/x86/include/asm/thread_info.h (4.7: task, flags, status, cpu, addr_limit, two
//          bits); end_of_stack() and set_task_stack_end_magic(); copy_thread_tls(): pt_regs of 168 bytes at the top
//          and, since 4.9, an inactive_task_frame of 56 bytes below it.
#pragma once

#include "core/kernel/kernel_facts.h"
#include "core/kernel/kernel_port.h"
#include "core/kstack/design.h"
#include "core/kstack/stack_allocator.h"

#include <array>
#include <cstdint>
#include <string_view>

namespace ksl::core {

inline constexpr std::uint64_t kStackEndMagic = 0x57AC6E9D; ///< include/uapi/linux/magic.h
inline constexpr Bytes kPtRegs{168};

/// One field of thread_info on the stack.
struct ThreadInfoField {
    std::string_view name;
    std::uint32_t offset;
    std::uint32_t bytes;
};
/// In the order of memory; 4.7's, which is the one that lies on stacks.
inline constexpr std::array<ThreadInfoField, 6> kThreadInfoFields{{
    {"task", 0, 8},
    {"flags", 8, 4},
    {"status", 12, 4},
    {"cpu", 16, 4},
    {"addr_limit", 24, 8},
    {"uaccess flags", 32, 4},
}};
inline constexpr unsigned kThreadInfoFlags = 1; ///< the place of flags in it
inline constexpr unsigned kThreadInfoCpu = 3;   ///< and of cpu
static_assert(kThreadInfoFields[kThreadInfoFlags].name == "flags" && kThreadInfoFields[kThreadInfoCpu].name == "cpu");
inline constexpr Bytes kThreadInfoBytes{40};
/// addr_limit of a task in user mode: TASK_SIZE_MAX.
inline constexpr std::uint64_t kUserAddressLimit = 0x7ffffffff000;

/// Where the magic word of a stack lies: just above thread_info where that is at the bottom, else lowest of all.
[[nodiscard]] VirtAddr magic_address(const StackDesign& design, VirtAddr lowest);
/// First byte of thread_info; only for designs that keep it in the stack's area.
[[nodiscard]] VirtAddr thread_info_address(const StackDesign& design, VirtAddr lowest, VirtAddr area);

/// What a new task's stack is given.
struct StackSetup {
    VirtAddr lowest;
    VirtAddr area;        ///< start of the stack's area
    VirtAddr task_struct; ///< the task's own
    std::uint32_t cpu = 0;
    VirtAddr return_to; ///< ret_from_fork
};
/// Writes it. Returns the bytes in use at the top: where the saved stack pointer is.
Bytes set_up_stack(KernelPort& kernel, const StackDesign& design, const KernelFacts& facts, const StackSetup& setup);

} // namespace ksl::core
