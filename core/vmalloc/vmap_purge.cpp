// SPDX-License-Identifier: MIT
//
// Purges: one flush, then everything that waited becomes free.
#include "core/vmalloc/address_tree.h"
#include "core/vmalloc/vmap_allocator.h"

#include <algorithm>

namespace ksl::core {

namespace {

/// Lowest and highest address of what is purged.
VirtRange extended(VirtRange span, VirtRange range) {
    return {std::min(span.lowest, range.lowest), std::max(span.top, range.top)};
}
constexpr VirtRange kNothing{VirtAddr{~std::uint64_t{0}}, VirtAddr{0}};

} // namespace

PurgeResult VmapAllocator::purge(PurgeReason reason, Effects& fx, VmapHost& host) {
    fx.charge(Step::purge_entry);
    const PurgeResult result = purge_everything(reason, fx, host);
    if (const auto flush = result.flush) {
        fx.report(EventLevel::coarse, [&] {
            return AreasPurged{result.areas, result.pages.count(), flush->lowest.raw(), flush->top.raw()};
        });
    }
    return result;
}

PurgeResult VmapAllocator::purge_everything(PurgeReason reason, Effects& fx, VmapHost& host) {
    if (!rules_.has_free_tree()) return purge_first_fit(fx, host);
    return rules_.has_nodes() ? purge_nodes(reason, fx, host) : purge_tree(fx, host);
}

/// Up to 5.1: newest first.
PurgeResult VmapAllocator::purge_first_fit(Effects& fx, VmapHost& host) {
    PurgeResult result;
    fx.write(fx.data().vmap_purge_list());
    const std::size_t count = purge_list_.size();
    if (count == 0) return result;
    result.areas = static_cast<std::uint32_t>(count);
    VirtRange span = kNothing;
    with_touch(fx, host, rules_.layout, areas_, [&](auto touch) {
        for (std::size_t i = count; i-- > 0;) {
            const NodeIndex area = purge_list_[i].raw();
            touch.read_last(area);
            result.pages += areas_[area].pages();
            span = extended(span, areas_[area].range());
        }
    });
    lazy_pages_ -= result.pages;
    result.flush = span;
    host.flush_kernel_range(span, fx);
    // __purge_vmap_area_lazy of 4.7 and 4.9 has the lock for all areas; breaks came with 4.10 (763b218ddfaf).
    const LockHold held = fx.hold(LockId::vmap_area);
    fx.write(fx.data().vmap_lock());
    for (std::size_t i = count; i-- > 0;) {
        const NodeIndex area = purge_list_[i].raw();
        fx.charge(Step::purge_area);
        first_fit_.erase(areas_, area, rules_, fx, host);
        forget(area, fx, host);
    }
    purge_list_.resize(0);
    pending_ = 0;
    return result;
}

/// 5.2 and later, without nodes: by ascending address, neighbours already merged.
PurgeResult VmapAllocator::purge_tree(Effects& fx, VmapHost& host) {
    PurgeResult result;
    fx.write(fx.data().vmap_purge_list());
    if (purge_root_ == kNoNode) return result;
    const NodeIndex last = outermost(areas_, purge_root_, Side::right);
    NodeIndex at = flatten(areas_, purge_root_);
    purge_root_ = kNoNode;
    const VirtRange span{areas_[at].range().lowest, areas_[last].range().top};
    result.flush = span;
    host.flush_kernel_range(span, fx);
    // cond_resched_lock() lets go only where a reschedule is due.
    const LockHold held = fx.hold(LockId::free_vmap_area);
    fx.write(fx.data().vmap_free_lock());
    while (at != kNoNode) {
        const NodeIndex next = areas_.links(at).right();
        ++result.areas;
        result.pages += areas_[at].pages();
        fx.charge(Step::purge_area);
        give_to_free_tree(at, fx, host);
        at = next;
    }
    lazy_pages_ -= result.pages;
    pending_ = 0;
    return result;
}

/// 6.9 and later: pools shrink first, then each node's areas go to the pools of their owners or become free.
PurgeResult VmapAllocator::purge_nodes(PurgeReason reason, Effects& fx, VmapHost& host) {
    PurgeResult result;
    VirtRange span = kNothing;
    for (std::uint32_t node = 0; node < nodes_.count(); ++node) {
        decay_pools(node, reason == PurgeReason::exhausted, fx, host);
        const NodeIndex root = nodes_.lazy(node);
        if (root == kNoNode) continue;
        fx.write(fx.data().vmap_node(node));
        span = extended(span, {areas_[outermost(areas_, root, Side::left)].range().lowest,
                               areas_[outermost(areas_, root, Side::right)].range().top});
    }
    if (span == kNothing) return result;
    result.flush = span;
    host.flush_kernel_range(span, fx);
    for (std::uint32_t node = 0; node < nodes_.count(); ++node) {
        if (nodes_.lazy(node) == kNoNode) continue;
        const NodeIndex first = flatten(areas_, nodes_.lazy(node));
        nodes_.mut_lazy(node) = kNoNode;
        purge_node_list(first, reason, result, fx, host);
    }
    lazy_pages_ -= result.pages;
    pending_ = 0;
    return result;
}

void VmapAllocator::purge_node_list(NodeIndex first, PurgeReason reason, PurgeResult& result, Effects& fx,
                                    VmapHost& host) {
    NodeIndex to_free = kNoNode; // the kernel collects these at the head of a list: highest address first
    for (NodeIndex at = first; at != kNoNode;) {
        const NodeIndex next = areas_.links(at).right();
        ++result.areas;
        result.pages += areas_[at].pages();
        fx.charge(Step::purge_area);
        const unsigned owner = areas_[at].owner();
        if (owner != 0 && reason == PurgeReason::limit && nodes_.put(areas_, owner - 1, at)) {
            areas_.mut(at).set_kind(AreaKind::pooled);
        } else {
            areas_.mut_links(at).set_child(Side::right, to_free);
            to_free = at;
        }
        at = next;
    }
    if (to_free == kNoNode) return;
    const LockHold held = fx.hold(LockId::free_vmap_area);
    fx.write(fx.data().vmap_free_lock());
    while (to_free != kNoNode) {
        const NodeIndex next = areas_.links(to_free).right();
        give_to_free_tree(to_free, fx, host);
        to_free = next;
    }
}

/// A quarter of each pool, or all of it, is merged by address and becomes free.
void VmapAllocator::decay_pools(std::uint32_t node, bool all, Effects& fx, VmapHost& host) {
    NodeIndex merged = kNoNode;
    for (std::uint32_t pool = 0; pool < VmapNodes::kPools; ++pool) {
        for (NodeIndex at = nodes_.decay(areas_, node, pool, all); at != kNoNode;) {
            const NodeIndex next = areas_.links(at).right();
            merge_or_link(merged, at, fx, host);
            at = next;
        }
    }
    for (NodeIndex at = flatten(areas_, merged); at != kNoNode;) {
        const NodeIndex next = areas_.links(at).right();
        give_to_free_tree(at, fx, host);
        at = next;
    }
}

} // namespace ksl::core
