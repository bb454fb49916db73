// SPDX-License-Identifier: MIT
//
// The per-node layer of Linux 6.9 and later: areas in use and areas waiting for a purge are kept in several trees,
// chosen by address, and purged areas are kept in pools by size, from which the next request of that size is served
// without the global tree of free ranges.
//
// Units:   nodes by index; pools by whole pages of the area, guard included (a stack of 5 pages is in pool 4).
// Source:  struct vmap_node, node_pool_add_va, node_pool_del_va, decay_va_pool_node, purge_vmap_node, mm/vmalloc.c of
//          6.13; commit 72210662c5a2.
#pragma once

#include "core/types/cow_array.h"
#include "core/vmalloc/area_request.h"
#include "core/vmalloc/vmap_area.h"
#include "core/vmalloc/vmap_rules.h"

#include <cstdint>

namespace ksl::core {

class VmapNodes {
public:
    /// Size pools of a node: for areas of 1 to 256 pages.
    static constexpr std::uint32_t kPools = 256;
    /// Consecutive addresses belong to one node: 16 pages.
    static constexpr Bytes kZone{16 * kPageBytes};

    VmapNodes() = default;
    explicit VmapNodes(std::uint32_t nodes) : trees_(nodes), pools_(std::size_t{nodes} * kPools) {}

    [[nodiscard]] std::uint32_t count() const { return static_cast<std::uint32_t>(trees_.size()); }
    [[nodiscard]] std::uint32_t node_of(VirtAddr address) const {
        return static_cast<std::uint32_t>(address.raw() / kZone.count() % count());
    }

    [[nodiscard]] NodeIndex busy(std::uint32_t node) const { return trees_[node].busy; }
    [[nodiscard]] NodeIndex& mut_busy(std::uint32_t node) { return trees_.mut(node).busy; }
    [[nodiscard]] NodeIndex lazy(std::uint32_t node) const { return trees_[node].lazy; }
    [[nodiscard]] NodeIndex& mut_lazy(std::uint32_t node) { return trees_.mut(node).lazy; }

    /// The first area of the pool for such requests, if it is aligned well enough; else it goes to the end, and none.
    [[nodiscard]] NodeIndex take(AreaPool& areas, std::uint32_t node, const AreaRequest& request);
    /// Puts an area into the pool of its size; false if there is none for areas so large.
    [[nodiscard]] bool put(AreaPool& areas, std::uint32_t node, NodeIndex area);
    /// Takes a quarter of a pool, or all of it, from its head: the first of a list linked through right children.
    [[nodiscard]] NodeIndex decay(AreaPool& areas, std::uint32_t node, std::uint32_t which, bool all);

    [[nodiscard]] std::uint32_t pooled(std::uint32_t node, std::uint32_t pool) const {
        return pools_[index(node, pool)].length;
    }
    /// First area of a pool; its successors are the right children.
    [[nodiscard]] NodeIndex first_pooled(std::uint32_t node, std::uint32_t pool) const {
        return pools_[index(node, pool)].head;
    }
    /// A pool for every size in every node, and roots and heads that lead to records: to be asked before check_pools()
    /// about what was read from somewhere.
    [[nodiscard]] bool check_indices(const AreaPool& areas) const;
    [[nodiscard]] const char* check_pools(const AreaPool& areas) const;

    template <class Archive>
    void describe(Archive& archive) {
        archive(trees_, pools_);
    }
    friend bool operator==(const VmapNodes&, const VmapNodes&) = default;

private:
    struct Trees {
        NodeIndex busy = kNoNode;
        NodeIndex lazy = kNoNode;
        friend bool operator==(const Trees&, const Trees&) = default;
    };
    /// A list: left child = the one before, right child = the next.
    struct SizePool {
        NodeIndex head = kNoNode;
        NodeIndex tail = kNoNode;
        std::uint32_t length = 0;
        friend bool operator==(const SizePool&, const SizePool&) = default;
    };

    [[nodiscard]] static std::size_t index(std::uint32_t node, std::uint32_t pool) {
        return std::size_t{node} * kPools + pool;
    }
    [[nodiscard]] static NodeIndex pop_front(AreaPool& areas, SizePool& pool);
    static void push_front(AreaPool& areas, SizePool& pool, NodeIndex area);
    static void push_back(AreaPool& areas, SizePool& pool, NodeIndex area);

    CowArray<Trees, 16> trees_;
    CowArray<SizePool, 256> pools_;
};

} // namespace ksl::core
