// SPDX-License-Identifier: MIT
#include "core/kernel/kernel_facts.h"

namespace ksl::core {

KernelFacts KernelFacts::linux_4_7() {
    return {.era = LayoutEra::linux_4_7,
            .page_rules = PageRules::linux_4_7(),
            .task_struct = Bytes{2560},
            .thread_info = Bytes{40},
            .fork_frame = Bytes{0},
            .has_fork_frame = false,
            .double_fault_is_nmi = false,
            .guard_counts_above = true};
}

KernelFacts KernelFacts::linux_4_9() {
    return {.era = LayoutEra::linux_4_9,
            .page_rules = PageRules::linux_4_9(),
            .task_struct = Bytes{2560},
            .thread_info = Bytes{8},
            .fork_frame = Bytes{56},
            .has_fork_frame = true,
            .double_fault_is_nmi = false,
            .guard_counts_above = true};
}

KernelFacts KernelFacts::linux_6_1() {
    return {};
}

} // namespace ksl::core
