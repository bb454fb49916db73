// SPDX-License-Identifier: MIT
//
// How the page allocator's rules differ between kernels: one switch a difference, so that a design can be tried on a
// kernel that never was. The presets are the kernels of the captures, configured as there: no NUMA, no CMA, no memory
// isolation, no transparent huge pages.
//
// Units:   pages unless a name says otherwise.
// Source:  mm/page_alloc.c, mm/compaction.c and mm/vmscan.c of 4.7, 4.9 and 6.1; the function that holds the rule
//          stands at the switch.
#pragma once

#include "core/types/address.h"
#include "core/types/ids.h"

#include <array>
#include <cstdint>

namespace ksl::core {

/// Which end of a list.
enum class ListEnd : std::uint8_t { head, tail };

/// How full the per-CPU lists of a zone may be.
enum class PcpHighRule : std::uint8_t {
    six_batches,         ///< 6 * batch (pageset_set_batch of 4.x)
    low_watermark_share, ///< max(low watermark / CPUs, 4 * batch) (zone_highsize of 6.1)
};

/// How per-CPU lists that are too full are drained (free_pcppages_bulk).
enum class PcpDrainRule : std::uint8_t {
    /// 4.x: `batch` pages, oldest first, round robin over the types from RECLAIMABLE's neighbour on; every list found
    /// empty lets the next one give one page more.
    round_robin,
    /// 6.1: the list just freed to until it is empty, then the next ones. The amount doubles with every drain that no
    /// allocation interrupts (free_factor), and a block of order 1 to 3 freed meanwhile empties everything.
    last_list_first,
};

/// What follows when a block of another type has been found (__rmqueue_fallback).
enum class StealRule : std::uint8_t {
    split_at_once,  ///< 4.x: it is taken and split, the remainder goes to the wanted type's lists
    move_and_retry, ///< 6.1: it moves to the wanted type's list, then the ordinary search starts again
};

/// Who may go how far below a watermark (__zone_watermark_ok).
enum class ReserveRule : std::uint8_t {
    harder,    ///< 4.x: __GFP_HIGH half, ALLOC_HARDER a quarter of the rest
    non_block, ///< 6.1.y: the quarter only on top of the half; out-of-memory victims another half
};

/// The order of attempts in the slow path (__alloc_pages_slowpath).
enum class SlowPathRule : std::uint8_t {
    compact_then_reclaim,           ///< 4.7: compaction, then reclaim, in every round
    reclaim_then_compact,           ///< 4.9: one compaction first for orders above 3; rounds of reclaim and compaction
    reclaim_then_compact_unmovable, ///< 6.1: the first compaction also for any unmovable or reclaimable order above 0
};

struct PageRules {
    // Per-CPU page lists.
    std::uint8_t pcp_most_order = 0; ///< orders 0 to this one have lists (pcp_allowed_order)
    bool pcp_huge_pages = false;     ///< 6.1 with transparent huge pages: lists for blocks of pageblock order as well
    bool pcp_cold_end = true;        ///< 4.x: __GFP_COLD and cold frees use the tail
    bool pcp_refused_tries_buddy =
        false; ///< 6.1: a request whose page list cannot be refilled goes on to the buddy lists
    std::uint32_t pcp_most_batch_pages = 128; ///< cap of managed/1024 in zone_batchsize: 512 KiB, 6.1: 1 MiB
    PcpHighRule pcp_high = PcpHighRule::six_batches;
    PcpDrainRule pcp_drain = PcpDrainRule::round_robin;
    std::uint8_t pcp_most_free_factor = 5; ///< 6.1: CONFIG_PCP_BATCH_SCALE_MAX

    // Fallback to other migrate types.
    StealRule steal = StealRule::split_at_once;
    ListEnd steal_to = ListEnd::head;         ///< where the free blocks of a moved pageblock go (move_freepages)
    bool steal_counts_alike_pages = false;    ///< 6.1: used pages of a like type help to claim a pageblock
    bool steal_smallest_for_movable = false;  ///< 6.1: a movable request that cannot steal takes the smallest block
    std::uint32_t watermark_boost_factor = 0; ///< 6.1: boost_watermark; 1/10000 of the high watermark
    bool avoids_fragmentation = false;        ///< 6.1: ALLOC_NOFRAGMENT
    bool merges_only_fallback_types = false;  ///< 6.1: at pageblock order and above (migratetype_is_mergeable)

    // Watermarks and zones.
    std::uint32_t most_min_free_kib = 65536; ///< clamp of the computed min_free_kbytes; 6.1: 262144
    std::uint32_t watermark_scale_factor = 10;
    std::array<std::uint32_t, 3> lowmem_reserve_ratio{256, 256, 32};
    ReserveRule reserves = ReserveRule::harder;
    bool fair_zones = false; ///< 4.7: zones take turns by NR_ALLOC_BATCH
    bool reserve_by_preferred_zone =
        true;                   ///< 4.x: lowmem_reserve of the first zone tried; 6.1: of the highest one allowed
    bool bulk_requests = false; ///< 6.1: alloc_pages_bulk

    // Slow path.
    SlowPathRule slow_path = SlowPathRule::compact_then_reclaim;
    bool compaction = true;                       ///< CONFIG_COMPACTION
    bool reclaim = true;                          ///< off: direct reclaim finds nothing and kswapd sleeps
    std::uint8_t compaction_index_from_order = 0; ///< the fragmentation index decides for these orders; 4.9 and 6.1: 4
    bool compaction_needs_low_watermark = true;   ///< of orders up to 3 as well; 4.9 and 6.1: those need min only

    // Boot.
    ListEnd boot_to = ListEnd::head; ///< where memblock's free memory goes; 6.1: __free_pages_core, tail

    [[nodiscard]] static PageRules linux_4_7();
    [[nodiscard]] static PageRules linux_4_9();
    [[nodiscard]] static PageRules linux_6_1();

    [[nodiscard]] bool uses_pcp(unsigned order) const {
        return order <= pcp_most_order || (pcp_huge_pages && order == kPageblockOrder.raw());
    }
    /// Per-CPU lists of one zone and CPU: three types an order, and two for huge pages.
    [[nodiscard]] unsigned pcp_lists() const { return (pcp_most_order + 1U) * 3U + (pcp_huge_pages ? 2U : 0U); }

    template <class Archive>
    void describe(Archive& archive) {
        archive(pcp_most_order, pcp_huge_pages, pcp_cold_end, pcp_refused_tries_buddy, pcp_most_batch_pages, pcp_high,
                pcp_drain, pcp_most_free_factor, steal, steal_to, steal_counts_alike_pages, steal_smallest_for_movable,
                watermark_boost_factor, avoids_fragmentation, merges_only_fallback_types, most_min_free_kib,
                watermark_scale_factor, lowmem_reserve_ratio, reserves, fair_zones, reserve_by_preferred_zone,
                bulk_requests, slow_path, compaction, reclaim, compaction_index_from_order,
                compaction_needs_low_watermark, boot_to);
    }
    friend bool operator==(const PageRules&, const PageRules&) = default;
};

} // namespace ksl::core
