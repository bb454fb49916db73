// SPDX-License-Identifier: MIT
#include "core/memory/kswapd.h"

#include "core/memory/compaction.h"
#include "core/memory/reclaim.h"

#include <algorithm>
#include <utility>

namespace ksl::core {

namespace {

/// Reclaims below the high watermark, boost included; the boost is then worked off.
void balance(PageAllocator& allocator, ZoneId id, Effects& fx, PageOwners* owners) {
    Zone& zone = allocator.mutable_state().zone(id);
    const std::int64_t boost = zone.boost;
    while (free_pages_exact(allocator.state(), id) <= zone.mark(Watermark::high)) {
        if (reclaim_pages(allocator, id, kReclaimAtOnce, fx, owners).pages == 0) break;
    }
    zone.boost -= std::min(zone.boost, boost);
}

/// kcompactd: compacts a zone that has no block of the order, unless that was in vain lately.
void compact(PageAllocator& allocator, ZoneId id, unsigned order, Effects& fx, PageOwners* owners) {
    PageState& state = allocator.mutable_state();
    Zone& zone = state.zone(id);
    if (!state.rules.compaction || is_compaction_deferred(zone.compaction, order)) return;
    const Compaction::Goal goal{.order = order,
                                .type = MigrateType::movable,
                                .reserve_for = id,
                                .flags = AllocFlags{Watermark::low},
                                .priority = CompactPriority::sync_light};
    const CompactResult result = Compaction(state, zone, goal, fx, owners).run();
    if (result == CompactResult::success)
        reset_compaction_deferral(zone.compaction, order, false);
    else if (result == CompactResult::complete || result == CompactResult::partial_skipped)
        defer_compaction(zone.compaction, order);
}

} // namespace

bool wants_kswapd(const PageState& state) {
    return std::ranges::any_of(state.zones, &Zone::wants_kswapd);
}

void run_kswapd(PageAllocator& allocator, Effects& fx, PageOwners* owners) {
    PageState& state = allocator.mutable_state();
    for (std::size_t index = kZones; index-- > 0;) {
        Zone& zone = state.zones[index];
        if (!std::exchange(zone.wants_kswapd, false)) continue;
        const unsigned order = std::exchange(zone.kswapd_order, std::uint8_t{0});
        if (!state.rules.reclaim) continue;
        balance(allocator, zone.id, fx, owners);
        // It forgets which pageblocks compaction found full before it sleeps.
        if (zone.compaction.forgets_skips) forget_skipped_pageblocks(state, zone);
        if (order > 0) compact(allocator, zone.id, order, fx, owners);
    }
}

} // namespace ksl::core
