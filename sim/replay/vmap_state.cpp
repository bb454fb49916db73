// SPDX-License-Identifier: MIT
#include "sim/replay/vmap_state.h"

#include <algorithm>

namespace ksl::sim {

namespace {

unsigned cpus_of(const capture::State& state) {
    std::size_t cpus = 1;
    if (state.buddy) {
        for (const capture::ZoneState& zone : state.buddy->zones) cpus = std::max(cpus, zone.pcp.size());
    }
    return static_cast<unsigned>(cpus);
}

} // namespace

core::VmapRules vmap_rules_of(const capture::VmapState& state) {
    core::VmapRules rules = state.has_free_tree() ? core::linux_6_1_vmap_rules() : core::linux_4_9_vmap_rules();
    // The vmalloc area is 32 TiB from its base on; its end is written as its last byte.
    rules.vmalloc = {state.vmalloc_base, state.vmalloc_base + core::Bytes{(std::uint64_t{1} << 45U) - 1}};
    return rules;
}

core::VmapSnapshot snapshot_of(const capture::VmapState& state) {
    core::VmapSnapshot snapshot;
    snapshot.areas.reserve(state.areas.size());
    for (const capture::AreaState& area : state.areas) snapshot.areas.push_back(area.range);
    snapshot.pending = state.purge_pending;
    snapshot.free = state.free;
    if (state.cache) {
        snapshot.cache = {state.cache->cached_area, state.cache->hole_size, state.cache->vstart, state.cache->align};
    }
    snapshot.lazy_pages = state.lazy_pages;
    return snapshot;
}

Result<core::VmapAllocator> allocator_of(const std::string& file, const capture::State& state) {
    auto allocator =
        core::VmapAllocator::from_snapshot(vmap_rules_of(state.vmap), cpus_of(state), snapshot_of(state.vmap));
    if (!allocator) return fail(file, 0, "the vmalloc areas are impossible: it must hold that " + allocator.error());
    return *allocator;
}

} // namespace ksl::sim
