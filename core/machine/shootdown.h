// SPDX-License-Identifier: MIT
//
// Making the processors forget translations.
//
// Source:  flush_tlb_kernel_range, do_flush_tlb_all of arch/x86/mm/tlb.c (4.7, 6.1): ranges of more than 33 pages
//          (tlb_single_page_flush_ceiling) are flushed as a whole, global entries included, on every online processor;
//          smaller ones page by page.
#pragma once

#include "core/machine/machine_state.h"

namespace ksl::core {

inline constexpr std::uint64_t kSinglePageFlushCeiling = 33;

/// Returns the number of processors that were interrupted. The others' time is charged to their clocks.
unsigned flush_tlb_kernel_range(MachineState& state, CpuId by, VirtRange range, Effects& fx);

} // namespace ksl::core
