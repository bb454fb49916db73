// SPDX-License-Identifier: MIT
//
// Everything that mm/page_alloc.c keeps, as one value: frames, zones, free lists, per-CPU lists, pageblock types, and
// the rules of the kernel it stands for. The algorithms are views on it: Buddy and PageListOps (templates, so that a
// silent call pays nothing for reporting), SlowPath, Compaction, Reclaim; PageAllocator is the way in.
//
// Lists:   one free list a zone, order and migrate type; then one LRU list a zone. Page lists are rings: by CPU, by
//          zone, by order, by type.
#pragma once

#include "core/memory/frame_table.h"
#include "core/memory/memory_map.h"
#include "core/memory/page_rings.h"
#include "core/memory/page_rules.h"
#include "core/memory/zone.h"
#include "core/types/cow_array.h"

#include <array>
#include <cstdint>
#include <vector>

namespace ksl::core {

struct PageState {
    using Node = FrameTable::Node;

    PageState() = default;
    PageState(const MemoryMap& memory, const PageRules& page_rules, unsigned cpu_count);

    PageRules rules;
    MemoryMap map;
    FrameTable frames;
    std::array<Zone, kZones> zones{};
    std::vector<PageLists> page_lists; ///< by CPU, then by zone
    PageRings page_rings;
    /// By the highest zone that a request may use: the first one that has memory.
    std::array<ZoneId, kZones> preferred_zone{};
    /// Migrate type, and whether compaction skips it; 0 is movable, which all memory is at first (memmap_init).
    CowArray<std::uint8_t, 4096> pageblock_flags;
    std::uint16_t cpus = 0;
    std::uint32_t min_free_kib = 0;

    [[nodiscard]] Zone& zone(ZoneId id) { return zones[static_cast<std::size_t>(id)]; }
    [[nodiscard]] const Zone& zone(ZoneId id) const { return zones[static_cast<std::size_t>(id)]; }
    [[nodiscard]] PageLists& lists_of(CpuId cpu, ZoneId id) {
        return page_lists[std::size_t{cpu.raw()} * kZones + static_cast<std::size_t>(id)];
    }
    [[nodiscard]] const PageLists& lists_of(CpuId cpu, ZoneId id) const {
        return page_lists[std::size_t{cpu.raw()} * kZones + static_cast<std::size_t>(id)];
    }

    [[nodiscard]] MigrateType pageblock_type(std::uint64_t frame) const {
        return type_in(pageblock_flags[static_cast<std::size_t>(frame / kPageblockFrames)]);
    }
    void set_pageblock_type(std::uint64_t frame, MigrateType type) {
        std::uint8_t& flags = pageblock_flags.mut(static_cast<std::size_t>(frame / kPageblockFrames));
        flags = static_cast<std::uint8_t>((flags & kSkipPageblock) | (static_cast<unsigned>(type) ^ kMovable));
    }
    /// PB_migrate_skip: compaction found nothing to do there lately.
    [[nodiscard]] bool is_pageblock_skipped(std::uint64_t frame) const {
        return (pageblock_flags[static_cast<std::size_t>(frame / kPageblockFrames)] & kSkipPageblock) != 0;
    }
    void set_pageblock_skipped(std::uint64_t frame, bool is_skipped) {
        std::uint8_t& flags = pageblock_flags.mut(static_cast<std::size_t>(frame / kPageblockFrames));
        flags = static_cast<std::uint8_t>((flags & ~kSkipPageblock) | (is_skipped ? kSkipPageblock : 0U));
    }

    [[nodiscard]] static constexpr ListId free_list(ZoneId zone, unsigned order, MigrateType type) {
        return ListId{(static_cast<std::uint32_t>(zone) * kOrders + order) * kMigrateTypes +
                      static_cast<std::uint32_t>(type)};
    }
    [[nodiscard]] static constexpr ListId lru_list(ZoneId zone) {
        return ListId{kFreeLists + static_cast<std::uint32_t>(zone)};
    }
    /// order_to_pindex, and the order of a list (pindex_to_order).
    [[nodiscard]] unsigned page_list_index(unsigned order, MigrateType type) const {
        if (order > rules.pcp_most_order)
            return (rules.pcp_most_order + 1U) * 3 + (type == MigrateType::movable ? 1 : 0);
        return order * kPcpMigrateTypes + static_cast<unsigned>(type);
    }
    [[nodiscard]] unsigned page_list_order(unsigned index) const {
        const unsigned order = index / kPcpMigrateTypes;
        return order > rules.pcp_most_order ? kPageblockOrder.raw() : order;
    }

    template <class Archive>
    void describe(Archive& archive) {
        archive(rules, map, frames, zones, page_lists, page_rings, preferred_zone, pageblock_flags, cpus, min_free_kib);
    }
    friend bool operator==(const PageState&, const PageState&) = default;

    static constexpr unsigned kSkipPageblock = 128;
    static constexpr unsigned kMovable = static_cast<unsigned>(MigrateType::movable);
    [[nodiscard]] static constexpr MigrateType type_in(std::uint8_t flags) {
        return static_cast<MigrateType>((flags & 3U) ^ kMovable);
    }
    static constexpr std::uint32_t kFreeLists = kZones * kOrders * kMigrateTypes;
    static constexpr std::uint32_t kLists = kFreeLists + kZones;
};

/// After the zones' sizes were set by hand: which zones have memory.
void find_preferred_zones(PageState& state);
/// Watermarks, reserves, page-list sizes and counters' thresholds from the zones' managed pages, as at boot.
/// `min_free_kib` 0: the kernel's own choice.
void apply_defaults(PageState& state, std::uint32_t min_free_kib = 0);

/// Pages on the buddy lists of a zone, exactly.
[[nodiscard]] std::int64_t free_pages_exact(const PageState& state, ZoneId zone);

/// Every broken invariant is a bug of ours; empty text if there is none. Looks at every frame.
[[nodiscard]] const char* check_invariants(const PageState& state);

} // namespace ksl::core
