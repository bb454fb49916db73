// SPDX-License-Identifier: MIT
//
// What the page allocator and the slab caches report.
#pragma once

#include "core/types/ids.h"

#include <cstdint>

namespace ksl::core {

enum class MigrateType : std::uint8_t { unmovable = 0, movable = 1, reclaimable = 2, highatomic = 3 };
inline constexpr unsigned kMigrateTypes = 4;    ///< with HIGHATOMIC; no CMA, no ISOLATE
inline constexpr unsigned kPcpMigrateTypes = 3; ///< those that have per-CPU lists

enum class ZoneId : std::uint8_t { dma = 0, dma32 = 1, normal = 2 };
inline constexpr unsigned kZones = 3;

/// A request was answered: the block now belongs to the caller.
struct PagesAllocated {
    std::uint32_t pfn;
    std::uint8_t order;
    MigrateType type;
    ZoneId zone;
    bool from_pcp;
};
/// A request could not be answered.
struct PagesRefused {
    std::uint8_t order;
    MigrateType type;
};
struct PagesFreed {
    std::uint32_t pfn;
    std::uint8_t order;
    MigrateType type;
    bool to_pcp;
};
/// A block left the buddy lists: straight to the caller, or to a per-CPU list.
struct BlockRemoved {
    std::uint32_t pfn;
    std::uint8_t order;
    MigrateType type;
    bool for_pcp;
};
/// A block was halved; the upper half went to a free list of order `order`.
struct BlockSplit {
    std::uint32_t pfn;
    std::uint8_t order; ///< of each half
};
/// Two buddies became one block of order `order` at `pfn`.
struct BlocksMerged {
    std::uint32_t pfn;
    std::uint8_t order; ///< of the result
};
struct PcpRefilled {
    ZoneId zone;
    std::uint8_t order;
    MigrateType type;
    std::uint16_t blocks;
};
struct PcpDrained {
    std::uint32_t pfn;
    std::uint8_t order;
    MigrateType type;
};
/// A block of another migrate type was taken.
struct FallbackTaken {
    std::uint32_t pfn;
    std::uint8_t block_order;
    MigrateType wanted;
    MigrateType taken_from;
    bool whole_pageblock; ///< the pageblock's free pages moved with it
    bool type_changed;    ///< the pageblock now has the wanted type
};
struct WatermarkBoosted {
    ZoneId zone;
    std::uint32_t pages;
};
struct SlabGrew {
    std::uint8_t cache;
    std::uint32_t pfn;
    std::uint8_t order;
};
struct SlabShrank {
    std::uint8_t cache;
    std::uint32_t pfn;
    std::uint8_t order;
};
/// Direct reclaim ended.
struct Reclaimed {
    std::uint32_t scanned;
    std::uint32_t pages;
};
/// Direct compaction ended.
struct Compacted {
    std::uint8_t order;
    bool succeeded;
    std::uint32_t scanned;
    std::uint32_t migrated;
};
struct OutOfMemory {
    std::uint8_t order;
    std::uint32_t victim; ///< task index
    std::uint32_t free_pages;
};

} // namespace ksl::core
