// SPDX-License-Identifier: MIT
//
// All page tables that a kernel has when boot is over: image, direct map, array of page structs, and in 6.1 the
// second-level tables of the vmalloc area. What a machine starts with.
//
// Source:   start_kernel()'s path through setup_arch(), paging_init(), mem_init(); preallocate_vmalloc_pages() of
//           arch/x86/mm/init_64.c (5.9 and later).
#pragma once

#include "core/paging/direct_map.h"
#include "core/paging/kernel_image.h"
#include "core/paging/kernel_layout.h"

#include <expected>
#include <vector>

namespace ksl::core {

/// How the kernel half of other address spaces learns about new top-level entries of the vmalloc area.
enum class PgdSync : std::uint8_t {
    lazy_fault,           ///< up to 5.7: a page fault copies the entry
    touch_before_switch,  ///< 4.9 to 5.7 with vmapped stacks: and a switch makes sure of the next stack's entry first
    synced_at_allocation, ///< 5.8: whoever adds an entry copies it to all address spaces
    preallocated,         ///< 5.9 and later: all entries exist from boot on
};

struct KernelTablesConfig {
    KernelLayout layout;
    std::vector<FrameRange> ram;      ///< ascending, without overlap
    std::vector<FrameRange> reserved; ///< RAM in use at boot: decides where the direct map begins to be built
    KernelImage image;
    RealModeTrampoline trampoline;
    DirectMapOptions direct_map;
    PgdSync pgd_sync = PgdSync::preallocated;
};

struct KernelTables {
    Pfn root;
    DirectMap direct_map;

    friend bool operator==(const KernelTables&, const KernelTables&) = default;
    template <class Archive>
    void describe(Archive& archive) {
        archive(root, direct_map);
    }
};

[[nodiscard]] std::expected<KernelTables, MapFailure> build_kernel_tables(PhysMemory& memory,
                                                                          const KernelTablesConfig& config,
                                                                          TakeFrame take, TakeBlock take_block,
                                                                          Effects& fx);

/// The tables below the top one for the whole vmalloc area: 64 on four levels, as many P4D pages as it has top-level
/// entries on five.
[[nodiscard]] MapResult preallocate_vmalloc(Mapper& mapper, const KernelLayout& layout, TakeFrame take, Effects& fx);

} // namespace ksl::core
