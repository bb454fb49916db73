// SPDX-License-Identifier: MIT
//
// Hands out address ranges of the vmalloc area, as alloc_vmap_area() and its kin do, and takes them back: lazily, so
// that one flush of the TLB serves thousands of them. Pages and page tables are somebody else's business.
//
//     lowest                                                                      top
//     | stack 16 KiB | guard | free 12 KiB | stack 16 KiB | guard | free 12 KiB | ...
//     `---- area, 20 KiB ----'  alignment  `---- area ----'
//
// Units:     byte addresses, sizes in whole pages. A guard page is part of its area, at the high end; there is none in
//            front (area_request.h).
// Ownership: an AreaId is valid from reserve() until the area is free again: in 4.x until the purge, in 6.1 until
//            release_lazily() (which may merge it with its neighbours), in 6.9 and later until the area leaves the
//            pools.
// Cost:      charged to Effects: levels descended, list steps, links made and undone, subtree maxima put right, and one
//            access for each cache line of a descriptor, at the address that the VmapHost says.
// Fidelity:  addresses, order of purges, pools and search variables are those of the kernel. Locks are touched but
//            never contended here; the notifier chain of an exhausted address space is empty; CPUs purge in one go.
// Source:    mm/vmalloc.c; vmap_rules.h says which versions.
#pragma once

#include "core/effects/effects.h"
#include "core/types/function_ref.h"
#include "core/vmalloc/area_request.h"
#include "core/vmalloc/cached_first_fit.h"
#include "core/vmalloc/free_space.h"
#include "core/vmalloc/vmap_area.h"
#include "core/vmalloc/vmap_host.h"
#include "core/vmalloc/vmap_nodes.h"
#include "core/vmalloc/vmap_rules.h"
#include "core/vmalloc/vmap_snapshot.h"

#include <expected>
#include <optional>
#include <string>
#include <vector>

namespace ksl::core {

enum class PurgeReason : std::uint8_t {
    limit,     ///< more pages than lazy_limit() are pending
    exhausted, ///< no range fits; since 6.9 the pools are emptied as well
};

struct PurgeResult {
    std::uint32_t areas = 0;        ///< areas that became free or went to a pool
    Pages pages;                    ///< their pages, guards included
    std::optional<VirtRange> flush; ///< the range that was flushed from the TLBs, from the lowest to the highest area

    friend bool operator==(const PurgeResult&, const PurgeResult&) = default;
};

class VmapAllocator {
public:
    VmapAllocator() : VmapAllocator(linux_6_1_vmap_rules(), 1) {}
    /// All addresses free.
    VmapAllocator(const VmapRules& rules, unsigned online_cpus);
    /// The state of a real kernel; the error says what is impossible about it. The shape of trees is not part of such a
    /// state: it is that of insertion by ascending address.
    [[nodiscard]] static std::expected<VmapAllocator, std::string>
    from_snapshot(const VmapRules& rules, unsigned online_cpus, const VmapSnapshot& snapshot);

    /// alloc_vmap_area(): the lowest range that the rules find. Where none fits, purges everything pending once (with
    /// the flush that this takes) and tries again.
    [[nodiscard]] std::expected<AreaId, AreaFailure> reserve(const AreaRequest& request, Effects& fx, VmapHost& host);
    /// Exactly this range, wherever the search would have gone; no_space if part of it is taken. No kernel function:
    /// for carrying on from an answer that was recorded elsewhere, and for address schemes that do not search.
    [[nodiscard]] std::expected<AreaId, AreaFailure> reserve_at(VirtRange range, Effects& fx, VmapHost& host);
    /// find_vmap_area(): the area that contains the address, or none. Up to 5.1 it may be one that waits for a purge.
    [[nodiscard]] AreaId find(VirtAddr address, Effects& fx, const VmapHost& host) const;
    /// free_vmap_area_noflush(): the area, already unmapped, waits for the next purge. The caller then looks at
    /// purge_is_due() and purges, or queues the purge, as rules().purge_context says.
    void release_lazily(AreaId id, Effects& fx, VmapHost& host);
    /// free_vmap_area(): the area is free at once; for ranges that no TLB can know.
    void release_at_once(AreaId id, Effects& fx, VmapHost& host);

    [[nodiscard]] bool purge_is_due() const { return lazy_pages_ > lazy_limit(); }
    /// __purge_vmap_area_lazy(): frees everything pending after one flush. Nothing pending: nothing happens.
    PurgeResult purge(PurgeReason reason, Effects& fx, VmapHost& host);

    [[nodiscard]] const VmapRules& rules() const { return rules_; }
    void set_online_cpus(unsigned cpus) { online_cpus_ = cpus; }
    [[nodiscard]] Pages lazy_pages() const { return lazy_pages_; }
    [[nodiscard]] Pages lazy_limit() const { return rules_.lazy_limit(online_cpus_); }
    [[nodiscard]] VirtRange range(AreaId area) const { return areas_[area.raw()].range(); }
    /// There is such a record, in use or not: to be asked first about an area that was read from somewhere.
    [[nodiscard]] bool has_record(AreaId area) const { return area.raw() < areas_.size(); }
    [[nodiscard]] AreaKind kind(AreaId area) const { return areas_[area.raw()].kind(); }
    [[nodiscard]] AreaObject object(AreaId area) const { return areas_[area.raw()].object(); }
    /// Areas in use.
    [[nodiscard]] std::uint32_t busy_areas() const { return busy_; }
    /// Areas that were released lazily since the last purge, before merging.
    [[nodiscard]] std::uint32_t pending_areas() const { return pending_; }
    [[nodiscard]] std::size_t free_ranges() const { return free_.ranges(); }
    /// Up to 5.1.
    [[nodiscard]] const AreaSearchCache& search_cache() const { return first_fit_.cache(); }

    /// Areas in use and, up to 5.1, those that wait for a purge, by address.
    void for_each_area(FunctionRef<void(AreaId)> visit) const;
    /// Areas that wait for a purge: up to 5.1 newest first, later by address.
    void for_each_pending(FunctionRef<void(AreaId)> visit) const;
    /// Free ranges by address (5.2 and later).
    void for_each_free(FunctionRef<void(VirtRange)> visit) const;
    [[nodiscard]] VmapSnapshot snapshot() const;

    /// Empty, or the first broken invariant.
    [[nodiscard]] std::string check_invariants() const;

    template <class Archive>
    void describe(Archive& archive) {
        archive(rules_, online_cpus_, areas_, lazy_pages_, busy_, pending_, first_fit_, purge_list_, free_, busy_root_,
                purge_root_, nodes_);
    }
    friend bool operator==(const VmapAllocator&, const VmapAllocator&) = default;

private:
    struct Placed {
        NodeIndex area = kNoNode;
        std::uint32_t steps = 0;
    };
    using Attempt = std::expected<Placed, AreaFailure>;

    [[nodiscard]] Attempt try_once(const AreaRequest& request, AreaObject object, Effects& fx, VmapHost& host);
    [[nodiscard]] NodeIndex take_pooled(const AreaRequest& request, unsigned& owner, Effects& fx, VmapHost& host);
    [[nodiscard]] bool take_at(VirtRange range, Effects& fx, VmapHost& host);
    [[nodiscard]] AreaId report_reserved(const Placed& placed, Effects& fx);

    /// The root of the tree that an area in use belongs to, and the lock that protects it.
    [[nodiscard]] NodeIndex& busy_root_of(VirtAddr start);
    /// The lock of the areas in use. Nodes (6.9 and later) have one each, which nobody is taken to wait for.
    LockHold hold_busy(Effects& fx) const;
    [[nodiscard]] VirtAddr busy_lock_of(VirtAddr start, const Effects& fx) const;
    [[nodiscard]] NodeIndex add_busy(const AreaNode& area, Effects& fx, VmapHost& host);
    void insert_busy(NodeIndex area, Effects& fx, VmapHost& host);
    void erase_busy(NodeIndex area, Effects& fx, VmapHost& host);
    void put_in_purge_tree(NodeIndex area, Effects& fx, VmapHost& host);
    /// Links a record that is in no tree, or lets neighbours grow over it.
    void merge_or_link(NodeIndex& root, NodeIndex area, Effects& fx, VmapHost& host);

    [[nodiscard]] PurgeResult purge_everything(PurgeReason reason, Effects& fx, VmapHost& host);
    [[nodiscard]] PurgeResult purge_first_fit(Effects& fx, VmapHost& host);
    [[nodiscard]] PurgeResult purge_tree(Effects& fx, VmapHost& host);
    [[nodiscard]] PurgeResult purge_nodes(PurgeReason reason, Effects& fx, VmapHost& host);
    void purge_node_list(NodeIndex first, PurgeReason reason, PurgeResult& result, Effects& fx, VmapHost& host);
    void decay_pools(std::uint32_t node, bool all, Effects& fx, VmapHost& host);
    /// The area becomes free: its record ends.
    void give_to_free_tree(NodeIndex area, Effects& fx, VmapHost& host);
    void forget(NodeIndex area, Effects& fx, VmapHost& host);

    [[nodiscard]] const char* load(const VmapSnapshot& snapshot);
    [[nodiscard]] const char* load_areas(const VmapSnapshot& snapshot);
    [[nodiscard]] const char* load_purge_list(const VmapSnapshot& snapshot);
    [[nodiscard]] const char* load_purge_tree(const VmapSnapshot& snapshot);
    [[nodiscard]] const char* load_free_ranges(const VmapSnapshot& snapshot);
    [[nodiscard]] NodeIndex area_at(VirtRange range) const;
    [[nodiscard]] std::vector<NodeIndex> in_order(FunctionRef<NodeIndex(std::uint32_t)> root_of_node) const;

    struct Tally;
    [[nodiscard]] const char* check_indices() const;
    [[nodiscard]] const char* check_tree(NodeIndex root, AreaKind kind, Tally& tally) const;
    [[nodiscard]] const char* check_trees(Tally& tally) const;
    [[nodiscard]] const char* check_first_fit(Tally& tally) const;
    [[nodiscard]] const char* check_ranges() const;

    VmapRules rules_;
    std::uint32_t online_cpus_ = 1;
    AreaPool areas_;
    Pages lazy_pages_; ///< vmap_lazy_nr
    std::uint32_t busy_ = 0;
    std::uint32_t pending_ = 0;

    // Up to 5.1: one tree, and the areas that wait for a purge in the order in which they were released.
    CachedFirstFit first_fit_;
    CowArray<AreaId, 1024> purge_list_;

    // Since 5.2: free ranges, areas in use, areas that wait for a purge.
    FreeSpace free_;
    NodeIndex busy_root_ = kNoNode;
    NodeIndex purge_root_ = kNoNode;

    // Since 6.9: instead of the last two, trees and pools by node.
    VmapNodes nodes_;
};

} // namespace ksl::core
