// SPDX-License-Identifier: MIT
//
// A page allocator's state written out list by list, as a dump of a real kernel's memory gives it: to start from, and
// to compare with.
//
// Units:   frames by number; lists from head to tail (allocation takes the head).
// Errors:  a state that cannot be (a block on two lists, a block outside its zone, ...) is refused with the reason.
#pragma once

#include "core/memory/page_state.h"

#include <expected>
#include <string>
#include <vector>

namespace ksl::core {

struct ExplicitList {
    Order order;
    MigrateType type = MigrateType::unmovable;
    std::vector<Pfn> blocks;
    /// Page lists: the type that each block remembers, where it is not the list's for all; else empty.
    std::vector<MigrateType> remembered;
    friend bool operator==(const ExplicitList&, const ExplicitList&) = default;
};

struct ExplicitPageLists {
    std::uint32_t high = 0;
    std::uint32_t batch = 1;
    std::uint8_t free_factor = 0;
    std::int8_t free_pages_diff = 0;
    std::vector<ExplicitList> lists; ///< those that are not empty
    friend bool operator==(const ExplicitPageLists&, const ExplicitPageLists&) = default;
};

struct ExplicitZone {
    ZoneId id = ZoneId::dma;
    Pfn start;
    Pages spanned;
    Pages present;
    Pages managed;
    std::array<std::int64_t, kWatermarks> watermark{};
    std::int64_t boost = 0;
    std::array<std::int64_t, kZones> lowmem_reserve{};
    std::int64_t reserved_highatomic = 0;
    std::int64_t free_pages = 0;               ///< NR_FREE_PAGES as the zone knows it
    std::vector<ExplicitList> free_lists;      ///< those that are not empty, by order, then by type
    std::vector<ExplicitPageLists> page_lists; ///< by CPU
    std::vector<MigrateType> pageblock_types;  ///< from the pageblock of `start` on
    friend bool operator==(const ExplicitZone&, const ExplicitZone&) = default;
};

struct ExplicitMemory {
    std::vector<ExplicitZone> zones;
    std::uint32_t min_free_kib = 0;
    friend bool operator==(const ExplicitMemory&, const ExplicitMemory&) = default;
};

/// Frames that are on no list are in use, by nobody knows whom.
[[nodiscard]] std::expected<PageState, std::string> make_state(const ExplicitMemory& memory, const PageRules& rules);
[[nodiscard]] ExplicitMemory make_explicit(const PageState& state);

} // namespace ksl::core
