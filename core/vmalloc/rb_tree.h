// SPDX-License-Identifier: MIT
//
// A red-black tree over numbered nodes, with the kernel's habits: nodes are linked below the place that a descent
// found, a node with two children is replaced by its successor, and subtree summaries are put right from the bottom up
// until nothing changes. So the shape, the depth of every node and the nodes that an operation touches are those that
// the kernel would have.
//
// Cost:    O(log n); no allocation. The tree is one index; its nodes live in a pool that also serves other trees.
// Source:  lib/rbtree.c and include/linux/rbtree_augmented.h (4.7 to 6.13 behave alike): the textbook algorithm of
//          Cormen et al. with bottom-up rebalancing.
#pragma once

#include "core/types/assert.h"

#include <array>
#include <cstddef>
#include <cstdint>

namespace ksl::core {

/// Index of a node in its pool.
using NodeIndex = std::uint32_t;
inline constexpr NodeIndex kNoNode = 0x7fffffffU;

enum class Side : std::uint8_t { left = 0, right = 1 };
[[nodiscard]] constexpr Side opposite(Side side) {
    return side == Side::left ? Side::right : Side::left;
}

/// What a node needs to be in a tree: 12 bytes.
class RbLinks {
public:
    [[nodiscard]] NodeIndex child(Side side) const { return child_[static_cast<std::size_t>(side)]; }
    [[nodiscard]] NodeIndex left() const { return child_[0]; }
    [[nodiscard]] NodeIndex right() const { return child_[1]; }
    [[nodiscard]] NodeIndex parent() const { return parent_and_colour_ >> 1U; }
    [[nodiscard]] bool is_black() const { return (parent_and_colour_ & 1U) != 0; }
    [[nodiscard]] bool is_red() const { return !is_black(); }

    void set_child(Side side, NodeIndex node) { child_[static_cast<std::size_t>(side)] = node; }
    void set_parent(NodeIndex node) { parent_and_colour_ = node << 1U | (parent_and_colour_ & 1U); }
    void set_black() { parent_and_colour_ |= 1U; }
    void set_red() { parent_and_colour_ &= ~1U; }
    void set_colour_of(const RbLinks& other) {
        parent_and_colour_ = (parent_and_colour_ & ~1U) | (other.parent_and_colour_ & 1U);
    }
    /// A red node without children.
    void start(NodeIndex parent) {
        child_ = {kNoNode, kNoNode};
        parent_and_colour_ = parent << 1U;
    }
    friend bool operator==(const RbLinks&, const RbLinks&) = default;

private:
    std::array<NodeIndex, 2> child_{kNoNode, kNoNode};
    std::uint32_t parent_and_colour_ = kNoNode << 1U;
};

/// Summaries of subtrees: none. See MaxOfSubtree in free_space.h for one.
struct NoSummary {
    static void rotated(NodeIndex /*old_top*/, NodeIndex /*new_top*/) {}
    static void copied(NodeIndex /*from*/, NodeIndex /*to*/) {}
    static void propagate(NodeIndex /*from*/, NodeIndex /*stop*/) {}
};

/// Who wants to know which nodes are looked at and written: nobody. See area_touch.h for somebody.
struct NoTouch {
    static constexpr bool kSeen = false;
    static void read(NodeIndex /*node*/) {}
    static void read_last(NodeIndex /*node*/) {}
    static void wrote_last(NodeIndex /*node*/) {}
    static void wrote(NodeIndex /*node*/) {}
    static void wrote_list(NodeIndex /*node*/) {}
};

/// One tree, opened for changing. Pool: links(index) and mut_links(index).
template <class Pool, class Summary = NoSummary, class Touch = NoTouch>
class RbEditor {
public:
    RbEditor(Pool& pool, NodeIndex& root, Summary summary = {}, Touch touch = {})
        : pool_(pool), root_(root), summary_(summary), touch_(touch) {}

    /// Makes `node` the child of `parent` on that side, where there is none; `parent` is none for the first node.
    void insert(NodeIndex node, NodeIndex parent, Side side) {
        mut(node).start(parent);
        if (parent == kNoNode) {
            root_ = node;
        } else {
            mut(parent).set_child(side, node);
            touch_.wrote(parent);
        }
        balance_after_insert(node);
    }

    void erase(NodeIndex node) {
        const NodeIndex too_light_below = unlink(node);
        if (too_light_below != kNoNode) balance_after_erase(too_light_below);
    }

private:
    [[nodiscard]] const RbLinks& at(NodeIndex node) const { return pool_.links(node); }
    [[nodiscard]] RbLinks& mut(NodeIndex node) { return pool_.mut_links(node); }
    [[nodiscard]] Side side_of(NodeIndex child, NodeIndex top) const {
        return at(top).left() == child ? Side::left : Side::right;
    }
    [[nodiscard]] bool is_red(NodeIndex node) const { return node != kNoNode && at(node).is_red(); }

    /// `parent` (none: the root) gets `now` where it had `before`.
    void change_child(NodeIndex parent, NodeIndex before, NodeIndex now) {
        if (parent == kNoNode) {
            root_ = now;
            return;
        }
        RbLinks& links = mut(parent);
        links.set_child(links.left() == before ? Side::left : Side::right, now);
        touch_.wrote(parent);
    }

    /// `node` takes the place of its parent `top`, which becomes its child.
    void rotate_up(NodeIndex top, NodeIndex node) {
        RbLinks& upper = mut(top);
        RbLinks& lower = mut(node);
        const Side side = upper.left() == node ? Side::left : Side::right;
        const NodeIndex inner = lower.child(opposite(side));
        const NodeIndex above = upper.parent();
        upper.set_child(side, inner);
        if (inner != kNoNode) {
            mut(inner).set_parent(top);
            touch_.wrote(inner);
        }
        change_child(above, top, node);
        lower.set_child(opposite(side), top);
        lower.set_parent(above);
        upper.set_parent(node);
        touch_.wrote(top);
        touch_.wrote(node);
        summary_.rotated(top, node);
    }

    void balance_after_insert(NodeIndex node) {
        while (true) {
            NodeIndex parent = at(node).parent();
            if (parent == kNoNode) {
                mut(node).set_black();
                touch_.wrote(node);
                return;
            }
            if (at(parent).is_black()) return;
            const NodeIndex grandparent = at(parent).parent(); // exists: a red node is never the root
            const Side side = side_of(parent, grandparent);
            const NodeIndex uncle = at(grandparent).child(opposite(side));
            if (is_red(uncle)) {
                mut(uncle).set_black();
                mut(parent).set_black();
                mut(grandparent).set_red();
                touch_.wrote(uncle);
                touch_.wrote(parent);
                touch_.wrote(grandparent);
                node = grandparent;
                continue;
            }
            if (at(parent).child(opposite(side)) == node) { // an inner grandchild: make it an outer one
                rotate_up(parent, node);
                parent = node;
            }
            rotate_up(grandparent, parent);
            mut(parent).set_black();
            mut(grandparent).set_red();
            return;
        }
    }

    /// Takes `node` out; returns the node below which a black node is missing now, or none.
    NodeIndex unlink(NodeIndex node) {
        const RbLinks gone = at(node);
        if (gone.left() != kNoNode && gone.right() != kNoNode) return replace_by_successor(node, gone);
        const NodeIndex child = gone.left() == kNoNode ? gone.right() : gone.left();
        const NodeIndex parent = gone.parent();
        change_child(parent, node, child);
        NodeIndex too_light_below = kNoNode;
        if (child != kNoNode) { // an only child is red and below a black node: it takes over place and colour
            RbLinks& links = mut(child);
            links.set_parent(parent);
            links.set_colour_of(gone);
            touch_.wrote(child);
        } else if (gone.is_black()) {
            too_light_below = parent;
        }
        summary_.propagate(parent, kNoNode);
        return too_light_below;
    }

    NodeIndex replace_by_successor(NodeIndex node, const RbLinks& gone) {
        NodeIndex successor = gone.right();
        NodeIndex below = successor; // the node that loses the successor as its child; or the successor itself
        while (at(successor).left() != kNoNode) {
            below = successor;
            successor = at(successor).left();
        }
        const NodeIndex orphan = at(successor).right();
        if (below == successor) {
            summary_.copied(node, successor);
        } else {
            mut(below).set_child(Side::left, orphan);
            touch_.wrote(below);
            mut(successor).set_child(Side::right, gone.right());
            mut(gone.right()).set_parent(successor);
            touch_.wrote(gone.right());
            summary_.copied(node, successor);
            summary_.propagate(below, successor);
        }
        mut(successor).set_child(Side::left, gone.left());
        mut(gone.left()).set_parent(successor);
        touch_.wrote(gone.left());
        change_child(gone.parent(), node, successor);
        NodeIndex too_light_below = kNoNode;
        if (orphan != kNoNode) {
            mut(orphan).set_parent(below);
            mut(orphan).set_black();
            touch_.wrote(orphan);
        } else if (at(successor).is_black()) {
            too_light_below = below;
        }
        mut(successor).set_parent(gone.parent());
        mut(successor).set_colour_of(gone);
        touch_.wrote(successor);
        summary_.propagate(successor, kNoNode);
        return too_light_below;
    }

    void balance_after_erase(NodeIndex parent) {
        NodeIndex light = kNoNode; // root of the subtree that misses a black node
        while (true) {
            const Side side = at(parent).right() == light ? Side::right : Side::left;
            NodeIndex sibling = at(parent).child(opposite(side));
            if (at(sibling).is_red()) {
                rotate_up(parent, sibling);
                mut(sibling).set_black();
                mut(parent).set_red();
                sibling = at(parent).child(opposite(side));
            }
            NodeIndex outer = at(sibling).child(opposite(side));
            if (!is_red(outer)) {
                const NodeIndex inner = at(sibling).child(side);
                if (!is_red(inner)) {
                    mut(sibling).set_red();
                    touch_.wrote(sibling);
                    if (at(parent).is_red()) {
                        mut(parent).set_black();
                        touch_.wrote(parent);
                        return;
                    }
                    light = parent;
                    parent = at(light).parent();
                    if (parent == kNoNode) return;
                    continue;
                }
                rotate_up(sibling, inner);
                mut(inner).set_black();
                mut(sibling).set_red();
                outer = sibling;
                sibling = inner;
            }
            rotate_up(parent, sibling);
            mut(sibling).set_colour_of(at(parent));
            mut(parent).set_black();
            mut(outer).set_black();
            touch_.wrote(outer);
            return;
        }
    }

    Pool& pool_;
    NodeIndex& root_;
    Summary summary_;
    Touch touch_;
};

template <class Pool>
[[nodiscard]] NodeIndex outermost(const Pool& pool, NodeIndex node, Side side) {
    if (node == kNoNode) return kNoNode;
    while (pool.links(node).child(side) != kNoNode) node = pool.links(node).child(side);
    return node;
}

/// The next node in order (side right) or the one before (side left); none at the end.
template <class Pool>
[[nodiscard]] NodeIndex neighbour(const Pool& pool, NodeIndex node, Side side) {
    const NodeIndex below = pool.links(node).child(side);
    if (below != kNoNode) return outermost(pool, below, opposite(side));
    NodeIndex parent = pool.links(node).parent();
    while (parent != kNoNode && pool.links(parent).child(side) == node) {
        node = parent;
        parent = pool.links(node).parent();
    }
    return parent;
}

/// Checks colours, black heights and parents below `root`; empty, or the first broken rule. Adds the nodes to `count`.
template <class Pool>
[[nodiscard]] const char* check_red_black(const Pool& pool, NodeIndex root, std::size_t& count) {
    if (root == kNoNode) return "";
    if (pool.links(root).parent() != kNoNode) return "the root of a tree has no parent";
    if (pool.links(root).is_red()) return "the root of a tree is black";
    std::size_t black_height = 0; // of the first path that ends
    std::size_t blacks = 0;       // on the present path, the present node included
    NodeIndex came_from = kNoNode;
    for (NodeIndex node = root; node != kNoNode;) {
        const RbLinks& links = pool.links(node);
        if (came_from == links.parent()) {
            if (++count > kNoNode) return "a tree has no cycles";
            if (links.is_black()) ++blacks;
            for (const NodeIndex child : {links.left(), links.right()}) {
                if (child == kNoNode) {
                    if (black_height == 0) black_height = blacks;
                    if (blacks != black_height) return "every path through a tree has as many black nodes";
                    continue;
                }
                if (pool.links(child).parent() != node) return "a child names its parent";
                if (links.is_red() && pool.links(child).is_red()) return "a red node has black children";
            }
        }
        NodeIndex next = links.parent();
        if (came_from == links.parent() && links.left() != kNoNode) {
            next = links.left();
        } else if (came_from != links.right() && links.right() != kNoNode) {
            next = links.right();
        }
        if (next == links.parent() && links.is_black()) --blacks;
        came_from = node;
        node = next;
    }
    return "";
}

} // namespace ksl::core
