// SPDX-License-Identifier: MIT
//
// What a request may do at one attempt (the kernel's alloc_flags), and the test whether a zone has enough for it.
//
// Source:  ALLOC_* of mm/internal.h; gfp_to_alloc_flags, __zone_watermark_ok, zone_watermark_fast of mm/page_alloc.c,
//          4.7, 4.9 and 6.1.
#pragma once

#include "core/memory/gfp.h"
#include "core/memory/page_state.h"

#include <cstdint>

namespace ksl::core {

class AllocFlags {
public:
    enum Flag : std::uint16_t {
        kIgnoresWatermarks = 4, ///< ALLOC_NO_WATERMARKS
        kOomVictim = 8,         ///< ALLOC_OOM
        kHigh = 16,             ///< ALLOC_HIGH (6.1.y: ALLOC_MIN_RESERVE)
        kHarder = 32,           ///< ALLOC_HARDER (6.1.y: ALLOC_NON_BLOCK)
        kHighatomic = 64,       ///< may take from the high-atomic reserve
        kWakesKswapd = 128,     ///< ALLOC_KSWAPD
        kNoFragment = 256,      ///< ALLOC_NOFRAGMENT
        kFair = 512,            ///< ALLOC_FAIR (4.7)
    };

    constexpr explicit AllocFlags(Watermark mark) : bits_(static_cast<std::uint16_t>(mark)) {}
    /// What a first attempt may: nothing beyond the low watermark. The kswapd flag is where gfp has its own.
    constexpr AllocFlags(Gfp gfp, bool is_fair, bool avoids_fragmentation)
        : bits_(static_cast<std::uint16_t>(static_cast<unsigned>(Watermark::low) | (gfp.raw() & kWakesKswapd) |
                                           (is_fair ? unsigned{kFair} : 0U) |
                                           (avoids_fragmentation ? unsigned{kNoFragment} : 0U))) {}

    [[nodiscard]] constexpr Watermark mark() const { return static_cast<Watermark>(bits_ & 3U); }
    [[nodiscard]] constexpr bool has(Flag flag) const { return (bits_ & flag) != 0; }
    [[nodiscard]] constexpr AllocFlags with(Flag flag, bool is_set = true) const {
        AllocFlags flags = *this;
        flags.bits_ = static_cast<std::uint16_t>(is_set ? bits_ | flag : bits_ & ~flag);
        return flags;
    }
    [[nodiscard]] constexpr AllocFlags without(Flag flag) const { return with(flag, false); }

private:
    std::uint16_t bits_;
};
static_assert(gfp::kKswapdReclaim.raw() == AllocFlags::kWakesKswapd);

/// The flags of the slow path's attempts.
[[nodiscard]] AllocFlags slow_path_flags(Gfp gfp, unsigned order, const PageRules& rules);

/// `mark` with the caller's rights taken off.
[[nodiscard]] inline std::int64_t reachable_mark(std::int64_t mark, AllocFlags flags, ReserveRule rule) {
    const bool is_high = flags.has(AllocFlags::kHigh);
    if (is_high) mark -= mark / 2;
    if (rule == ReserveRule::harder) {
        if (flags.has(AllocFlags::kHarder)) mark -= mark / 4;
    } else {
        if (is_high && flags.has(AllocFlags::kHarder)) mark -= mark / 4;
        if (flags.has(AllocFlags::kOomVictim)) mark -= mark / 2;
    }
    return mark;
}

/// True if the high-atomic reserve counts as free for this caller.
[[nodiscard]] inline bool reaches_highatomic(AllocFlags flags, ReserveRule rule) {
    const bool is_harder = flags.has(AllocFlags::kHarder);
    if (rule == ReserveRule::harder) return is_harder;
    return is_harder || flags.has(AllocFlags::kHigh) || flags.has(AllocFlags::kOomVictim);
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

} // namespace ksl::core
