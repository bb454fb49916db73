// SPDX-License-Identifier: MIT
//
// Trees of ranges that do not overlap, by address: of areas in use, of areas that wait for a purge, of free ranges.
//
// Source:  __find_vmap_area, find_va_links, link_va, unlink_va and merge_or_add_vmap_area of mm/vmalloc.c (6.1);
//          __insert_vmap_area and __find_vmap_area (4.9), which descend alike.
#pragma once

#include "core/cost/step.h"
#include "core/effects/effects.h"
#include "core/vmalloc/area_touch.h"
#include "core/vmalloc/rb_tree.h"

#include <utility>

namespace ksl::core {

/// Where a range belongs in a tree.
struct TreePlace {
    NodeIndex parent = kNoNode;
    Side side = Side::left;
    NodeIndex before = kNoNode; ///< the neighbours by address, as far as the descent passed them
    NodeIndex after = kNoNode;
};

/// Descends from `from` to where a range that starts at `start` belongs.
template <class Pool, class Touch>
[[nodiscard]] TreePlace find_place(const Pool& pool, NodeIndex from, std::uint64_t start, Effects& fx, Touch touch) {
    TreePlace place;
    std::uint32_t levels = 0;
    for (NodeIndex at = from; at != kNoNode; ++levels) {
        touch.read(at);
        const auto& node = pool[at];
        const bool goes_left = start < node.start();
        place.parent = at;
        place.after = goes_left ? at : place.after;
        place.before = goes_left ? place.before : at;
        place.side = goes_left ? Side::left : Side::right;
        at = node.rb().child(place.side);
    }
    fx.charge(Step::area_tree_level, levels);
    return place;
}

/// The range that contains `address`, or none.
template <class Pool, class Touch>
[[nodiscard]] NodeIndex find_containing(const Pool& pool, NodeIndex root, std::uint64_t address, Effects& fx,
                                        Touch touch) {
    std::uint32_t levels = 0;
    NodeIndex at = root;
    while (at != kNoNode) {
        ++levels;
        touch.read(at);
        const auto& node = pool[at];
        const std::uint64_t start = node.start();
        if (address - start < node.end() - start) break; // also false below the start, where the difference wraps
        at = node.rb().child(address < start ? Side::left : Side::right);
    }
    fx.charge(Step::area_find_level, levels);
    return at;
}

/// Links a record into tree and list.
template <class Pool, class Summary, class Touch>
void link_range(Pool& pool, NodeIndex& root, NodeIndex node, const TreePlace& place, Effects& fx, Summary summary,
                Touch touch) {
    if constexpr (Touch::kSeen) {
        if (place.parent != kNoNode) {
            touch.wrote_list(place.parent);
            touch.wrote_list(neighbour(pool, place.parent, place.side));
        }
        touch.wrote_list(node);
    }
    RbEditor<Pool, Summary, Touch>{pool, root, summary, touch}.insert(node, place.parent, place.side);
    fx.charge(Step::area_insert);
}

/// Takes a record out of tree and list; the record itself stays.
template <class Pool, class Summary, class Touch>
void unlink_range(Pool& pool, NodeIndex& root, NodeIndex node, Effects& fx, Summary summary, Touch touch) {
    if constexpr (Touch::kSeen) {
        touch.wrote_list(neighbour(pool, node, Side::left));
        touch.wrote_list(neighbour(pool, node, Side::right));
        touch.wrote_list(node);
    }
    RbEditor<Pool, Summary, Touch>{pool, root, summary, touch}.erase(node);
    fx.charge(Step::area_erase);
}

/// Where a range went that becomes part of a tree.
struct Merged {
    NodeIndex grown = kNoNode;    ///< the neighbour that grew over it; none: it has to be linked
    NodeIndex unneeded = kNoNode; ///< a neighbour that is not needed any more: out of the tree, its record still exists
};

/// Lets neighbours that touch a range grow over it.
template <class Pool, class Summary, class Touch>
[[nodiscard]] Merged merge(Pool& pool, NodeIndex& root, const TreePlace& place, std::uint64_t start, std::uint64_t end,
                           Effects& fx, Summary summary, Touch touch) {
    Merged merged;
    if constexpr (Touch::kSeen) { // the neighbour that the descent did not end at is found through the list
        touch.read(place.side == Side::left ? place.before : place.after);
    }
    if (place.after != kNoNode && pool[place.after].start() == end) {
        pool.mut(place.after).set_start(start);
        touch.wrote(place.after);
        merged.grown = place.after;
    }
    if (place.before != kNoNode && pool[place.before].end() == start) {
        // The later neighbour leaves the tree before the earlier one grows, so that subtree maxima are put right once.
        const std::uint64_t new_end = merged.grown == kNoNode ? end : pool[merged.grown].end();
        if (merged.grown != kNoNode) unlink_range(pool, root, merged.grown, fx, summary, touch);
        merged.unneeded = merged.grown;
        pool.mut(place.before).set_end(new_end);
        touch.wrote(place.before);
        merged.grown = place.before;
    }
    return merged;
}

/// Calls `visit` with every record of the tree in address order.
template <class Pool, class Visit>
void for_each_in_order(const Pool& pool, NodeIndex root, Visit visit) {
    for (NodeIndex at = outermost(pool, root, Side::left); at != kNoNode; at = neighbour(pool, at, Side::right)) {
        visit(at);
    }
}

/// Makes a list of a tree: the records in address order, linked through their right children. Returns the first.
template <class Pool>
[[nodiscard]] NodeIndex flatten(Pool& pool, NodeIndex root) {
    // From the highest down: when a node's successor is linked, everything that finding its predecessor needs (its left
    // subtree and the way up) is still in place.
    NodeIndex next = kNoNode;
    NodeIndex at = outermost(pool, root, Side::right);
    while (at != kNoNode) {
        const NodeIndex before = neighbour(pool, at, Side::left);
        pool.mut_links(at).set_child(Side::right, next);
        next = at;
        at = before;
    }
    return next;
}

} // namespace ksl::core
