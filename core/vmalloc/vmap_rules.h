// SPDX-License-Identifier: MIT
//
// Which kernel's area allocator this is: data, not classes.
//
// Source:  mm/vmalloc.c of 4.7.4, 4.9.0, 4.14.74, 6.1.192 and 6.13.7; commit 68ad4a330433 (free tree, 5.2),
//          72210662c5a2 (per-node layer, 6.9).
#pragma once

#include "core/types/address.h"
#include "core/vmalloc/vmap_area.h"

#include <algorithm>
#include <bit>
#include <cstdint>

namespace ksl::core {

enum class AreaSearch : std::uint8_t {
    cached_first_fit, ///< to 5.1: a walk over the areas in use, which begins where the last one ended
    lowest_match,     ///< since 5.2: a descent in the tree of free ranges
};

/// Who carries a purge out that the limit made due.
enum class PurgeContext : std::uint8_t {
    caller_spinlock, ///< 4.7, 4.9: who freed the area that exceeded the limit, unless somebody holds purge_lock
                     ///< (trylock)
    caller_mutex,    ///< 4.14: the same with mutex_trylock
    worker,          ///< 6.1: a work item; the freeing context only queues it
};

struct VmapRules {
    AreaSearch search = AreaSearch::lowest_match;
    PurgeContext purge_context = PurgeContext::worker;
    /// Searches for size + align - 1 bytes even if no alignment beyond a page is wanted (5.2 to about 5.15).
    bool always_adjusts_length = false;
    /// vmap nodes: clamp(possible CPUs, 1, 128) since 6.9; 1 = without that layer.
    std::uint16_t nodes = 1;
    AreaLayout layout;
    /// VMALLOC_START and VMALLOC_END, the latter as the kernel writes it: the last byte. The pools of the vmap nodes
    /// serve requests for exactly this window.
    VirtRange vmalloc{VirtAddr{0xffffc90000000000}, VirtAddr{0xffffe8ffffffffff}};
    /// lazy_max_pages() is this times fls(online CPUs): 32 MiB.
    Pages lazy_step{8192};

    [[nodiscard]] bool has_free_tree() const { return search == AreaSearch::lowest_match; }
    [[nodiscard]] bool has_nodes() const { return nodes > 1; }
    /// lazy_max_pages(): a purge is due when more pages than this are pending.
    [[nodiscard]] Pages lazy_limit(unsigned online_cpus) const {
        return lazy_step * static_cast<std::uint64_t>(std::bit_width(online_cpus));
    }

    template <class Archive>
    void describe(Archive& archive) {
        archive(search, purge_context, always_adjusts_length, nodes, layout, vmalloc, lazy_step);
    }
    friend bool operator==(const VmapRules&, const VmapRules&) = default;
};

/// 4.7 to 4.9.
[[nodiscard]] constexpr VmapRules linux_4_9_vmap_rules() {
    return {.search = AreaSearch::cached_first_fit,
            .purge_context = PurgeContext::caller_spinlock,
            .layout = {.bytes = 96, .rb_offset = 24, .list_offset = 48, .last_offset = 64}};
}
/// 4.14: as 4.9, but for the lock of the purge.
[[nodiscard]] constexpr VmapRules linux_4_14_vmap_rules() {
    VmapRules rules = linux_4_9_vmap_rules();
    rules.purge_context = PurgeContext::caller_mutex;
    return rules;
}
[[nodiscard]] constexpr VmapRules linux_6_1_vmap_rules() {
    return {};
}
/// 6.9 and later; the object has one field more.
[[nodiscard]] constexpr VmapRules linux_6_9_vmap_rules(unsigned possible_cpus) {
    VmapRules rules;
    rules.nodes = static_cast<std::uint16_t>(std::clamp(possible_cpus, 1U, 128U));
    rules.layout.bytes = 72;
    return rules;
}

} // namespace ksl::core
