// SPDX-License-Identifier: MIT
//
// An allocator from the ranges of a recorded state, and the ranges of an allocator.
#include "core/vmalloc/address_tree.h"
#include "core/vmalloc/vmap_allocator.h"

#include <algorithm>
#include <utility>

namespace ksl::core {

namespace {

bool is_whole_pages(VirtRange range) {
    return !range.is_empty() && is_aligned(range.lowest, Bytes{kPageBytes}) && is_aligned(range.top, Bytes{kPageBytes});
}

/// Ranges of whole pages, by address, without overlaps.
bool is_ordered(const std::vector<VirtRange>& ranges) {
    for (std::size_t i = 0; i < ranges.size(); ++i) {
        if (!is_whole_pages(ranges[i])) return false;
        if (i != 0 && ranges[i].lowest < ranges[i - 1].top) return false;
    }
    return true;
}

} // namespace

std::expected<VmapAllocator, std::string> VmapAllocator::from_snapshot(const VmapRules& rules, unsigned online_cpus,
                                                                       const VmapSnapshot& snapshot) {
    VmapAllocator allocator{rules, online_cpus};
    const std::string broken = allocator.load(snapshot);
    if (!broken.empty()) return std::unexpected(broken);
    return allocator;
}

const char* VmapAllocator::load(const VmapSnapshot& snapshot) {
    if (!snapshot.pooled.empty()) return "areas in pools cannot be loaded: a range does not say in which";
    if (!is_ordered(snapshot.areas)) return "areas are whole pages, by address, and do not overlap";
    using Load = const char* (VmapAllocator::*)(const VmapSnapshot&);
    const Load load_pending =
        rules_.has_free_tree() ? &VmapAllocator::load_purge_tree : &VmapAllocator::load_purge_list;
    for (const Load part : {&VmapAllocator::load_areas, load_pending, &VmapAllocator::load_free_ranges}) {
        if (const char* broken = (this->*part)(snapshot); *broken != '\0') return broken;
    }
    return lazy_pages_ == snapshot.lazy_pages ? "" : "the pages that wait for a purge are those of the ranges that do";
}

const char* VmapAllocator::load_areas(const VmapSnapshot& snapshot) {
    Effects silent;
    SilentVmapHost host;
    for (const VirtRange range : snapshot.areas) {
        const NodeIndex area = areas_.add({range, AreaKind::busy, AreaObject::none()});
        if (rules_.has_free_tree()) {
            insert_busy(area, silent, host);
        } else {
            first_fit_.insert(areas_, area, rules_, silent, host);
        }
        ++busy_;
    }
    return "";
}

NodeIndex VmapAllocator::area_at(VirtRange range) const {
    Effects silent;
    const AreaId found = find(range.lowest, silent, SilentVmapHost{});
    return found.is_none() || this->range(found) != range ? kNoNode : found.raw();
}

/// Up to 5.1 what waits is still among the areas; and the search has its variables.
const char* VmapAllocator::load_purge_list(const VmapSnapshot& snapshot) {
    for (auto range = snapshot.pending.rbegin(); range != snapshot.pending.rend(); ++range) {
        const NodeIndex area = area_at(*range);
        if (area == kNoNode) return "what waits for a purge is an area";
        if (areas_[area].kind() != AreaKind::busy) return "an area waits for a purge once";
        areas_.mut(area).set_kind(AreaKind::lazy);
        lazy_pages_ += areas_[area].pages();
        purge_list_.push_back(AreaId{area});
        --busy_;
        ++pending_;
    }
    AreaSearchCache cache{AreaId::none(), snapshot.cache.hole_size, snapshot.cache.vstart, snapshot.cache.align};
    if (snapshot.cache.area != VirtAddr{0}) {
        Effects silent;
        cache.area = find(snapshot.cache.area, silent, SilentVmapHost{});
        if (cache.area.is_none() || range(cache.area).lowest != snapshot.cache.area) {
            return "the cached area is the start of an area";
        }
    }
    first_fit_.set_cache(cache);
    return "";
}

const char* VmapAllocator::load_purge_tree(const VmapSnapshot& snapshot) {
    if (!is_ordered(snapshot.pending)) return "what waits for a purge is whole pages, by address, without overlaps";
    Effects silent;
    SilentVmapHost host;
    for (const VirtRange range : snapshot.pending) {
        const NodeIndex area = areas_.add({range, AreaKind::lazy, AreaObject::none()});
        lazy_pages_ += areas_[area].pages();
        put_in_purge_tree(area, silent, host);
        ++pending_;
    }
    return "";
}

/// Areas, waiting ranges and free ranges together are everything, each address once.
const char* VmapAllocator::load_free_ranges(const VmapSnapshot& snapshot) {
    if (!rules_.has_free_tree()) return snapshot.free.empty() ? "" : "this allocator has no free ranges";
    Effects silent;
    SilentVmapHost host;
    free_ = FreeSpace{};
    std::vector<VirtRange> all = snapshot.areas;
    all.insert(all.end(), snapshot.pending.begin(), snapshot.pending.end());
    for (const VirtRange shown : snapshot.free) {
        const VirtRange range = FreeSpace::whole_pages(shown);
        if (!is_whole_pages(range)) return "free ranges are whole pages";
        all.push_back(range);
    }
    std::ranges::sort(all);
    VirtAddr end = FreeSpace::everything().lowest;
    for (const VirtRange range : all) {
        if (range.lowest != end) return "every address is in one area, or waits for a purge, or is free";
        end = range.top;
    }
    if (end != FreeSpace::everything().top) return "every address is in one area, or waits for a purge, or is free";
    for (const VirtRange shown : snapshot.free) {
        free_.give(FreeSpace::whole_pages(shown), AreaObject::none(), rules_, silent, host);
    }
    return free_.ranges() == snapshot.free.size() ? "" : "free ranges that touch are one range";
}

/// The records of one tree, or of the trees of all nodes, by address.
std::vector<NodeIndex> VmapAllocator::in_order(FunctionRef<NodeIndex(std::uint32_t)> root_of_node) const {
    std::vector<NodeIndex> found;
    const std::uint32_t trees = rules_.has_nodes() ? nodes_.count() : 1;
    for (std::uint32_t tree = 0; tree < trees; ++tree) {
        for_each_in_order(areas_, root_of_node(tree), [&](NodeIndex area) { found.push_back(area); });
    }
    if (trees > 1) std::ranges::sort(found, {}, [&](NodeIndex area) { return areas_[area].start(); });
    return found;
}

void VmapAllocator::for_each_area(FunctionRef<void(AreaId)> visit) const {
    const auto root_of = [&](std::uint32_t node) {
        if (!rules_.has_free_tree()) return first_fit_.root();
        return rules_.has_nodes() ? nodes_.busy(node) : busy_root_;
    };
    for (const NodeIndex area : in_order(root_of)) visit(AreaId{area});
}

void VmapAllocator::for_each_pending(FunctionRef<void(AreaId)> visit) const {
    if (!rules_.has_free_tree()) {
        for (std::size_t i = purge_list_.size(); i-- > 0;) visit(purge_list_[i]);
        return;
    }
    const auto root_of = [&](std::uint32_t node) { return rules_.has_nodes() ? nodes_.lazy(node) : purge_root_; };
    for (const NodeIndex area : in_order(root_of)) visit(AreaId{area});
}

void VmapAllocator::for_each_free(FunctionRef<void(VirtRange)> visit) const {
    for_each_in_order(free_.pool(), free_.root(),
                      [&](NodeIndex node) { visit(FreeSpace::shown_range(free_.pool()[node].range())); });
}

VmapSnapshot VmapAllocator::snapshot() const {
    VmapSnapshot snapshot;
    for_each_area([&](AreaId area) { snapshot.areas.push_back(range(area)); });
    for_each_pending([&](AreaId area) { snapshot.pending.push_back(range(area)); });
    for_each_free([&](VirtRange range) { snapshot.free.push_back(range); });
    for (std::uint32_t node = 0; node < nodes_.count(); ++node) {
        for (std::uint32_t pool = 0; pool < VmapNodes::kPools; ++pool) {
            for (NodeIndex at = nodes_.first_pooled(node, pool); at != kNoNode; at = areas_.links(at).right()) {
                snapshot.pooled.push_back(areas_[at].range());
            }
        }
    }
    std::ranges::sort(snapshot.pooled);
    const AreaSearchCache& cache = first_fit_.cache();
    snapshot.cache = {cache.area.is_none() ? VirtAddr{0} : range(cache.area).lowest, cache.hole_size, cache.vstart,
                      cache.align};
    snapshot.lazy_pages = lazy_pages_;
    return snapshot;
}

} // namespace ksl::core
