// SPDX-License-Identifier: MIT
//
// The direct map: all RAM, seen at one offset, with the largest pages that the memory map allows.
//
// Units:     frames of 4 KiB; ranges of RAM are half open, ascending, without overlap, and count what firmware reserved
//            from them as absent.
// Errors:    MapFailure::no_frame if a table page cannot be had.
// Fidelity:  pieces and page sizes as the kernel cuts them, in the kernel's order, so that table pages are asked for in
//            that order too; the early page-table buffer in the kernel's brk area is not modelled.
// Source:    init_mem_mapping(), memory_map_top_down(), split_mem_range(), adjust_range_page_size_mask() of
//            arch/x86/mm/init.c; phys_pud_init(), phys_pmd_init(), vmemmap_populate() of init_64.c (4.7, 4.9, 6.1).
#pragma once

#include "core/effects/effects.h"
#include "core/paging/kernel_layout.h"
#include "core/paging/mapper.h"
#include "core/types/address.h"

#include <array>
#include <cstdint>
#include <expected>
#include <span>
#include <utility>
#include <vector>

namespace ksl::core {

struct DirectMapOptions {
    bool large_pages = true; ///< CPUID.PSE, and no debug_pagealloc
    bool huge_pages = true;  ///< CPUID.Page1GB, and no "nogbpages"; needs large_pages
    bool global = true;      ///< without page-table isolation

    friend bool operator==(const DirectMapOptions&, const DirectMapOptions&) = default;
};

/// DirectMap4k, DirectMap2M and DirectMap1G of /proc/meminfo, in pages of their size. As the kernel counts them: a
/// large page that a later piece of the boot-time mapping finds in place is counted again, and a page of the kernel
/// image that is split is subtracted like one of the direct map.
struct DirectMapCounters {
    std::array<std::uint64_t, kPageSizes> pages{};

    void add(PageSize size, std::uint64_t count) { pages[std::to_underlying(size)] += count; }
    /// split_page_count(): one page became 512 of the next smaller size.
    void split(PageSize from);
    [[nodiscard]] std::uint64_t kibibytes(PageSize size) const;

    friend bool operator==(const DirectMapCounters&, const DirectMapCounters&) = default;
    template <class Archive>
    void describe(Archive& archive) {
        archive(pages);
    }
};

struct DirectMap {
    std::vector<FrameRange> mapped; ///< pfn_mapped[]: ascending, neighbours merged
    DirectMapCounters counters;

    /// pfn_range_is_mapped() for one frame.
    [[nodiscard]] bool maps(Pfn frame) const;
    /// max_pfn_mapped: one past the highest mapped frame.
    [[nodiscard]] Pfn top() const { return mapped.empty() ? Pfn{0} : mapped.back().top; }

    friend bool operator==(const DirectMap&, const DirectMap&) = default;
    template <class Archive>
    void describe(Archive& archive) {
        archive(mapped, counters);
    }
};

/// Maps all of `ram`, and the first MiB whatever is there. `reserved` is RAM that something occupies at boot (kernel
/// image, initial RAM disk): it decides only where the top-down pass starts.
[[nodiscard]] std::expected<DirectMap, MapFailure> build_direct_map(Mapper& mapper, std::span<const FrameRange> ram,
                                                                    std::span<const FrameRange> reserved,
                                                                    const DirectMapOptions& options, TakeFrame take,
                                                                    Effects& fx);

/// Gives an aligned block of 512 frames; nothing if there is none.
using TakeBlock = FunctionRef<std::optional<Pfn>()>;

/// Maps the page structs of every 128 MiB section that has RAM: one 2M page a section, or 4K pages where large pages
/// are not allowed or no block is left.
[[nodiscard]] MapResult build_vmemmap(Mapper& mapper, const KernelLayout& layout, std::span<const FrameRange> ram,
                                      const DirectMapOptions& options, TakeFrame take, TakeBlock take_block,
                                      Effects& fx);

} // namespace ksl::core
