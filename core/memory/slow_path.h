// SPDX-License-Identifier: MIT
//
// What a request goes through when the free lists do not answer it at the low watermark: the reserve below it,
// compaction, reclaim, both again, and in the end the out-of-memory killer, which is the caller's to run.
//
// Outcomes: a block; no_memory for those who do not want to wait or must not, and for orders above 3; would_oom for all
//           others. An order-2 request that may reclaim never fails by itself: PAGE_ALLOC_COSTLY_ORDER is 3.
// Source:   __alloc_pages_slowpath, __alloc_pages_direct_compact, __alloc_pages_direct_reclaim, should_reclaim_retry,
//           should_compact_retry, __alloc_pages_may_oom, unreserve_highatomic_pageblock (mm/page_alloc.c of 4.7, 4.9,
//           6.1); try_to_compact_pages, compaction_zonelist_suitable (mm/compaction.c).
// Fidelity: nobody else allocates or frees meanwhile; waiting for writeback does not happen, there is none; kswapd is
//           woken (Zone::wants_kswapd) but runs when the machine lets it (kswapd.h).
#pragma once

#include "core/memory/compaction.h"
#include "core/memory/free_list_search.h"
#include "core/memory/page_allocator.h"

namespace ksl::core {

class SlowPath {
public:
    SlowPath(PageAllocator& allocator, const AllocRequest& request, Effects& fx, PageOwners* owners);

    [[nodiscard]] std::expected<Pfn, AllocFailure> run();

private:
    using Node = FrameTable::Node;
    static constexpr Node kNone = FrameTable::kNoNode;

    [[nodiscard]] Node attempt(AllocFlags flags) { return search_.run(flags); }
    void wake_kswapd();
    /// One round of reclaim and compaction, in the kernel's order.
    [[nodiscard]] Node try_harder();
    [[nodiscard]] Node compact(CompactPriority priority);
    [[nodiscard]] Node reclaim();
    void unreserve_highatomic(bool is_forced);
    [[nodiscard]] bool may_retry();
    [[nodiscard]] bool may_retry_reclaim();
    [[nodiscard]] bool may_retry_compaction();
    [[nodiscard]] bool raise_priority();
    [[nodiscard]] bool is_any_zone_suitable() const;
    [[nodiscard]] bool must_not_kill() const;
    [[nodiscard]] std::expected<Pfn, AllocFailure> fail(AllocFailure failure);

    PageAllocator& allocator_;
    PageState& state_;
    const AllocRequest& request_;
    Effects& fx_;
    PageOwners* owners_;
    FreeListSearch<Effects> search_;
    unsigned order_;
    SlowPathRule rule_;
    AllocFlags flags_;
    CompactPriority priority_;
    CompactResult compacted_ = CompactResult::skipped;
    unsigned compaction_retries_ = 0;
    unsigned no_progress_rounds_ = 0;
    std::uint32_t progress_ = 0; ///< pages that the last reclaim freed
};

} // namespace ksl::core
