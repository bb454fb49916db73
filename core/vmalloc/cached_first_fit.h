// SPDX-License-Identifier: MIT
//
// The address search of Linux up to 5.1: lowest address first, but starting behind the area given out last as long as
// nothing says that a lower hole could fit. It keeps one tree of all areas, those that wait for a purge included.
//
// Cost:    O(1) while requests are alike; a request with a smaller alignment than the one before (a vmalloc after a
//          stack) walks over all areas from the bottom of its window: the pathology that 68ad4a330433 removed.
// Source:  alloc_vmap_area, __insert_vmap_area and __free_vmap_area, mm/vmalloc.c of 4.7 and 4.9.
#pragma once

#include "core/effects/effects.h"
#include "core/vmalloc/area_request.h"
#include "core/vmalloc/vmap_area.h"
#include "core/vmalloc/vmap_host.h"
#include "core/vmalloc/vmap_rules.h"

#include <optional>

namespace ksl::core {

/// free_vmap_cache and its companions.
struct AreaSearchCache {
    AreaId area;     ///< the area given out last, or a lower one after frees; none = search from the bottom
    Bytes hole_size; ///< size of the largest hole seen below `area`
    VirtAddr vstart; ///< window start of the last request
    Bytes align;     ///< alignment of the last request

    template <class Archive>
    void describe(Archive& archive) {
        archive(area, hole_size, vstart, align);
    }
    friend bool operator==(const AreaSearchCache&, const AreaSearchCache&) = default;
};

class CachedFirstFit {
public:
    struct Found {
        VirtAddr start;
        std::uint32_t steps = 0; ///< areas looked at
    };

    /// Where the request fits; nullopt if it does not (then the caller purges and tries again).
    [[nodiscard]] std::optional<Found> find(const AreaPool& pool, const AreaRequest& request, const VmapRules& rules,
                                            Effects& fx, const VmapHost& host);
    /// Adds a record for the range found; it becomes the cached one.
    [[nodiscard]] NodeIndex insert(AreaPool& pool, const AreaNode& area, const VmapRules& rules, Effects& fx,
                                   const VmapHost& host);
    /// Takes a record out; the cache falls back to the area below it where it lies at or above.
    void erase(AreaPool& pool, NodeIndex area, const VmapRules& rules, Effects& fx, const VmapHost& host);

    [[nodiscard]] NodeIndex root() const { return root_; }
    [[nodiscard]] const AreaSearchCache& cache() const { return cache_; }
    void set_cache(const AreaSearchCache& cache) { cache_ = cache; }

    template <class Archive>
    void describe(Archive& archive) {
        archive(root_, cache_);
    }
    friend bool operator==(const CachedFirstFit&, const CachedFirstFit&) = default;

private:
    template <class Touch>
    [[nodiscard]] std::optional<Found> search(const AreaPool& pool, const AreaRequest& request, Effects& fx,
                                              Touch touch);
    template <class Touch>
    [[nodiscard]] NodeIndex lowest_ending_at_or_above(const AreaPool& pool, std::uint64_t address, std::uint32_t& steps,
                                                      Effects& fx, Touch touch) const;

    NodeIndex root_ = kNoNode;
    AreaSearchCache cache_;
};

} // namespace ksl::core
