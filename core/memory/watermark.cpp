// SPDX-License-Identifier: MIT
#include "core/memory/watermark.h"

namespace ksl::core {

AllocFlags slow_path_flags(Gfp gfp, unsigned order, const PageRules& rules) {
    const bool may_use_reserves = !gfp.has(gfp::kNoMemalloc);
    const bool is_urgent =
        rules.reserves == ReserveRule::harder ? gfp.has(gfp::kAtomicFlag) : !gfp.has(gfp::kDirectReclaim);
    const bool is_harder = is_urgent && may_use_reserves;
    return AllocFlags{Watermark::min}
        .with(AllocFlags::kHigh, gfp.has(gfp::kHigh))
        .with(AllocFlags::kWakesKswapd, gfp.has(gfp::kKswapdReclaim))
        .with(AllocFlags::kHarder, is_harder)
        .with(AllocFlags::kHighatomic, is_harder && order > 0)
        .with(AllocFlags::kIgnoresWatermarks, gfp.has(gfp::kMemalloc) && may_use_reserves);
}

bool has_suitable_block(const PageState& state, const Zone& zone, unsigned order, AllocFlags flags) {
    const bool any_type = state.rules.reserves == ReserveRule::harder && flags.has(AllocFlags::kHarder);
    const bool reserve = flags.has(AllocFlags::kHighatomic) || flags.has(AllocFlags::kOomVictim);
    for (unsigned at = order; at < kOrders; ++at) {
        if (zone.free_blocks[at] == 0) continue;
        if (any_type) return true;
        const unsigned types = reserve ? kMigrateTypes : kPcpMigrateTypes;
        for (unsigned type = 0; type < types; ++type) {
            if (!state.frames.is_empty(PageState::free_list(zone.id, at, static_cast<MigrateType>(type)))) return true;
        }
    }
    return false;
}

} // namespace ksl::core
