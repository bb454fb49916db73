// SPDX-License-Identifier: MIT
//
// What a zone and its per-CPU page lists keep besides the frames: sizes, watermarks, reserves, counters; and how the
// kernel computes those from the amount of memory.
//
// Units:   pages unless a name says otherwise. Counters are plain integers here: they go below zero and into
//          comparisons as the kernel's longs do.
// Source:  struct zone, struct per_cpu_pages (mmzone.h); __setup_per_zone_wmarks, setup_per_zone_lowmem_reserve,
//          init_per_zone_wmark_min (6.1: calculate_min_free_kbytes), zone_batchsize, zone_highsize (mm/page_alloc.c);
//          __mod_zone_page_state, calculate_normal_threshold (mm/vmstat.c).
#pragma once

#include "core/events/memory_events.h"
#include "core/memory/page_rules.h"
#include "core/types/ids.h"

#include <array>
#include <cstdint>
#include <span>

namespace ksl::core {

enum class Watermark : std::uint8_t { min, low, high };
inline constexpr unsigned kWatermarks = 3;

/// What compaction remembers of a zone between runs (struct zone: compact_cached_*, compact_defer_*).
struct CompactionMemory {
    std::array<std::uint32_t, 2> migrate_from{}; ///< where the migration scanner starts: asynchronous, synchronous
    std::uint32_t free_from = 0;                 ///< where the free scanner starts; outside the zone: not known
    std::uint32_t considered = 0;                ///< attempts since the last failure
    std::uint8_t defer_shift = 0;                ///< 1 << defer_shift attempts are put off
    std::uint8_t order_failed = 0;               ///< orders from here on are put off; 0 = none failed yet
    bool forgets_skips = false;                  ///< kswapd clears the marks of pageblocks to skip when it next sleeps

    template <class Archive>
    void describe(Archive& archive) {
        archive(migrate_from, free_from, considered, defer_shift, order_failed, forgets_skips);
    }
    friend bool operator==(const CompactionMemory&, const CompactionMemory&) = default;
};

struct Zone {
    ZoneId id = ZoneId::dma;
    std::uint32_t start = 0;   ///< first frame
    std::uint32_t spanned = 0; ///< to the last frame that exists
    std::uint32_t present = 0;
    std::uint32_t managed = 0;

    std::array<std::int64_t, kWatermarks> watermark{}; ///< by Watermark, without boost
    std::int64_t boost = 0;                            ///< added to each while kswapd has to make up for a steal
    std::array<std::int64_t, kZones> lowmem_reserve{}; ///< against requests that may use zones up to this one
    std::int64_t reserved_highatomic = 0;

    std::array<std::uint32_t, kOrders> free_blocks{}; ///< nr_free: blocks on the buddy lists, all types
    std::int64_t free_pages = 0;     ///< NR_FREE_PAGES as the zone knows it: without what CPUs have not reported yet
    std::int64_t fair_batch = 0;     ///< NR_ALLOC_BATCH (4.7)
    std::uint32_t lru_pages = 0;     ///< pages on its LRU list
    std::int32_t stat_threshold = 0; ///< CPUs report a counter's change when it is larger than this
    bool is_fair_depleted = false;   ///< ZONE_FAIR_DEPLETED (4.7)
    bool wants_kswapd = false;       ///< kswapd was woken for this zone and did not run yet
    std::uint8_t kswapd_order = 0;   ///< largest order that it was woken for
    CompactionMemory compaction;

    [[nodiscard]] bool is_populated() const { return managed != 0; }
    [[nodiscard]] std::uint32_t top() const { return start + spanned; }
    [[nodiscard]] bool spans(std::uint64_t frame) const { return frame >= start && frame < top(); }
    [[nodiscard]] std::int64_t mark(Watermark which) const {
        return watermark[static_cast<std::size_t>(which)] + boost;
    }

    template <class Archive>
    void describe(Archive& archive) {
        archive(id, start, spanned, present, managed, watermark, boost, lowmem_reserve, reserved_highatomic,
                free_blocks, free_pages, fair_batch, lru_pages, stat_threshold, is_fair_depleted, wants_kswapd,
                kswapd_order, compaction);
    }
    friend bool operator==(const Zone&, const Zone&) = default;
};

/// The per-CPU page lists of one zone and CPU, and the CPU's unreported counter changes.
struct PageLists {
    std::uint32_t count = 0; ///< pages on all its lists
    std::uint32_t high = 0;  ///< a free that reaches this drains
    std::uint32_t batch = 1;
    std::uint32_t first_ring = 0; ///< its lists in PageState::page_rings: by order, then by type
    std::uint8_t free_factor = 0;
    std::int8_t free_pages_diff = 0;
    std::int8_t fair_batch_diff = 0;
    std::uint8_t reserved = 0;

    friend bool operator==(const PageLists&, const PageLists&) = default;
};

/// __mod_zone_page_state: a CPU reports when it knows of more than the threshold.
inline void change_counter(std::int64_t& total, std::int8_t& diff, std::int64_t change, std::int32_t threshold) {
    const std::int64_t known = diff + change;
    const bool reports = known > threshold || known < -threshold;
    total += reports ? known : 0;
    diff = reports ? std::int8_t{0} : static_cast<std::int8_t>(known);
}
/// __dec_zone_state: like a change by -1, but a report takes half a threshold more, so that the next one comes later.
inline void decrement_counter(std::int64_t& total, std::int8_t& diff, std::int32_t threshold) {
    --diff;
    if (diff >= -threshold) return;
    const std::int32_t overstep = threshold / 2;
    total += diff - overstep;
    diff = static_cast<std::int8_t>(overstep);
}

/// One zone's turn (4.7), as one CPU acts on it: what the zone knows to be left, what the CPU did not report, used up
/// or not.
struct ZoneTurn {
    std::int64_t& left;
    std::int8_t& unreported;
    bool& is_used_up;

    /// After an allocation: single pages and larger blocks are counted differently (buffered_rmqueue).
    void use(unsigned order, std::int32_t threshold) {
        if (order == 0)
            decrement_counter(left, unreported, threshold);
        else
            change_counter(left, unreported, -(std::int64_t{1} << order), threshold);
        if (left <= 0) is_used_up = true;
    }
    /// reset_alloc_batches.
    void begin(std::int64_t batch, std::int32_t threshold) {
        change_counter(left, unreported, batch - left, threshold);
        is_used_up = false;
    }
};
/// Pages of a turn: as many as kswapd would reclaim after it.
[[nodiscard]] inline std::int64_t turn_pages(const Zone& zone) {
    return zone.mark(Watermark::high) - zone.mark(Watermark::low);
}

/// min_free_kbytes from the pages of all zones: int_sqrt(16 * KiB), clamped.
[[nodiscard]] std::uint32_t default_min_free_kib(std::uint64_t managed_pages, const PageRules& rules);
/// Sets watermarks of all zones (__setup_per_zone_wmarks).
void set_watermarks(std::span<Zone> zones, std::uint32_t min_free_kib, const PageRules& rules);
/// Sets lowmem_reserve of all zones (setup_per_zone_lowmem_reserve).
void set_lowmem_reserves(std::span<Zone> zones, const PageRules& rules);
/// zone_batchsize, at least 1 as the page lists use it.
[[nodiscard]] std::uint32_t page_list_batch(std::uint64_t managed_pages, const PageRules& rules);
/// What `high` is for a zone whose watermarks are set. 4.x: 0 for a zone too small for a batch.
[[nodiscard]] std::uint32_t page_list_high(const Zone& zone, unsigned cpus, const PageRules& rules);
/// calculate_normal_threshold.
[[nodiscard]] std::int32_t stat_threshold(std::uint64_t managed_pages, unsigned cpus);

} // namespace ksl::core
