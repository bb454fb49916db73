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
    bool guard_hit_panics = true; ///< a guard hit through a double fault is fatal to the machine (6.1), not to the task
    /// Stack that a thread's way from its first instruction to its last switch uses, pt_regs included.
    Bytes exit_depth{1200};
    /// Stack that clone() uses on the parent's side.
    Bytes clone_depth{900};

    [[nodiscard]] static KernelFacts linux_4_7();
    [[nodiscard]] static KernelFacts linux_4_9();
    [[nodiscard]] static KernelFacts linux_6_1();
};

} // namespace ksl::core
