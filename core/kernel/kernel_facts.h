// SPDX-License-Identifier: MIT
//
// What differs between kernels besides the algorithms: sizes of objects, layout of thread_info, depths of common paths.
//
// Source:  captures of 4.7.4, 4.9.0 and 6.1.192 (slabinfo, state files); struct definitions of these trees.
#pragma once

#include "core/memory/page_rules.h"
#include "core/paging/kernel_layout.h"
#include "core/types/address.h"
#include "core/vmalloc/vmap_rules.h"

#include <cstdint>

namespace ksl::core {

struct KernelFacts {
    LayoutEra era = LayoutEra::linux_6_1;
    PageRules page_rules = PageRules::linux_6_1();
    Bytes task_struct{2944}; ///< slab object, with the floating-point state that this machine needs
    Bytes thread_info{24};   ///< where it lies on the stack
    Bytes fork_frame{56};    ///< inactive_task_frame below pt_regs of a new task; none in 4.7
    bool has_fork_frame = true;
    /// The double fault handler enters as an NMI does (5.8): the oops in it counts as one in an interrupt, and panics.
    bool double_fault_is_nmi = true;
    /// The page fault handler takes a fault just above a stack for its guard as well (4.9), not only one below.
    bool guard_counts_above = false;
    /// __per_cpu_offset, which a task's CPU number is an index of.
    VirtAddr per_cpu_offsets{0xffffffff81643080};
    /// Stack that a thread's way from its first instruction to its last switch uses, pt_regs included.
    Bytes exit_depth{1200};
    /// Stack that clone() uses on the parent's side.
    Bytes clone_depth{900};

    [[nodiscard]] static KernelFacts linux_4_7();
    [[nodiscard]] static KernelFacts linux_4_9();
    [[nodiscard]] static KernelFacts linux_6_1();
};

} // namespace ksl::core
