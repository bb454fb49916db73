// SPDX-License-Identifier: MIT
#include "core/vmalloc/free_space.h"

#include "core/vmalloc/address_tree.h"

#include <algorithm>
#include <utility>

namespace ksl::core {

namespace {

constexpr std::uint64_t kLastWholePage = ~std::uint64_t{0} << kPageShift;

constexpr std::uint64_t aligned_up(std::uint64_t address, std::uint64_t align) {
    return (address + align - 1) & ~(align - 1);
}

std::uint64_t largest_below(const FreePool& pool, NodeIndex node) {
    const RbLinks& rb = pool.links(node);
    std::uint64_t largest = pool[node].size();
    if (rb.left() != kNoNode) largest = std::max(largest, pool[rb.left()].largest());
    if (rb.right() != kNoNode) largest = std::max(largest, pool[rb.right()].largest());
    return largest;
}

/// Keeps subtree maxima right. A new node counts as 0 until propagate() reaches it: from then on the way up ends where
/// a maximum does not change.
template <class Touch>
class MaxOfSubtree {
public:
    MaxOfSubtree(FreePool& pool, Effects& fx, Touch touch) : pool_(&pool), fx_(&fx), touch_(touch) {}

    void rotated(NodeIndex old_top, NodeIndex new_top) {
        pool_->mut(new_top).set_largest((*pool_)[old_top].largest());
        put_right(old_top);
    }
    void copied(NodeIndex from, NodeIndex to) { pool_->mut(to).set_largest((*pool_)[from].largest()); }
    void propagate(NodeIndex from, NodeIndex stop) {
        std::uint32_t levels = 0;
        for (NodeIndex at = from; at != stop; at = pool_->links(at).parent()) {
            ++levels;
            if (!put_right(at)) break;
        }
        fx_->charge(Step::area_augment_level, levels);
    }

private:
    /// True if the maximum changed.
    bool put_right(NodeIndex node) {
        if constexpr (Touch::kSeen) {
            touch_.read_last(pool_->links(node).left());
            touch_.read_last(pool_->links(node).right());
        }
        const std::uint64_t largest = largest_below(*pool_, node);
        if (largest == (*pool_)[node].largest()) return false;
        pool_->mut(node).set_largest(largest);
        touch_.wrote_last(node);
        return true;
    }

    FreePool* pool_;
    Effects* fx_;
    Touch touch_;
};

/// Where a request would begin in a free range; nullopt if it does not fit.
std::optional<std::uint64_t> start_within(const FreeNode& node, std::uint64_t size, std::uint64_t align,
                                          std::uint64_t vstart) {
    const std::uint64_t start = aligned_up(std::max(node.start(), vstart), align);
    const bool wraps = start + size < start || start < vstart;
    if (wraps || start + size > node.end()) return std::nullopt;
    return start;
}

} // namespace

VirtRange FreeSpace::shown_range(VirtRange range) {
    return {range.lowest == VirtAddr{0} ? VirtAddr{1} : range.lowest,
            range.top == VirtAddr{kLastWholePage} ? VirtAddr{~std::uint64_t{0}} : range.top};
}

VirtRange FreeSpace::whole_pages(VirtRange shown) {
    return {shown.lowest == VirtAddr{1} ? VirtAddr{0} : shown.lowest, align_down(shown.top, Bytes{kPageBytes})};
}

VirtRange FreeSpace::everything() {
    return {VirtAddr{0}, VirtAddr{kLastWholePage}};
}

template <class Touch>
NodeIndex FreeSpace::lowest_match(const AreaRequest& request, const VmapRules& rules, std::uint32_t& steps, Effects& fx,
                                  Touch touch) const {
    const std::uint64_t size = request.size.count();
    const std::uint64_t align = request.align.count();
    std::uint64_t vstart = request.window.lowest.raw();
    // A page is the least alignment of any range; and a window that is just large enough must not look for more.
    const bool adjusts = rules.always_adjusts_length || (align > kPageBytes && request.window.size() != request.size);
    const std::uint64_t length = adjusts ? size + align - 1 : size;
    const auto largest = [&](NodeIndex node) -> std::uint64_t {
        if (node == kNoNode) return 0;
        touch.read_last(node);
        return pool_[node].largest();
    };
    const auto fits = [&](NodeIndex node) { return start_within(pool_[node], size, align, vstart).has_value(); };

    std::uint32_t levels = 0;
    NodeIndex at = root_;
    NodeIndex found = kNoNode;
    while (at != kNoNode) {
        ++levels;
        touch.read(at);
        const FreeNode& node = pool_[at];
        if (largest(node.rb.left()) >= length && vstart < node.start()) {
            at = node.rb.left();
            continue;
        }
        if (fits(at)) {
            found = at;
            break;
        }
        if (largest(node.rb.right()) >= length) {
            at = node.rb.right();
            continue;
        }
        // Back up to the first range above that fits, or that has something large enough on its right and was not
        // passed there before: the start of the search moves behind it.
        for (at = node.rb.parent(); at != kNoNode; at = pool_[at].rb.parent()) {
            ++levels;
            touch.read(at);
            if (fits(at)) break;
            const FreeNode& above = pool_[at];
            if (largest(above.rb.right()) >= length && vstart <= above.start()) break;
        }
        if (at == kNoNode || fits(at)) {
            found = at;
            break;
        }
        vstart = pool_[at].start() + 1;
        at = pool_[at].rb.right();
    }
    fx.charge(Step::area_tree_level, levels);
    steps += levels;
    return found;
}

std::optional<AreaObject> FreeSpace::object_for_split(Effects& fx, VmapHost& host) {
    const std::size_t cpu = fx.cpu().raw();
    if (cpu < preloaded_.size() && preloaded_[cpu].is_filled != 0) {
        return std::exchange(preloaded_[cpu], Preloaded{}).object;
    }
    return host.new_area_object(fx);
}

void FreeSpace::preload(Effects& fx, VmapHost& host) {
    const std::size_t cpu = fx.cpu().raw();
    if (cpu >= preloaded_.size()) preloaded_.resize(cpu + 1);
    if (preloaded_[cpu].is_filled != 0) return;
    if (const auto object = host.new_area_object(fx)) preloaded_[cpu] = {*object, 1};
}

/// The part below stays a range of its own in front of the rest.
template <class Touch>
bool FreeSpace::cut_middle(NodeIndex node, VirtRange taken, Effects& fx, VmapHost& host, Touch touch) {
    const auto object = object_for_split(fx, host);
    if (!object) return false;
    MaxOfSubtree<Touch> summary{pool_, fx, touch};
    const VirtRange below{VirtAddr{pool_[node].start()}, taken.lowest};
    pool_.mut(node).set_start(taken.top.raw());
    touch.wrote(node);
    summary.propagate(node, kNoNode);
    const NodeIndex lower = pool_.add(FreeNode{below, *object});
    const TreePlace place = find_place(pool_, node, below.lowest.raw(), fx, touch);
    link_range(pool_, root_, lower, place, fx, summary, touch);
    pool_.mut(lower).set_largest(0);
    summary.propagate(lower, kNoNode);
    return true;
}

template <class Touch>
bool FreeSpace::cut(NodeIndex node, VirtRange taken, Effects& fx, VmapHost& host, Touch touch) {
    const bool at_start = pool_[node].start() == taken.lowest.raw();
    const bool at_end = pool_[node].end() == taken.top.raw();
    fx.charge(Step::area_split);
    if (!at_start && !at_end) return cut_middle(node, taken, fx, host, touch);
    MaxOfSubtree<Touch> summary{pool_, fx, touch};
    if (at_start && at_end) {
        unlink_range(pool_, root_, node, fx, summary, touch);
        host.free_area_object(pool_[node].object(), fx);
        pool_.remove(node);
        return true;
    }
    if (at_start) {
        pool_.mut(node).set_start(taken.top.raw());
    } else {
        pool_.mut(node).set_end(taken.lowest.raw());
    }
    touch.wrote(node);
    summary.propagate(node, kNoNode);
    return true;
}

std::optional<FreeSpace::Found> FreeSpace::take(const AreaRequest& request, const VmapRules& rules, Effects& fx,
                                                VmapHost& host) {
    return with_touch(fx, host, rules.layout, pool_, [&](auto touch) -> std::optional<Found> {
        Found result;
        const NodeIndex node = lowest_match(request, rules, result.steps, fx, touch);
        if (node == kNoNode) return std::nullopt;
        const std::uint64_t from = std::max(pool_[node].start(), request.window.lowest.raw());
        result.start = VirtAddr{aligned_up(from, request.align.count())};
        const VirtAddr top = result.start + request.size;
        if (top > request.window.top) return std::nullopt;
        if (!cut(node, {result.start, top}, fx, host, touch)) return std::nullopt;
        return result;
    });
}

bool FreeSpace::take_at(VirtRange range, const VmapRules& rules, Effects& fx, VmapHost& host) {
    return with_touch(fx, host, rules.layout, pool_, [&](auto touch) {
        const NodeIndex node = find_containing(pool_, root_, range.lowest.raw(), fx, touch);
        return node != kNoNode && range.top.raw() <= pool_[node].end() && cut(node, range, fx, host, touch);
    });
}

void FreeSpace::give(VirtRange range, AreaObject object, const VmapRules& rules, Effects& fx, VmapHost& host) {
    with_touch(fx, host, rules.layout, pool_, [&](auto touch) {
        MaxOfSubtree summary{pool_, fx, touch};
        const NodeIndex node = pool_.add(FreeNode{range, object});
        const NodeIndex grown = merge_or_link(pool_, root_, node, fx, summary, touch, [&](NodeIndex unneeded) {
            host.free_area_object(pool_[unneeded].object(), fx);
            pool_.remove(unneeded);
        });
        if (grown == node) pool_.mut(node).set_largest(0);
        summary.propagate(grown, kNoNode);
    });
}

const char* FreeSpace::check_invariants() const {
    std::size_t count = 0;
    if (const char* broken = check_red_black(pool_, root_, count); *broken != '\0') return broken;
    if (count != pool_.used()) return "every record of a free range is in the tree of free ranges";
    std::uint64_t end = 0;
    const char* broken = "";
    for_each_in_order(pool_, root_, [&](NodeIndex node) {
        if (pool_[node].start() >= pool_[node].end()) broken = "a free range is not empty";
        if (pool_[node].start() < end) broken = "free ranges are in order and do not overlap";
        if (pool_[node].start() == end && end != 0) broken = "free ranges that touch are one range";
        if (pool_[node].largest() != largest_below(pool_, node)) broken = "a subtree's maximum is its largest range";
        end = pool_[node].end();
    });
    return *broken != '\0' ? broken : pool_.check_free_list();
}

} // namespace ksl::core
