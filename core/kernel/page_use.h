// SPDX-License-Identifier: MIT
//
// What other kernel and user memory is asked for: the kinds of pages that make a machine's memory old. Each stands for
// one call site's flags.
#pragma once

#include "core/memory/gfp.h"
#include "core/memory/page_allocator.h"

namespace ksl::core {

enum class PageUse : std::uint8_t {
    page_cache,  ///< file contents, GFP_HIGHUSER_MOVABLE, on the LRU list: reclaim drops it
    anonymous,   ///< user memory, GFP_HIGHUSER_MOVABLE, on no list: there is no swap
    slab,        ///< pages of slab caches, GFP_KERNEL
    reclaimable, ///< dentries and inodes: GFP_KERNEL | __GFP_RECLAIMABLE
    unmovable,   ///< drivers, pipes, network buffers: GFP_KERNEL
};
inline constexpr unsigned kPageUses = 5;

[[nodiscard]] constexpr AllocRequest request_for(PageUse use, Order order) {
    switch (use) {
    case PageUse::page_cache: return {.order = order, .gfp = gfp::kUserMovable, .use = FrameUse::page_cache};
    case PageUse::anonymous: return {.order = order, .gfp = gfp::kUserMovable, .use = FrameUse::anonymous};
    case PageUse::slab: return {.order = order, .gfp = gfp::kKernel, .use = FrameUse::slab};
    case PageUse::reclaimable:
        return {.order = order, .gfp = gfp::kKernel | gfp::kReclaimable, .use = FrameUse::reclaimable};
    case PageUse::unmovable: break;
    }
    return {.order = order, .gfp = gfp::kKernel, .use = FrameUse::unmovable};
}

} // namespace ksl::core
