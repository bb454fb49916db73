// SPDX-License-Identifier: MIT
//
// /proc/buddyinfo and /proc/pagetypeinfo: free blocks by zone and order, and by migrate type.
//
// Source: frag_show and pagetypeinfo_showfree, mm/vmstat.c.
#pragma once

#include "sim/base/error.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace ksl::sim::proc {

struct BuddyZone {
    std::uint32_t node = 0;
    std::string zone;                       ///< "DMA", "DMA32", "Normal", ...
    std::vector<std::uint64_t> free_blocks; ///< by order

    friend bool operator==(const BuddyZone&, const BuddyZone&) = default;
};

struct TypedFreeBlocks {
    std::uint32_t node = 0;
    std::string zone;
    std::string type;                       ///< "Unmovable", ...
    std::vector<std::uint64_t> free_blocks; ///< by order
    bool is_lower_bound = false;            ///< the kernel stopped counting somewhere (">100000")

    friend bool operator==(const TypedFreeBlocks&, const TypedFreeBlocks&) = default;
};

struct TypedPageblocks {
    std::uint32_t node = 0;
    std::string zone;
    std::vector<std::uint64_t> blocks; ///< by type, as in PageTypes::types

    friend bool operator==(const TypedPageblocks&, const TypedPageblocks&) = default;
};

struct PageTypes {
    std::uint32_t pageblock_order = 0;
    std::uint64_t pages_per_block = 0;
    std::vector<std::string> types;
    std::vector<TypedFreeBlocks> free; ///< by zone, then by type
    std::vector<TypedPageblocks> pageblocks;

    friend bool operator==(const PageTypes&, const PageTypes&) = default;
};

/// `file` is the name for errors, here and below.
[[nodiscard]] Result<std::vector<BuddyZone>> parse_buddyinfo(std::string file, std::string_view text);
[[nodiscard]] Result<PageTypes> parse_pagetypeinfo(std::string file, std::string_view text);

} // namespace ksl::sim::proc
