// SPDX-License-Identifier: MIT
//
// Direct reclaim: clean page-cache pages leave the cold end of the zones' LRU lists.
//
// Source:   try_to_free_pages, do_try_to_free_pages, shrink_page_list (mm/vmscan.c): 32 pages a call
//           (SWAP_CLUSTER_MAX), priorities from 12 to 0, of every list size >> priority pages at a time; freed in
//           batches, in 4.x to the cold end.
// Fidelity: every page on an LRU list is clean, unmapped and not referenced; there is no swap, so that anonymous memory
//           and shared memory stay; shrinkers of slab caches give nothing back; lists are kept by zone, as in 4.7, for
//           all kernels; one list a zone, without an active part.
#pragma once

#include "core/memory/page_allocator.h"
#include "core/memory/page_owners.h"

namespace ksl::core {

struct ReclaimResult {
    std::uint32_t scanned = 0;
    std::uint32_t pages = 0; ///< freed
};

/// Frees up to `wanted` pages from zones up to `highest`.
ReclaimResult reclaim_pages(PageAllocator& allocator, ZoneId highest, std::uint32_t wanted, Effects& fx,
                            PageOwners* owners);
inline constexpr std::uint32_t kReclaimAtOnce = 32;

} // namespace ksl::core
