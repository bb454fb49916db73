// SPDX-License-Identifier: MIT
//
// How one kind of access sees a processor's TLBs: which arrays it asks for which page size, and what it may put there.
#pragma once

#include "core/paging/geometry.h"
#include "core/tlb/assoc_array.h"

#include <array>
#include <cstdint>

namespace ksl::core {

/// How translations of one page size are kept in one level.
struct TlbHome {
    AssocArray array;
    std::uint8_t index = 0;  ///< of the array
    std::uint8_t ways = 0;   ///< limit for this size; 0 = none
    bool is_none = true;     ///< not kept
    bool is_smashed = false; ///< kept as the 2M page around the address
    bool is_simple = false;  ///< kept as it is, without limit, and so before: nothing to think about
};

/// One level as one kind of access sees it.
struct TlbRoute {
    std::array<TlbHome, kPageSizes> homes{};
    std::uint8_t present = 0; ///< sizes that may be found: those that have been put there since all was flushed
    bool is_empty = true;     ///< there is no such level

    [[nodiscard]] bool may_hold(PageSize size) const { return (present >> static_cast<unsigned>(size) & 1) != 0; }
    [[nodiscard]] const TlbHome& home_of(PageSize size) const { return homes[static_cast<std::size_t>(size)]; }
};

struct TlbPortMap {
    /// The first-level array for 4 KiB pages, if it is a small one; else a decoy in which nothing ever is.
    AssocArray front;
    bool front_is_real = false;
    bool is_apart = false;  ///< no first-level array holds pages of two sizes
    std::uint8_t alike = 0; ///< ports that have the same first-level arrays, this one included: a bit a TlbPort
    std::array<TlbRoute, 2> levels{};
};

} // namespace ksl::core
