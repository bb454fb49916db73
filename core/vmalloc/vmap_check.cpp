// SPDX-License-Identifier: MIT
#include "core/vmalloc/address_tree.h"
#include "core/vmalloc/vmap_allocator.h"

#include <algorithm>

namespace ksl::core {

/// What the trees and lists contain, to be held against the counters.
struct VmapAllocator::Tally {
    std::size_t records = 0;
    std::uint32_t busy = 0;
    std::uint32_t lazy = 0;
    Pages lazy_pages;
};

/// Indices lead to what exists. Nothing else may be looked at before: the state may come from a damaged file.
const char* VmapAllocator::check_indices() const {
    if (const char* broken = areas_.check_indices(); *broken != '\0') return broken;
    bool all_exist = true;
    for (const NodeIndex root : {first_fit_.root(), busy_root_, purge_root_}) all_exist &= areas_.exists(root);
    const AreaId cached = first_fit_.cache().area;
    all_exist &= cached.is_none() || cached.raw() < areas_.size();
    for (std::size_t i = 0; i < purge_list_.size(); ++i) all_exist &= purge_list_[i].raw() < areas_.size();
    if (rules_.has_nodes() && nodes_.count() != rules_.nodes) return "there are as many vmap nodes as the rules say";
    all_exist &= nodes_.check_indices(areas_);
    return all_exist ? "" : "roots and lists lead to records";
}

const char* VmapAllocator::check_tree(NodeIndex root, AreaKind kind, Tally& tally) const {
    std::size_t count = 0;
    if (const char* broken = check_red_black(areas_, root, count); *broken != '\0') return broken;
    tally.records += count;
    const char* broken = "";
    std::uint64_t end = 0;
    for_each_in_order(areas_, root, [&](NodeIndex node) {
        const AreaNode& area = areas_[node];
        const bool may_be_lazy = kind == AreaKind::lazy || !rules_.has_free_tree();
        const bool is_lazy = may_be_lazy && area.kind() == AreaKind::lazy;
        if (area.start() >= area.end()) broken = "an area is not empty";
        if (area.start() < end) broken = "areas of a tree are in order and do not overlap";
        if (area.kind() != kind && !is_lazy) broken = "an area is of its tree's kind";
        if (area.kind() == AreaKind::busy) ++tally.busy;
        if (area.kind() == AreaKind::lazy) {
            ++tally.lazy;
            tally.lazy_pages += area.pages();
        }
        end = area.end();
    });
    return broken;
}

const char* VmapAllocator::check_first_fit(Tally& tally) const {
    if (const char* broken = check_tree(first_fit_.root(), AreaKind::busy, tally); *broken != '\0') return broken;
    for (std::size_t i = 0; i < purge_list_.size(); ++i) {
        if (areas_[purge_list_[i].raw()].kind() != AreaKind::lazy) return "what is on the purge list waits for a purge";
    }
    if (purge_list_.size() != tally.lazy) return "every area that waits for a purge is on the purge list";
    const AreaId cached = first_fit_.cache().area;
    if (!cached.is_none() && areas_[cached.raw()].kind() == AreaKind::unused) return "the cached area exists";
    return "";
}

const char* VmapAllocator::check_trees(Tally& tally) const {
    if (!rules_.has_free_tree()) return check_first_fit(tally);
    if (const char* broken = check_tree(busy_root_, AreaKind::busy, tally); *broken != '\0') return broken;
    if (const char* broken = check_tree(purge_root_, AreaKind::lazy, tally); *broken != '\0') return broken;
    for (std::uint32_t node = 0; node < nodes_.count(); ++node) {
        if (const char* broken = check_tree(nodes_.busy(node), AreaKind::busy, tally); *broken != '\0') return broken;
        if (const char* broken = check_tree(nodes_.lazy(node), AreaKind::lazy, tally); *broken != '\0') return broken;
        for (std::uint32_t pool = 0; pool < VmapNodes::kPools; ++pool) tally.records += nodes_.pooled(node, pool);
    }
    if (const char* broken = nodes_.check_pools(areas_); *broken != '\0') return broken;
    return free_.check_invariants();
}

/// With a tree of free ranges every address is somewhere, once; without one, nothing overlaps (which its one tree
/// shows).
const char* VmapAllocator::check_ranges() const {
    if (!rules_.has_free_tree()) return "";
    std::vector<VirtRange> all;
    for (NodeIndex i = 0; i < areas_.size(); ++i) {
        if (areas_[i].kind() != AreaKind::unused) all.push_back(areas_[i].range());
    }
    for_each_in_order(free_.pool(), free_.root(), [&](NodeIndex i) { all.push_back(free_.pool()[i].range()); });
    std::ranges::sort(all);
    VirtAddr end = FreeSpace::everything().lowest;
    for (const VirtRange range : all) {
        if (range.lowest != end) return "every address is in one area, or waits for a purge, or is pooled, or is free";
        end = range.top;
    }
    return end == FreeSpace::everything().top ? "" : "the addresses end where they should";
}

std::string VmapAllocator::check_invariants() const {
    if (const char* broken = check_indices(); *broken != '\0') return broken;
    Tally tally;
    if (const char* broken = check_trees(tally); *broken != '\0') return broken;
    if (const char* broken = areas_.check_free_places(); *broken != '\0') return broken;
    if (tally.records != areas_.used()) return "every record in use is in a tree or in a pool";
    if (tally.busy != busy_) return "areas in use are counted";
    if (tally.lazy_pages != lazy_pages_) return "pages that wait for a purge are counted";
    if (tally.lazy > pending_) return "areas that wait for a purge are counted";
    return check_ranges();
}

} // namespace ksl::core
