// SPDX-License-Identifier: MIT
//
// The state of an area allocator as ranges, without trees: what can be read from a real kernel, shown, and compared.
#pragma once

#include "core/types/address.h"

#include <cstdint>
#include <vector>

namespace ksl::core {

struct VmapSnapshot {
    /// The variables of the search up to 5.1.
    struct SearchCache {
        VirtAddr area; ///< start of the cached area; 0 if there is none
        Bytes hole_size;
        VirtAddr vstart;
        Bytes align;
        friend bool operator==(const SearchCache&, const SearchCache&) = default;
    };

    std::vector<VirtRange> areas;   ///< in use, by address; up to 5.1 with those that wait for a purge
    std::vector<VirtRange> pending; ///< waiting for a purge; up to 5.1 newest first, later by address
    std::vector<VirtRange> free;    ///< since 5.2: free ranges by address, from 1 to the last address
    std::vector<VirtRange> pooled;  ///< since 6.9: by address
    SearchCache cache;              ///< up to 5.1
    Pages lazy_pages;

    friend bool operator==(const VmapSnapshot&, const VmapSnapshot&) = default;
};

} // namespace ksl::core
