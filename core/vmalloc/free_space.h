// SPDX-License-Identifier: MIT
//
// The free address ranges of Linux since 5.2: a tree by address in which every node knows the size of the largest range
// at or below it, so that the lowest range that fits is found in O(log n).
//
// Fidelity: a search for an alignment beyond a page looks for size + align - 1 bytes and may so pass a lower range that
//           would fit exactly, unless it happens to look at it; kept, because addresses depend on it. The kernel's
//           outermost ranges are [1, ...) and [..., ULONG_MAX); here they are whole pages and only shown so
//           (shown_range).
// Source:   find_vmap_lowest_match, adjust_va_to_fit_type, merge_or_add_vmap_area_augment, augment_tree_propagate_from
//           and preload_this_cpu_lock, mm/vmalloc.c of 6.1.
#pragma once

#include "core/effects/effects.h"
#include "core/vmalloc/area_request.h"
#include "core/vmalloc/vmap_area.h"
#include "core/vmalloc/vmap_host.h"
#include "core/vmalloc/vmap_rules.h"

#include <optional>
#include <vector>

namespace ksl::core {

class FreeSpace {
public:
    struct Found {
        VirtAddr start;
        std::uint32_t steps = 0; ///< nodes looked at
    };

    /// The kernel's view of a range: the lowest begins at 1, the highest ends at the last address.
    [[nodiscard]] static VirtRange shown_range(VirtRange range);
    [[nodiscard]] static VirtRange whole_pages(VirtRange shown);
    /// [1, ULONG_MAX): everything that is free before the first area exists.
    [[nodiscard]] static VirtRange everything();

    /// Takes the lowest range that fits; nullopt if none does, or if a range has to be split in two and no descriptor
    /// can be had for the second part.
    [[nodiscard]] std::optional<Found> take(const AreaRequest& request, const VmapRules& rules, Effects& fx,
                                            VmapHost& host);
    /// Takes exactly this range; false if part of it is not free.
    [[nodiscard]] bool take_at(VirtRange range, const VmapRules& rules, Effects& fx, VmapHost& host);
    /// Makes a range free; `object` becomes the descriptor of it, or is given back if a neighbour grows over it.
    void give(VirtRange range, AreaObject object, const VmapRules& rules, Effects& fx, VmapHost& host);
    /// Makes sure that a descriptor lies ready for the next split on this CPU.
    void preload(Effects& fx, VmapHost& host);

    [[nodiscard]] const FreePool& pool() const { return pool_; }
    [[nodiscard]] NodeIndex root() const { return root_; }
    [[nodiscard]] std::size_t ranges() const { return pool_.used(); }
    /// Empty, or the first broken invariant.
    [[nodiscard]] const char* check_invariants() const;

    template <class Archive>
    void describe(Archive& archive) {
        archive(pool_, root_, preloaded_);
    }
    friend bool operator==(const FreeSpace&, const FreeSpace&) = default;

private:
    /// ne_fit_preload_node of one CPU.
    struct Preloaded {
        AreaObject object;
        std::uint32_t is_filled = 0;
        friend bool operator==(const Preloaded&, const Preloaded&) = default;
    };

    template <class Touch>
    [[nodiscard]] NodeIndex lowest_match(const AreaRequest& request, const VmapRules& rules, std::uint32_t& steps,
                                         Effects& fx, Touch touch) const;
    template <class Touch>
    [[nodiscard]] bool cut(NodeIndex node, VirtRange taken, Effects& fx, VmapHost& host, Touch touch);
    template <class Touch>
    [[nodiscard]] bool cut_middle(NodeIndex node, VirtRange taken, Effects& fx, VmapHost& host, Touch touch);
    [[nodiscard]] std::optional<AreaObject> object_for_split(Effects& fx, VmapHost& host);

    FreePool pool_;
    NodeIndex root_ = kNoNode;
    std::vector<Preloaded> preloaded_; ///< by CPU
};

} // namespace ksl::core
