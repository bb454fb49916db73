// SPDX-License-Identifier: MIT
//
// What a page request may do and which memory it wants: the kernel's gfp flags, as far as the allocator acts on them,
// and the combinations that kernel code asks with.
//
// Source:  include/linux/gfp.h of 4.7 and 6.1 (gfp_types.h). Flags that only concern I/O, accounting or warnings are
// absent.
#pragma once

#include "core/events/memory_events.h"

#include <array>
#include <cstdint>

namespace ksl::core {

class Gfp {
public:
    constexpr Gfp() = default;

    friend constexpr Gfp operator|(Gfp a, Gfp b) { return Gfp{static_cast<std::uint16_t>(a.bits_ | b.bits_)}; }
    constexpr Gfp& operator|=(Gfp other) { return *this = *this | other; }
    [[nodiscard]] constexpr Gfp without(Gfp other) const {
        return Gfp{static_cast<std::uint16_t>(bits_ & ~other.bits_)};
    }
    /// True if all of `other` is set.
    [[nodiscard]] constexpr bool has(Gfp other) const { return (bits_ & other.bits_) == other.bits_; }
    friend constexpr bool operator==(Gfp, Gfp) = default;

    [[nodiscard]] constexpr std::uint16_t raw() const { return bits_; }

    static constexpr Gfp flag(unsigned bit) { return Gfp{static_cast<std::uint16_t>(1U << bit)}; }

private:
    constexpr explicit Gfp(std::uint16_t bits) : bits_(bits) {}
    std::uint16_t bits_ = 0;
};

namespace gfp {
inline constexpr Gfp kDma = Gfp::flag(0);   ///< ZONE_DMA only
inline constexpr Gfp kDma32 = Gfp::flag(1); ///< ZONE_DMA32 and below
inline constexpr Gfp kMovable = Gfp::flag(2);
inline constexpr Gfp kReclaimable = Gfp::flag(3);
inline constexpr Gfp kHigh = Gfp::flag(4);          ///< may use half of the reserve below the min watermark
inline constexpr Gfp kAtomicFlag = Gfp::flag(5);    ///< __GFP_ATOMIC: cannot sleep and is urgent
inline constexpr Gfp kDirectReclaim = Gfp::flag(6); ///< may reclaim and compact itself
inline constexpr Gfp kKswapdReclaim = Gfp::flag(7); ///< wakes kswapd
inline constexpr Gfp kCold = Gfp::flag(8);          ///< 4.x: wants a page that is not in the cache
inline constexpr Gfp kNoRetry = Gfp::flag(9);       ///< fails rather than loops
inline constexpr Gfp kRetryMayFail = Gfp::flag(10); ///< __GFP_REPEAT of 4.x
inline constexpr Gfp kNoFail = Gfp::flag(11);       ///< loops for ever
inline constexpr Gfp kMemalloc = Gfp::flag(12);     ///< no watermarks
inline constexpr Gfp kNoMemalloc = Gfp::flag(13);   ///< no reserves
inline constexpr Gfp kZero = Gfp::flag(14);         ///< wanted clear: who has the contents clears and pays

inline constexpr Gfp kReclaim = kDirectReclaim | kKswapdReclaim;
inline constexpr Gfp kKernel = kReclaim;
inline constexpr Gfp kNowait = kKswapdReclaim;
inline constexpr Gfp kAtomic = kHigh | kAtomicFlag | kKswapdReclaim;
inline constexpr Gfp kUser = kReclaim;
inline constexpr Gfp kUserMovable = kReclaim | kMovable; ///< GFP_HIGHUSER_MOVABLE: there is no high memory here
} // namespace gfp

static_assert(gfp::kDma.raw() == 1 && gfp::kDma32.raw() == 2 && gfp::kMovable.raw() == 4 &&
              gfp::kReclaimable.raw() == 8);
namespace detail {
inline constexpr std::array kHighestZones{ZoneId::normal, ZoneId::dma, ZoneId::dma32, ZoneId::dma};
inline constexpr std::array kTypes{MigrateType::unmovable, MigrateType::movable, MigrateType::reclaimable,
                                   MigrateType::movable};
} // namespace detail

/// gfpflags_to_migratetype / gfp_migratetype.
[[nodiscard]] constexpr MigrateType migrate_type_of(Gfp gfp) {
    return detail::kTypes[(gfp.raw() >> 2) & 3U];
}
/// gfp_zone: the highest zone that the request may use.
[[nodiscard]] constexpr ZoneId highest_zone_of(Gfp gfp) {
    return detail::kHighestZones[gfp.raw() & 3U];
}

} // namespace ksl::core
