// SPDX-License-Identifier: MIT
//
// The page allocator right after the boot memory allocator has handed over what it did not give away itself.
//
// Source:   free_low_memory_core_early, __free_pages_memory (4.7: mm/nobootmem.c; 6.1: mm/memblock.c),
//           __free_pages_bootmem (4.7) and __free_pages_core (6.1), memmap_init; then init_per_zone_wmark_min and
//           setup_per_cpu_pageset. Ranges come in ascending order, each cut into the largest aligned blocks. 4.x frees
//           them to list heads, so that the first allocations come from the top of memory; 6.1 to list tails, so that
//           they come from the bottom.
// Fidelity: struct pages are initialised all at once (no CONFIG_DEFERRED_STRUCT_PAGE_INIT); what the kernel allocates
//           for itself while it boots is the memory map's reserved part.
#pragma once

#include "core/memory/page_state.h"

namespace ksl::core {

/// `min_free_kib` 0: the kernel's own choice.
[[nodiscard]] PageState booted_state(const MemoryMap& memory, const PageRules& rules, unsigned cpus,
                                     std::uint32_t min_free_kib = 0);

} // namespace ksl::core
