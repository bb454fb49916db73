// SPDX-License-Identifier: MIT
//
// What the page allocator tells and asks the rest of the machine while it works: pages that compaction moved, pages
// that reclaim dropped, and what it cannot know by itself. The defaults are for callers whose pages nobody else names.
#pragma once

#include "core/events/memory_events.h"
#include "core/types/address.h"

namespace ksl::core {

class PageOwners {
public:
    virtual ~PageOwners() = default;

    /// The page is in another frame now; owner and use moved with it, whoever names it by frame must follow.
    virtual void page_moved(Pfn /*from*/, Pfn /*to*/) {}
    /// A page-cache page was dropped; its frame is about to be freed.
    virtual void page_dropped(Pfn /*frame*/) {}
    /// Whether a steal makes the pageblock at `block` the requester's. `by_rule` is what the frame table says; a
    /// recorded run knows better, because whether a used page is movable is not in its records.
    virtual bool claims_pageblock(Pfn /*block*/, MigrateType /*wanted*/, bool by_rule) { return by_rule; }

protected:
    PageOwners() = default;
    PageOwners(const PageOwners&) = default;
    PageOwners& operator=(const PageOwners&) = default;
};

} // namespace ksl::core
