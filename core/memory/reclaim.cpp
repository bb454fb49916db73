// SPDX-License-Identifier: MIT
#include "core/memory/reclaim.h"

#include <algorithm>
#include <vector>

namespace ksl::core {

namespace {

using Node = FrameTable::Node;

constexpr int kLowestPriority = 12; ///< DEF_PRIORITY

/// shrink_page_list on the oldest `most` pages of a zone.
std::uint32_t shrink(PageAllocator& allocator, ZoneId zone, std::uint32_t most, Effects& fx, PageOwners* owners) {
    std::vector<Pfn> pages;
    const FrameTable& frames = allocator.state().frames;
    const Node sentinel = frames.sentinel(PageState::lru_list(zone));
    while (pages.size() < most) {
        const Node oldest = frames.prev(sentinel);
        if (oldest == sentinel) break;
        fx.charge(Step::reclaim_scan_page);
        fx.write(fx.data().page_struct(Pfn{oldest}));
        allocator.lru_remove(Pfn{oldest});
        if (owners != nullptr) owners->page_dropped(Pfn{oldest});
        pages.emplace_back(oldest);
    }
    fx.charge(Step::reclaim_page, static_cast<std::uint32_t>(pages.size()));
    allocator.free_batch(pages, fx, FreePath::page_list_cold);
    return static_cast<std::uint32_t>(pages.size());
}

} // namespace

ReclaimResult reclaim_pages(PageAllocator& allocator, ZoneId highest, std::uint32_t wanted, Effects& fx,
                            PageOwners* owners) {
    ReclaimResult result;
    if (!allocator.state().rules.reclaim) return result;
    for (int priority = kLowestPriority; priority >= 0 && result.pages < wanted; --priority) {
        for (int index = static_cast<int>(highest); index >= 0 && result.pages < wanted; --index) {
            const Zone& zone = allocator.state().zones[static_cast<std::size_t>(index)];
            const std::uint32_t share = zone.lru_pages >> priority;
            const std::uint32_t pages =
                shrink(allocator, zone.id, std::min({share, wanted - result.pages, kReclaimAtOnce}), fx, owners);
            result.scanned += pages;
            result.pages += pages;
        }
    }
    fx.report(EventLevel::fine, [&] { return Reclaimed{.scanned = result.scanned, .pages = result.pages}; });
    return result;
}

} // namespace ksl::core
