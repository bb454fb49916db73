// SPDX-License-Identifier: MIT
#include "core/vmalloc/vmap_allocator.h"

#include "core/vmalloc/address_tree.h"

namespace ksl::core {

VmapAllocator::VmapAllocator(const VmapRules& rules, unsigned online_cpus) : rules_(rules), online_cpus_(online_cpus) {
    if (!rules_.has_free_tree()) return;
    Effects silent;
    SilentVmapHost host;
    free_.give(FreeSpace::everything(), AreaObject::none(), rules_, silent, host);
    if (rules_.has_nodes()) nodes_ = VmapNodes{rules_.nodes};
}

// --- reserve ---------------------------------------------------------------------------------------------------------

std::expected<AreaId, AreaFailure> VmapAllocator::reserve(const AreaRequest& request, Effects& fx, VmapHost& host) {
    KSL_ASSERT(request.is_valid(), "a request is for whole pages, aligned to a power of two");
    unsigned owner = 0;
    if (const NodeIndex area = take_pooled(request, owner, fx, host); area != kNoNode) {
        insert_busy(area, fx, host);
        return report_reserved({area, 1}, fx);
    }
    const auto refuse = [&](AreaFailure failure) {
        fx.report(EventLevel::fine, [&] { return AreaRefused{request.size.count()}; });
        return std::unexpected(failure);
    };
    const auto object = host.new_area_object(fx);
    if (!object) return refuse(AreaFailure::no_memory);
    Attempt placed = try_once(request, *object, fx, host);
    if (!placed) {
        purge(PurgeReason::exhausted, fx, host);
        placed = try_once(request, *object, fx, host);
    }
    if (!placed) {
        host.free_area_object(*object, fx);
        return refuse(placed.error());
    }
    if (owner != 0) areas_.mut(placed->area).set_owner(owner);
    return report_reserved(*placed, fx);
}

AreaId VmapAllocator::report_reserved(const Placed& placed, Effects& fx) {
    ++busy_;
    fx.report(EventLevel::fine, [&] {
        const AreaNode& area = areas_[placed.area];
        return AreaReserved{area.start(), area.end(), placed.steps};
    });
    return AreaId{placed.area};
}

VmapAllocator::Attempt VmapAllocator::try_once(const AreaRequest& request, AreaObject object, Effects& fx,
                                               VmapHost& host) {
    if (!rules_.has_free_tree()) {
        const LockHold held = fx.hold(LockId::vmap_area);
        const auto found = first_fit_.find(areas_, request, rules_, fx, host);
        if (!found) return std::unexpected(AreaFailure::no_space);
        const VirtRange range{found->start, found->start + request.size};
        return Placed{first_fit_.insert(areas_, {range, AreaKind::busy, object}, rules_, fx, host), found->steps};
    }
    free_.preload(fx, host);
    const auto found = [&] {
        const LockHold held = fx.hold(LockId::free_vmap_area);
        fx.charge(Step::area_alloc_entry);
        fx.write(fx.data().vmap_free_lock());
        return free_.take(request, rules_, fx, host);
    }();
    if (!found) return std::unexpected(AreaFailure::no_space);
    const VirtRange range{found->start, found->start + request.size};
    return Placed{add_busy({range, AreaKind::busy, object}, fx, host), found->steps};
}

/// node_alloc(): requests for the whole vmalloc window are first served from the pools of this CPU's node. `owner` says
/// to which node the area belongs from now on, from wherever it comes.
NodeIndex VmapAllocator::take_pooled(const AreaRequest& request, unsigned& owner, Effects& fx, VmapHost& host) {
    if (!rules_.has_nodes() || request.window != rules_.vmalloc) return kNoNode;
    const std::uint32_t node = fx.cpu().raw() % nodes_.count();
    owner = node + 1;
    const NodeIndex area = nodes_.take(areas_, node, request);
    if (area == kNoNode) return kNoNode;
    fx.charge(Step::pool_take);
    fx.write(fx.data().vmap_node(node));
    with_touch(fx, host, rules_.layout, areas_, [&](auto touch) { touch.wrote_list(area); });
    areas_.mut(area).set_kind(AreaKind::busy);
    areas_.mut(area).set_owner(owner);
    return area;
}

bool VmapAllocator::take_at(VirtRange range, Effects& fx, VmapHost& host) {
    if (rules_.has_free_tree()) return free_.take_at(range, rules_, fx, host);
    const TreePlace place = find_place(areas_, first_fit_.root(), range.lowest.raw(), fx, NoTouch{});
    const bool is_free_below = place.before == kNoNode || areas_[place.before].end() <= range.lowest.raw();
    return is_free_below && (place.after == kNoNode || areas_[place.after].start() >= range.top.raw());
}

std::expected<AreaId, AreaFailure> VmapAllocator::reserve_at(VirtRange range, Effects& fx, VmapHost& host) {
    const auto object = host.new_area_object(fx);
    if (!object) return std::unexpected(AreaFailure::no_memory);
    if (rules_.has_free_tree()) free_.preload(fx, host);
    if (!take_at(range, fx, host)) {
        host.free_area_object(*object, fx);
        return std::unexpected(AreaFailure::no_space);
    }
    const AreaNode area{range, AreaKind::busy, *object};
    const NodeIndex added =
        rules_.has_free_tree() ? add_busy(area, fx, host) : first_fit_.insert(areas_, area, rules_, fx, host);
    return report_reserved({added, 0}, fx);
}

// --- find and release ------------------------------------------------------------------------------------------------

NodeIndex& VmapAllocator::busy_root_of(VirtAddr start) {
    return rules_.has_nodes() ? nodes_.mut_busy(nodes_.node_of(start)) : busy_root_;
}

VirtAddr VmapAllocator::busy_lock_of(VirtAddr start, const Effects& fx) const {
    return rules_.has_nodes() ? fx.data().vmap_node(nodes_.node_of(start)) : fx.data().vmap_lock();
}

LockHold VmapAllocator::hold_busy(Effects& fx) const {
    if (rules_.has_nodes()) return {};
    return fx.hold(LockId::vmap_area);
}

NodeIndex VmapAllocator::add_busy(const AreaNode& area, Effects& fx, VmapHost& host) {
    const LockHold held = hold_busy(fx);
    const VirtAddr start = area.range().lowest;
    fx.write(busy_lock_of(start, fx));
    NodeIndex& root = busy_root_of(start);
    return with_touch(fx, host, rules_.layout, areas_, [&](auto touch) {
        const TreePlace place = find_place(areas_, root, start.raw(), fx, touch);
        const NodeIndex added = areas_.add(area, place.parent);
        link_range(areas_, root, added, place, fx, NoSummary{}, touch);
        return added;
    });
}

void VmapAllocator::insert_busy(NodeIndex area, Effects& fx, VmapHost& host) {
    const VirtAddr start = areas_[area].range().lowest;
    fx.write(busy_lock_of(start, fx));
    NodeIndex& root = busy_root_of(start);
    with_touch(fx, host, rules_.layout, areas_, [&](auto touch) {
        const TreePlace place = find_place(areas_, root, start.raw(), fx, touch);
        link_range(areas_, root, area, place, fx, NoSummary{}, touch);
    });
}

void VmapAllocator::erase_busy(NodeIndex area, Effects& fx, VmapHost& host) {
    const LockHold held = hold_busy(fx);
    const VirtAddr start = areas_[area].range().lowest;
    fx.write(busy_lock_of(start, fx));
    NodeIndex& root = busy_root_of(start);
    with_touch(fx, host, rules_.layout, areas_,
               [&](auto touch) { unlink_range(areas_, root, area, fx, NoSummary{}, touch); });
}

AreaId VmapAllocator::find(VirtAddr address, Effects& fx, const VmapHost& host) const {
    const LockHold held = hold_busy(fx);
    fx.charge(Step::area_find);
    fx.write(busy_lock_of(address, fx));
    const auto in_tree = [&](NodeIndex root) {
        const NodeIndex found = with_touch(fx, host, rules_.layout, areas_, [&](auto touch) {
            return find_containing(areas_, root, address.raw(), fx, touch);
        });
        return found == kNoNode ? AreaId::none() : AreaId{found};
    };
    if (!rules_.has_nodes()) return in_tree(rules_.has_free_tree() ? busy_root_ : first_fit_.root());
    // An area is filed under its start: the address may lie in a zone of another node, so the others are asked in turn.
    const std::uint32_t first = nodes_.node_of(address);
    for (std::uint32_t i = 0; i < nodes_.count(); ++i) {
        const AreaId found = in_tree(nodes_.busy((first + nodes_.count() - i) % nodes_.count()));
        if (!found.is_none()) return found;
    }
    return AreaId::none();
}

void VmapAllocator::release_lazily(AreaId id, Effects& fx, VmapHost& host) {
    const NodeIndex area = id.raw();
    KSL_ASSERT(areas_[area].kind() == AreaKind::busy, "an area that is released is in use");
    const VirtRange range = areas_[area].range();
    --busy_;
    ++pending_;
    lazy_pages_ += areas_[area].pages();
    fx.charge(Step::area_free_lazily);
    if (rules_.has_free_tree()) erase_busy(area, fx, host);
    areas_.mut(area).set_kind(AreaKind::lazy);
    if (!rules_.has_free_tree()) { // it stays in the tree, and so its addresses stay taken
        fx.write(fx.data().vmap_purge_list());
        with_touch(fx, host, rules_.layout, areas_, [&](auto touch) { touch.wrote_last(area); });
        purge_list_.push_back(id);
    } else {
        put_in_purge_tree(area, fx, host);
    }
    fx.report(EventLevel::fine,
              [&] { return AreaFreedLazily{range.lowest.raw(), range.top.raw(), lazy_pages_.count()}; });
}

void VmapAllocator::put_in_purge_tree(NodeIndex area, Effects& fx, VmapHost& host) {
    if (!rules_.has_nodes()) {
        const LockHold held = fx.hold(LockId::purge_vmap);
        fx.write(fx.data().vmap_purge_list());
        merge_or_link(purge_root_, area, fx, host);
        return;
    }
    const unsigned owner = areas_[area].owner();
    const std::uint32_t node = owner != 0 ? owner - 1 : nodes_.node_of(areas_[area].range().lowest);
    fx.write(fx.data().vmap_node(node));
    NodeIndex& root = nodes_.mut_lazy(node);
    with_touch(fx, host, rules_.layout, areas_, [&](auto touch) {
        const TreePlace place = find_place(areas_, root, areas_[area].start(), fx, touch);
        link_range(areas_, root, area, place, fx, NoSummary{}, touch);
    });
}

void VmapAllocator::merge_or_link(NodeIndex& root, NodeIndex area, Effects& fx, VmapHost& host) {
    with_touch(fx, host, rules_.layout, areas_, [&](auto touch) {
        const VirtRange range = areas_[area].range();
        const TreePlace place = find_place(areas_, root, range.lowest.raw(), fx, touch);
        const Merged merged = merge(areas_, root, place, range.lowest.raw(), range.top.raw(), fx, NoSummary{}, touch);
        if (merged.grown == kNoNode) {
            link_range(areas_, root, area, place, fx, NoSummary{}, touch);
            return;
        }
        forget(area, fx, host);
        if (merged.unneeded != kNoNode) forget(merged.unneeded, fx, host);
    });
}

void VmapAllocator::release_at_once(AreaId id, Effects& fx, VmapHost& host) {
    const NodeIndex area = id.raw();
    KSL_ASSERT(areas_[area].kind() == AreaKind::busy, "an area that is released is in use");
    --busy_;
    if (!rules_.has_free_tree()) {
        const LockHold held = fx.hold(LockId::vmap_area);
        fx.write(fx.data().vmap_lock());
        first_fit_.erase(areas_, area, rules_, fx, host);
        forget(area, fx, host);
        return;
    }
    erase_busy(area, fx, host);
    const LockHold held = fx.hold(LockId::free_vmap_area);
    fx.write(fx.data().vmap_free_lock());
    give_to_free_tree(area, fx, host);
}

void VmapAllocator::give_to_free_tree(NodeIndex area, Effects& fx, VmapHost& host) {
    const VirtRange range = areas_[area].range();
    const AreaObject object = areas_[area].object();
    areas_.remove(area);
    free_.give(range, object, rules_, fx, host);
}

void VmapAllocator::forget(NodeIndex area, Effects& fx, VmapHost& host) {
    host.free_area_object(areas_[area].object(), fx);
    areas_.remove(area);
}

} // namespace ksl::core
