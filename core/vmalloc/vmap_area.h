// SPDX-License-Identifier: MIT
//
// The records of address ranges: areas that are in use or wait for a purge (32 bytes each) and free ranges (40 bytes
// each).
//
// Units:   starts and ends are page-aligned byte addresses, [start, end), guard pages included.
// Memory:  a record is an index into a pool; the kernel's own object behind it (struct vmap_area in a slab cache) is
//          known by a number that the owner of the slab cache gave out, from which he computes its address.
// Source:  struct vmap_area, include/linux/vmalloc.h of 4.7, 6.1 and 6.13.
#pragma once

#include "core/types/address.h"
#include "core/types/cow_array.h"
#include "core/types/ids.h"
#include "core/vmalloc/rb_tree.h"

#include <array>
#include <bit>
#include <cstdint>
#include <vector>

namespace ksl::core {

/// Number of a struct vmap_area in its slab cache. None: the record stands for no object.
using AreaObject = Id<struct AreaObjectTag, std::uint32_t>;

enum class AreaKind : std::uint8_t {
    unused, ///< the record is free
    busy,   ///< in use
    lazy,   ///< unmapped, but some TLB may still know it: waits for a purge
    pooled, ///< purged and kept for requests of its size (6.9 and later)
};

/// An area in use, waiting for a purge, or pooled.
class AreaNode {
public:
    AreaNode() = default;
    AreaNode(VirtRange range, AreaKind kind, AreaObject object)
        : object_(object), start_and_kind_(range.lowest.raw() | static_cast<std::uint64_t>(kind)),
          end_and_owner_(range.top.raw()) {}

    [[nodiscard]] std::uint64_t start() const { return start_and_kind_ & ~kLowBits; }
    [[nodiscard]] std::uint64_t end() const { return end_and_owner_ & ~kLowBits; }
    [[nodiscard]] VirtRange range() const { return {VirtAddr{start()}, VirtAddr{end()}}; }
    [[nodiscard]] Pages pages() const { return Pages{(end() - start()) >> kPageShift}; }
    [[nodiscard]] AreaKind kind() const { return static_cast<AreaKind>(start_and_kind_ & kLowBits); }
    [[nodiscard]] AreaObject object() const { return object_; }
    /// The vmap node to whose pools the area goes after a purge, plus 1; 0 = none.
    [[nodiscard]] unsigned owner() const { return static_cast<unsigned>(end_and_owner_ & kLowBits); }

    void set_start(std::uint64_t start) { start_and_kind_ = start | (start_and_kind_ & kLowBits); }
    void set_end(std::uint64_t end) { end_and_owner_ = end | (end_and_owner_ & kLowBits); }
    void set_kind(AreaKind kind) { start_and_kind_ = start() | static_cast<std::uint64_t>(kind); }
    void set_owner(unsigned owner) { end_and_owner_ = end() | owner; }

    [[nodiscard]] const RbLinks& rb() const { return rb_; }
    [[nodiscard]] RbLinks& rb() { return rb_; }

    friend bool operator==(const AreaNode&, const AreaNode&) = default;

private:
    static constexpr std::uint64_t kLowBits = kPageBytes - 1;

    RbLinks rb_;
    AreaObject object_;
    std::uint64_t start_and_kind_ = 0;
    std::uint64_t end_and_owner_ = 0;
};
static_assert(sizeof(AreaNode) == 32);

/// A free range of the allocator of 5.2 and later, with the size of the largest range at or below it in the tree.
class FreeNode {
public:
    FreeNode() = default;
    FreeNode(VirtRange range, AreaObject object) : start_(range.lowest.raw()), end_(range.top.raw()), object_(object) {}

    [[nodiscard]] std::uint64_t start() const { return start_; }
    [[nodiscard]] std::uint64_t end() const { return end_; }
    [[nodiscard]] std::uint64_t size() const { return end_ - start_; }
    [[nodiscard]] VirtRange range() const { return {VirtAddr{start_}, VirtAddr{end_}}; }
    [[nodiscard]] std::uint64_t largest() const { return largest_; }
    [[nodiscard]] AreaObject object() const { return object_; }

    void set_start(std::uint64_t start) { start_ = start; }
    void set_end(std::uint64_t end) { end_ = end; }
    void set_largest(std::uint64_t bytes) { largest_ = bytes; }
    [[nodiscard]] const RbLinks& rb() const { return rb_; }
    [[nodiscard]] RbLinks& rb() { return rb_; }

    friend bool operator==(const FreeNode&, const FreeNode&) = default;

private:
    std::uint64_t start_ = 0;
    std::uint64_t end_ = 0;
    std::uint64_t largest_ = 0;
    RbLinks rb_;
    AreaObject object_;
};
static_assert(sizeof(FreeNode) == 40);

/// Records by index. A new record takes the free place nearest to a given one: records that are neighbours by address,
/// and so in a tree, stay neighbours in memory.
template <class Node>
class NodePool {
public:
    [[nodiscard]] const Node& operator[](NodeIndex index) const { return nodes_[index]; }
    [[nodiscard]] Node& mut(NodeIndex index) { return nodes_.mut(index); }
    [[nodiscard]] const RbLinks& links(NodeIndex index) const { return nodes_[index].rb(); }
    [[nodiscard]] RbLinks& mut_links(NodeIndex index) { return nodes_.mut(index).rb(); }

    [[nodiscard]] NodeIndex add(const Node& node, NodeIndex near = kNoNode) {
        ++used_;
        const NodeIndex index = take_slot(near);
        nodes_.mut(index) = node;
        return index;
    }
    void remove(NodeIndex index) {
        --used_;
        nodes_.mut(index) = Node{};
        const NodeIndex group = index / kGroup;
        Group& places = groups_.mut(group);
        places.free[index % kGroup / 64] |= std::uint64_t{1} << (index % 64);
        if (places.is_listed != 0) return;
        places.is_listed = 1;
        places.next = first_with_free_;
        first_with_free_ = group;
    }

    /// Records in use.
    [[nodiscard]] std::size_t used() const { return used_; }
    /// Records ever made: indices are below this.
    [[nodiscard]] std::size_t size() const { return nodes_.size(); }
    /// `index` is none or a record.
    [[nodiscard]] bool exists(NodeIndex index) const { return index == kNoNode || index < nodes_.size(); }
    /// Every index in every record exists: to be asked first about a pool that was read from somewhere.
    [[nodiscard]] const char* check_indices() const;
    [[nodiscard]] const char* check_free_places() const;

    template <class Archive>
    void describe(Archive& archive) {
        archive(nodes_, groups_, first_with_free_, used_);
    }
    friend bool operator==(const NodePool&, const NodePool&) = default;

private:
    /// Records of one chunk of the array.
    static constexpr NodeIndex kGroup = 128;
    struct Group {
        std::array<std::uint64_t, 2> free{}; ///< a bit a place
        NodeIndex next = kNoNode;            ///< in the list of groups that may have free places
        std::uint32_t is_listed = 0;
        [[nodiscard]] bool is_full() const { return (free[0] | free[1]) == 0; }
        friend bool operator==(const Group&, const Group&) = default;
    };

    [[nodiscard]] NodeIndex take_slot(NodeIndex near) {
        if (near != kNoNode && !groups_[near / kGroup].is_full()) return take_nearest(near);
        while (first_with_free_ != kNoNode) {
            const Group& places = groups_[first_with_free_];
            if (!places.is_full()) return take_nearest(first_with_free_ * kGroup);
            groups_.mut(first_with_free_).is_listed = 0; // filled meanwhile from its neighbours
            first_with_free_ = places.next;
        }
        KSL_ASSERT(nodes_.size() + kGroup < kNoNode, "there are fewer records than indices");
        const auto index = static_cast<NodeIndex>(nodes_.size());
        nodes_.resize(nodes_.size() + 1);
        if (index % kGroup == 0) groups_.push_back(Group{});
        return index;
    }
    [[nodiscard]] NodeIndex take_nearest(NodeIndex near) {
        Group& places = groups_.mut(near / kGroup);
        const unsigned home = near % kGroup;
        unsigned place = nearest_bit(places.free[home / 64], home % 64) + home / 64 * 64;
        if (places.free[home / 64] == 0) {
            const unsigned other = 1 - home / 64;
            place = nearest_bit(places.free[other], other == 0 ? 63 : 0) + other * 64;
        }
        places.free[place / 64] &= ~(std::uint64_t{1} << (place % 64));
        return near / kGroup * kGroup + place;
    }
    /// The set bit nearest to `home`.
    [[nodiscard]] static unsigned nearest_bit(std::uint64_t bits, unsigned home) {
        const std::uint64_t above = bits >> home;
        const std::uint64_t below = bits << (63 - home);
        const auto up = static_cast<unsigned>(std::countr_zero(above));
        const auto down = static_cast<unsigned>(std::countl_zero(below));
        return up <= down ? home + up : home - down;
    }

    CowArray<Node, kGroup> nodes_;
    CowArray<Group, 64> groups_;
    NodeIndex first_with_free_ = kNoNode;
    std::uint32_t used_ = 0;
};

template <class Node>
const char* NodePool<Node>::check_indices() const {
    if (groups_.size() != (nodes_.size() + kGroup - 1) / kGroup) return "every chunk of records has its free places";
    for (NodeIndex i = 0; i < nodes_.size(); ++i) {
        const RbLinks& rb = nodes_[i].rb();
        if (!exists(rb.left()) || !exists(rb.right()) || !exists(rb.parent())) return "links lead to records";
    }
    return "";
}

template <class Node>
const char* NodePool<Node>::check_free_places() const {
    std::size_t free = 0;
    for (NodeIndex i = 0; i < nodes_.size(); ++i) {
        const bool is_free = (groups_[i / kGroup].free[i % kGroup / 64] >> (i % 64) & 1) != 0;
        free += is_free ? 1U : 0U;
        if (is_free && (nodes_[i].start() != 0 || nodes_[i].end() != 0)) return "a free record is empty";
    }
    if (free + used_ != nodes_.size()) return "every record is used or free";
    std::vector<bool> is_listed(groups_.size());
    for (NodeIndex at = first_with_free_; at != kNoNode; at = groups_[at].next) {
        if (at >= groups_.size() || is_listed[at]) return "the list of groups with free places is a list";
        is_listed[at] = true;
    }
    for (std::size_t i = 0; i < groups_.size(); ++i) {
        if (is_listed[i] != (groups_[i].is_listed != 0)) return "a group knows whether it is listed";
        if (!groups_[i].is_full() && !is_listed[i]) return "a group with free places is listed";
    }
    return "";
}

using AreaPool = NodePool<AreaNode>;
using FreePool = NodePool<FreeNode>;

/// Where the fields of a struct vmap_area are, for the cache lines that an access touches.
struct AreaLayout {
    std::uint8_t bytes = 64;       ///< of the object
    std::uint8_t rb_offset = 16;   ///< struct rb_node, 24 bytes
    std::uint8_t list_offset = 40; ///< struct list_head, 16 bytes
    std::uint8_t last_offset = 56; ///< purge_list (4.x) or the union of subtree_max_size and vm, 8 bytes

    friend bool operator==(const AreaLayout&, const AreaLayout&) = default;
};

} // namespace ksl::core
