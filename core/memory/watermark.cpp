// SPDX-License-Identifier: MIT
#include "core/memory/watermark.h"

namespace ksl::core {

AllocFlags slow_path_flags(Gfp gfp, unsigned order, const PageRules& rules) {
    AllocFlags flags{.mark = Watermark::min};
    flags.high = gfp.has(gfp::kHigh);
    flags.wakes_kswapd = gfp.has(gfp::kKswapdReclaim);
    if (rules.reserves == ReserveRule::harder) {
        flags.harder = gfp.has(gfp::kAtomicFlag) && !gfp.has(gfp::kNoMemalloc);
        flags.highatomic = flags.harder && order > 0;
    } else {
        flags.harder = !gfp.has(gfp::kDirectReclaim) && !gfp.has(gfp::kNoMemalloc);
        flags.highatomic = flags.harder && order > 0;
    }
    if (gfp.has(gfp::kMemalloc) && !gfp.has(gfp::kNoMemalloc)) flags.ignores_watermarks = true;
    return flags;
}

bool has_suitable_block(const PageState& state, const Zone& zone, unsigned order, AllocFlags flags) {
    const bool any_type = state.rules.reserves == ReserveRule::harder && flags.harder;
    const bool reserve = flags.highatomic || flags.oom_victim;
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
