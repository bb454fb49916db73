// SPDX-License-Identifier: MIT
//
// How the slab allocator (SLUB) cuts pages into objects, and what differs between kernels.
//
// Source:   calculate_order, slab_order, set_min_partial, set_cpu_partial / slub_set_cpu_partial, calculate_sizes
//           (mm/slub.c of 4.7, 4.9, 6.1); kmalloc_index (include/linux/slab.h). Sizes: slabinfo of the captures.
// Exactness: shapes are those of every cache in every recorded slabinfo (tests/core/memory/slab_shape_test.cpp).
#pragma once

#include "core/types/address.h"
#include "core/types/ids.h"

#include <array>
#include <cstdint>
#include <optional>

namespace ksl::core {

/// How one cache's slabs look.
struct SlabShape {
    Bytes size;                         ///< of an object, alignment included
    Order order;                        ///< of a slab
    Order min_order;                    ///< of a slab when memory is short: the smallest that holds an object
    std::uint16_t objects = 0;          ///< in a slab
    std::uint16_t min_objects = 0;      ///< in a slab of the smallest order
    std::uint8_t min_partial = 0;       ///< an empty slab is given back if this many are partial, itself included
    std::uint8_t cpu_partial_slabs = 0; ///< partial slabs that a CPU keeps for itself; 0 = it keeps none
    std::uint16_t free_pointer = 0;     ///< where in a free object the link to the next one lies

    template <class Archive>
    void describe(Archive& archive) {
        archive(size, order, min_order, objects, min_objects, min_partial, cpu_partial_slabs, free_pointer);
    }
    friend bool operator==(const SlabShape&, const SlabShape&) = default;
};

struct SlabRules {
    /// nr_cpu_ids: larger machines have larger slabs.
    unsigned cpus = 1;
    /// A CPU keeps slabs that got their first free object, and takes several from the node at once
    /// (CONFIG_SLUB_CPU_PARTIAL, counted in slabs since 5.16). Before 5.16 it counted objects; that is not modelled.
    bool has_cpu_partial = false;
    /// The link lies in the middle of a free object (5.7 and later), not at its start.
    bool links_in_the_middle = false;

    friend bool operator==(const SlabRules&, const SlabRules&) = default;
};

/// calculate_order and its relatives. `size`: 8 bytes .. one block of the largest order, a multiple of 8.
[[nodiscard]] SlabShape shape_of(Bytes size, const SlabRules& rules);

/// The kmalloc cache that serves a request of `size` bytes, 1..8192: 8, 16, 32, 64, 96, 128, 192, 256, ... 8192.
[[nodiscard]] Bytes kmalloc_size(Bytes size);

/// What a kernel allocates round a task and its stack. Several kinds may share one cache.
enum class SlabCacheId : std::uint8_t {
    task_struct,
    vm_struct,  ///< descriptor of a vmalloc area: kmalloc
    vmap_area,  ///< node of its address range: kmalloc in 4.x, a cache of its own later
    page_array, ///< pages[] of a vmalloc area: kmalloc
};
inline constexpr unsigned kSlabCacheIds = 4;

/// The sizes of one kernel's objects.
struct SlabSizes {
    struct Kind {
        Bytes size;
        bool has_own_cache = false; ///< not kmalloc
        friend bool operator==(const Kind&, const Kind&) = default;
    };
    std::array<Kind, kSlabCacheIds> kinds{};
    SlabRules rules;

    [[nodiscard]] const Kind& operator[](SlabCacheId id) const { return kinds[static_cast<std::size_t>(id)]; }
    [[nodiscard]] Kind& operator[](SlabCacheId id) { return kinds[static_cast<std::size_t>(id)]; }

    /// The kernels of the captures, for stacks of 16 KiB.
    [[nodiscard]] static SlabSizes linux_4_7(unsigned cpus);
    [[nodiscard]] static SlabSizes linux_4_9(unsigned cpus);
    [[nodiscard]] static SlabSizes linux_6_1(unsigned cpus);

    friend bool operator==(const SlabSizes&, const SlabSizes&) = default;
};

} // namespace ksl::core
