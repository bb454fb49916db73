// SPDX-License-Identifier: MIT
//
// What a request may do at one attempt (the kernel's alloc_flags), and the test whether a zone has enough for it.
//
// Source:  ALLOC_* of mm/internal.h; gfp_to_alloc_flags, __zone_watermark_ok, zone_watermark_fast of
// mm/page_alloc.c, 4.7,
//          4.9 and 6.1.
#pragma once

#include "core/memory/gfp.h"
#include "core/memory/page_state.h"

#include <cstdint>

namespace ksl::core {

struct AllocFlags {
    Watermark mark = Watermark::low;
    bool ignores_watermarks = false; ///< ALLOC_NO_WATERMARKS
    bool high = false;               ///< ALLOC_HIGH (6.1.y: ALLOC_MIN_RESERVE)
    bool harder = false;             ///< ALLOC_HARDER (6.1.y: ALLOC_NON_BLOCK)
    bool highatomic = false;         ///< may take from the high-atomic reserve
    bool oom_victim = false;         ///< ALLOC_OOM
    bool no_fragment = false;        ///< ALLOC_NOFRAGMENT
    bool fair = false;               ///< ALLOC_FAIR (4.7)
    bool wakes_kswapd = false;       ///< ALLOC_KSWAPD
};

/// The flags of the slow path; those of the first attempt are WMARK_LOW and nothing else.
[[nodiscard]] AllocFlags slow_path_flags(Gfp gfp, unsigned order, const PageRules& rules);

/// `mark` with the caller's rights taken off.
[[nodiscard]] inline std::int64_t reachable_mark(std::int64_t mark, AllocFlags flags, ReserveRule rule) {
    if (flags.high) mark -= mark / 2;
    if (rule == ReserveRule::harder) {
        if (flags.harder) mark -= mark / 4;
    } else {
        if (flags.high && flags.harder) mark -= mark / 4;
        if (flags.oom_victim) mark -= mark / 2;
    }
    return mark;
}

/// True if the high-atomic reserve counts as free for this caller.
[[nodiscard]] inline bool reaches_highatomic(AllocFlags flags, ReserveRule rule) {
    if (rule == ReserveRule::harder) return flags.harder;
    return flags.harder || flags.high || flags.oom_victim;
}

/// A block of at least `order` is on a list that the caller may take from.
[[nodiscard]] bool has_suitable_block(const PageState& state, const Zone& zone, unsigned order, AllocFlags flags);

/// __zone_watermark_ok, with `free` for the zone's free pages. `reserve_for`: index into lowmem_reserve.
[[nodiscard]] inline bool watermark_ok(const PageState& state, const Zone& zone, unsigned order, std::int64_t mark,
                                       ZoneId reserve_for, AllocFlags flags, std::int64_t free) {
    const ReserveRule rule = state.rules.reserves;
    free -= (std::int64_t{1} << order) - 1;
    if (!reaches_highatomic(flags, rule)) free -= zone.reserved_highatomic;
    const std::int64_t least =
        reachable_mark(mark, flags, rule) + zone.lowmem_reserve[static_cast<std::size_t>(reserve_for)];
    if (free <= least) return false;
    return order == 0 || has_suitable_block(state, zone, order, flags);
}

/// The zone's own idea of its free pages, which lags behind by what CPUs did not report.
[[nodiscard]] inline std::int64_t known_free_pages(const Zone& zone) {
    return zone.free_pages < 0 ? 0 : zone.free_pages;
}

} // namespace ksl::core
