// SPDX-License-Identifier: MIT
//
// Where a kernel keeps its regions, as its own page-table dump says by where its sections begin: the bases that
// randomisation drew (page_offset_base, vmalloc_base, vmemmap_base), the depth of the tables, the place of its image.
//
// Limits:  a dump that misses sections tells the less. Each place stands in a dump three times (the end of the line
//          before, the line itself, its size); the most of them count, so that one wrong line moves nothing.
// Source:  address_markers of arch/x86/mm/dump_pagetables.c.
#pragma once

#include "core/paging/dump.h"
#include "core/paging/kernel_layout.h"

#include <optional>
#include <string_view>

namespace ksl::sim {

struct DumpHeadings {
    std::optional<core::VirtAddr> direct_map, vmalloc, vmemmap, modules;
    std::optional<core::VirtAddr> image; ///< the first mapped page of the kernel image's own mapping
    core::DumpOptions sections;          ///< which sections this kernel's configuration adds

    [[nodiscard]] core::Geometry geometry() const;
};

/// Reads what can be read; never fails.
[[nodiscard]] DumpHeadings read_dump_headings(std::string_view dump);

} // namespace ksl::sim
