// SPDX-License-Identifier: MIT
#include "core/memory/page_state.h"

namespace ksl::core {

namespace {

constexpr std::uint32_t kLists = PageState::kFreeLists + kZones;

} // namespace

PageState::PageState(const MemoryMap& memory, const PageRules& page_rules, unsigned cpu_count)
    : rules(page_rules), map(memory), frames(memory.frames(), kLists), page_lists(std::size_t{cpu_count} * kZones),
      page_rings(page_lists.size() * page_rules.pcp_lists()),
      // memmap_init: every pageblock starts as MOVABLE.
      pageblock_flags(static_cast<std::size_t>(frames.frames().count() / kPageblockFrames),
                      static_cast<std::uint8_t>(MigrateType::movable)),
      cpus(static_cast<std::uint16_t>(cpu_count)) {
    for (unsigned index = 0; index < kZones; ++index) {
        Zone& zone = zones[index];
        zone.id = static_cast<ZoneId>(index);
        const ZoneExtent extent = map.extent(zone.id);
        zone.start = static_cast<std::uint32_t>(extent.spanned.lowest.raw());
        zone.spanned = static_cast<std::uint32_t>(extent.spanned.size().count());
        zone.present = static_cast<std::uint32_t>(extent.present.count());
        zone.managed = static_cast<std::uint32_t>(extent.managed.count());
    }
    for (std::size_t i = 0; i < page_lists.size(); ++i)
        page_lists[i].first_ring = static_cast<std::uint32_t>(i * rules.pcp_lists());
    find_preferred_zones(*this);
}

void find_preferred_zones(PageState& state) {
    ZoneId highest = ZoneId::dma;
    for (const Zone& zone : state.zones) {
        if (zone.is_populated()) highest = zone.id;
        state.preferred_zone[static_cast<std::size_t>(zone.id)] = highest;
    }
}

void apply_defaults(PageState& state, std::uint32_t min_free_kib) {
    std::uint64_t managed = 0;
    for (const Zone& zone : state.zones) managed += zone.managed;
    state.min_free_kib = min_free_kib != 0 ? min_free_kib : default_min_free_kib(managed, state.rules);
    set_watermarks(state.zones, state.min_free_kib, state.rules);
    set_lowmem_reserves(state.zones, state.rules);
    for (Zone& zone : state.zones) {
        zone.stat_threshold = stat_threshold(zone.managed, state.cpus);
        if (state.rules.fair_zones) zone.fair_batch = turn_pages(zone);
        for (std::uint16_t cpu = 0; cpu < state.cpus; ++cpu) {
            PageLists& lists = state.lists_of(CpuId{cpu}, zone.id);
            lists.batch = page_list_batch(zone.managed, state.rules);
            lists.high = page_list_high(zone, state.cpus, state.rules);
        }
    }
}

std::int64_t free_pages_exact(const PageState& state, ZoneId zone) {
    std::int64_t pages = 0;
    for (unsigned order = 0; order < kOrders; ++order) {
        pages += std::int64_t{state.zone(zone).free_blocks[order]} << order;
    }
    return pages;
}

} // namespace ksl::core
