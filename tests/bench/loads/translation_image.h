// SPDX-License-Identifier: MIT
//
// The memory image and the address traces of the translation and TLB loads. The same image, seeds and traces are used
// by other programs' harnesses, so that results can stand side by side.
//
// Layout of physical memory:   [0, 1 GiB)  RAM, seen through the direct map with 4 KiB pages
//                              then        page tables, from 1 MiB behind it on
// Address space:   the direct map; 16,384 vmalloc areas of five pages, the lowest not mapped, the other four backed by
//                  frames drawn from RAM without replacement; the lowest 4 GiB mapped 1:1 with 2 MiB pages.
#pragma once

#include "core/memory/phys_memory.h"
#include "core/paging/mapper.h"
#include "core/types/address.h"

#include <cstdint>
#include <string_view>
#include <vector>

namespace ksl::bench {

struct TranslationImage {
    static constexpr core::VirtAddr kDirectMap{0xffff'8880'0000'0000};
    static constexpr core::VirtAddr kVmalloc{0xffff'c900'0000'0000};
    static constexpr std::uint64_t kFrames = std::uint64_t{1} << 18;
    static constexpr std::uint64_t kStacks = 16384;
    static constexpr core::Bytes kStackSpan{5 * core::kPageBytes};

    TranslationImage();

    core::PhysMemory memory;
    core::Pfn root;
};

/// The trace called `name`, or nothing if there is none of that name:
///   hot32  uniform over 32 pages of the direct map
///   zipf   Zipf 0.99 over all pages of the direct map, ranks scattered
///   uni    uniform over all pages of the direct map
///   kmix   bursts of 16: six in ten walk down one stack (Zipf 0.99 over the stacks), the others are zipf
[[nodiscard]] std::vector<core::VirtAddr> translation_trace(std::string_view name, std::size_t length);

} // namespace ksl::bench
