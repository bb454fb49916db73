// SPDX-License-Identifier: MIT
//
// A page allocator as /proc shows one: how many free blocks of each order and type a zone has, how many pageblocks of
// each type. Where they lie is not shown; a seed decides. All other memory gets plausible users, so that compaction and
// reclaim have something to work on.
//
// Exactness: the counts are met to the block, and no two free buddies lie side by side (they would have merged).
// Fidelity:  free blocks lie in pageblocks of their list's type as long as there are any; used memory is single pages:
//            movable in movable pageblocks, the others in the others.
// Errors:    counts that no memory of this size can have.
#pragma once

#include "core/memory/page_state.h"

#include <expected>
#include <optional>
#include <string>
#include <vector>

namespace ksl::core {

using BlockCounts = std::array<std::array<std::uint32_t, kMigrateTypes>, kOrders>; ///< by order, by type

struct CountedZone {
    ZoneId id = ZoneId::dma;
    BlockCounts free_blocks{};
    /// By type; without it movable memory gets what the free blocks of other types leave.
    std::optional<std::array<std::uint32_t, kMigrateTypes>> pageblocks;
    /// Frames that the map has as usable, but that never reach the allocator: taken from what the free blocks leave,
    /// out of the longest runs.
    Pages reserved{};
};

struct CountedMemory {
    MemoryMap map;
    std::vector<CountedZone> zones;
    PageRules rules;
    unsigned cpus = 1;
    std::uint32_t min_free_kib = 0; ///< 0: the kernel's own choice
    std::uint32_t page_cache_permille =
        300; ///< of the used pages in movable pageblocks: file pages that reclaim can drop
    std::uint64_t seed = 1;
};

[[nodiscard]] std::expected<PageState, std::string> make_state(const CountedMemory& memory);

/// Types for what /proc/buddyinfo shows without types: blocks of pageblock order and above are movable, smaller ones
/// are spread as a machine that has been up for a while has them (3 movable, 2 unmovable, 1 reclaimable of 6).
[[nodiscard]] BlockCounts guess_types(const std::array<std::uint32_t, kOrders>& free_blocks);

} // namespace ksl::core
