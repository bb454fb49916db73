// SPDX-License-Identifier: MIT
//
// How fragmented a zone is, in the kernel's own figures.
//
// Units:   thousandths, as the kernel computes them (it prints them with three decimals); -1000 = "such a block is
// there". Source:  fill_contig_page_info, __fragmentation_index, unusable_free_index (mm/vmstat.c, the same in 4.7
// and 6.1).
#pragma once

#include "core/memory/zone.h"

namespace ksl::core {

/// Free memory of a zone with one order in mind.
struct ContiguousPages {
    std::uint64_t free_pages = 0;
    std::uint64_t free_blocks = 0;     ///< of all orders
    std::uint64_t suitable_blocks = 0; ///< blocks of the order that could be cut from what is free
    friend bool operator==(const ContiguousPages&, const ContiguousPages&) = default;
};
[[nodiscard]] ContiguousPages contiguous_pages(const Zone& zone, Order order);

/// Why a request of this order fails: towards 0 for lack of memory, towards 1000 because it is fragmented; -1000 if it
/// would not fail.
[[nodiscard]] int fragmentation_index(const Zone& zone, Order order);
/// Share of the free memory that is of no use to requests of this order.
[[nodiscard]] int unusable_free_index(const Zone& zone, Order order);

} // namespace ksl::core
