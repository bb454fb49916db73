// SPDX-License-Identifier: MIT
//
// The memory of the simulated machine as its kernel keeps it: contents, page allocator, slab caches, address ranges,
// page tables. A value; everything in it is state.
#pragma once

#include "core/memory/page_allocator.h"
#include "core/memory/phys_memory.h"
#include "core/memory/slab_caches.h"
#include "core/paging/kernel_layout.h"
#include "core/paging/kernel_tables.h"
#include "core/paging/mapper.h"
#include "core/vmalloc/vmap_allocator.h"

namespace ksl::core {

struct KernelMemory {
    PhysMemory contents;
    PageAllocator pages;
    SlabCaches slabs;
    VmapAllocator vmap;
    KernelLayout layout;
    KernelTables tables;

    /// A hand on the kernel's own page tables.
    [[nodiscard]] Mapper mapper() {
        return Mapper{contents, layout.geometry(), tables.root, layout.direct_map().lowest};
    }

    template <class Archive>
    void describe(Archive& archive) {
        archive(contents, pages, slabs, vmap, layout, tables);
    }
    friend bool operator==(const KernelMemory&, const KernelMemory&) = default;
};

} // namespace ksl::core
