// SPDX-License-Identifier: MIT
//
// The records of address ranges: areas that are in use or wait for a purge (32 bytes each) and free ranges (40 bytes
// each).
//
// Units:   starts and ends are page-aligned byte addresses, [start, end), guard pages included.
// Memory:  a record is an index into a pool; the kernel's own object behind it (struct vmap_area in a slab cache) is
// known
//          by a number that the owner of the slab cache gave out, from which he computes its address.
// Source:  struct vmap_area, include/linux/vmalloc.h of 4.7, 6.1 and 6.13.
#pragma once

#include "core/types/address.h"
#include "core/types/cow_array.h"
#include "core/types/ids.h"
#include "core/vmalloc/rb_tree.h"

#include <cstdint>

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

    RbLinks rb;

    friend bool operator==(const AreaNode&, const AreaNode&) = default;

private:
    static constexpr std::uint64_t kLowBits = kPageBytes - 1;

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

private:
    std::uint64_t start_ = 0;
    std::uint64_t end_ = 0;
    std::uint64_t largest_ = 0;

public:
    RbLinks rb;

    friend bool operator==(const FreeNode&, const FreeNode&) = default;

private:
    AreaObject object_;
};
static_assert(sizeof(FreeNode) == 40);

/// Records by index; indices of removed records are given out again, the last one first.
template <class Node>
class NodePool {
public:
    [[nodiscard]] const Node& operator[](NodeIndex index) const { return nodes_[index]; }
    [[nodiscard]] Node& mut(NodeIndex index) { return nodes_.mut(index); }
    [[nodiscard]] const RbLinks& links(NodeIndex index) const { return nodes_[index].rb; }
    [[nodiscard]] RbLinks& mut_links(NodeIndex index) { return nodes_.mut(index).rb; }

    [[nodiscard]] NodeIndex add(const Node& node) {
        ++used_;
        if (first_free_ == kNoNode) {
            KSL_ASSERT(nodes_.size() < kNoNode, "there are fewer records than indices");
            nodes_.push_back(node);
            return static_cast<NodeIndex>(nodes_.size() - 1);
        }
        const NodeIndex index = first_free_;
        first_free_ = nodes_[index].rb.left();
        nodes_.mut(index) = node;
        return index;
    }
    void remove(NodeIndex index) {
        --used_;
        Node gone;
        gone.rb.set_child(Side::left, first_free_);
        nodes_.mut(index) = gone;
        first_free_ = index;
    }

    /// Records in use.
    [[nodiscard]] std::size_t used() const { return used_; }
    /// Records ever made: indices are below this.
    [[nodiscard]] std::size_t size() const { return nodes_.size(); }
    [[nodiscard]] const char* check_free_list() const {
        std::size_t free = 0;
        for (NodeIndex at = first_free_; at != kNoNode; at = nodes_[at].rb.left()) {
            if (at >= nodes_.size() || ++free > nodes_.size()) return "the list of free records is a list";
            if (nodes_[at].start() != 0 || nodes_[at].end() != 0) return "a free record is empty";
        }
        return free + used_ == nodes_.size() ? "" : "every record is used or free";
    }

    template <class Archive>
    void describe(Archive& archive) {
        archive(nodes_, first_free_, used_);
    }
    friend bool operator==(const NodePool&, const NodePool&) = default;

private:
    CowArray<Node, 128> nodes_;
    NodeIndex first_free_ = kNoNode;
    std::uint32_t used_ = 0;
};

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
