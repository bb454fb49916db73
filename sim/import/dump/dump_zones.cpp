// SPDX-License-Identifier: MIT
//
// The page allocator, node after node: zones, free lists, CPUs' page lists, types of pageblocks.
#include "sim/import/dump/dump_state.h"

#include <fmt/format.h>

#include <algorithm>

namespace ksl::sim {

using capture::BlockList;
using core::Bytes;
using core::Pages;
using core::Pfn;
using core::VirtAddr;

namespace {

constexpr Bytes kListHead{16};
constexpr std::uint64_t kSmallPcpLists = 12; // NR_LOWORDER_PCP_LISTS: 4 orders by 3 types
constexpr std::uint64_t kPcpTypes = 3;       // MIGRATE_PCPTYPES
constexpr std::uint64_t kMostPcpLists = kSmallPcpLists + kPcpTypes;
constexpr unsigned kUsualPageblockOrder = 9;
constexpr std::uint64_t kBitsOfPageblock = 4;                 // NR_PAGEBLOCK_BITS: the type and the skip hint
constexpr std::uint64_t kTypeMask = 7;                        // MIGRATETYPE_MASK
constexpr std::uint64_t kFramesOfSection = 32768;             // SECTION_SIZE_BITS 27
constexpr std::uint32_t kMostZones = 6;                       // MAX_NR_ZONES with every kind of zone
constexpr std::uint32_t kMostNodes = 1024;                    // MAX_NUMNODES
constexpr std::uint64_t kMostFrames = std::uint64_t{1} << 34; // 64 TiB

class ZoneReader {
public:
    explicit ZoneReader(KernelMemory& memory) : memory_(memory), regions_(read_dump_regions(memory)) {}

    capture::BuddyState read() {
        capture::BuddyState buddy;
        buddy.pageblock_order =
            static_cast<unsigned>(memory_.types().constant("PAGEBLOCK_ORDER").value_or(kUsualPageblockOrder));
        if (buddy.pageblock_order >= core::kOrders) memory_.refuse("has pageblocks larger than the largest block");
        pageblock_order_ = buddy.pageblock_order;
        buddy.min_free_kib = variable("min_free_kbytes");
        buddy.watermark_boost_factor = variable("watermark_boost_factor");
        buddy.pcp_high_fraction = variable("percpu_pagelist_high_fraction");
        buddy.grouping_by_mobility_disabled = variable("page_group_by_mobility_disabled") != 0;
        each_node([&](VirtAddr node) { read_node(node, buddy); });
        return buddy;
    }

private:
    std::uint32_t variable(std::string_view name) { return memory_.read<std::uint32_t>(memory_.symbol(name)); }
    std::uint64_t field(VirtAddr zone, std::string_view name) {
        return memory_.read<std::uint64_t>(zone, "zone", name);
    }

    /// node_data[] with CONFIG_NUMA; numbers of nodes that are not there have none.
    template <class Visit>
    void each_node(const Visit& visit) {
        if (memory_.types().symbol("contig_page_data")) return visit(memory_.symbol("contig_page_data"));
        const std::uint32_t nodes = variable("nr_node_ids");
        if (nodes > kMostNodes) memory_.refuse(fmt::format("says that it has {} nodes", nodes));
        for (std::uint64_t i = 0; i < nodes && memory_.ok(); ++i) {
            const VirtAddr node = memory_.pointer(memory_.symbol("node_data") + Bytes{8 * i});
            if (node != VirtAddr{0}) visit(node);
        }
    }
    void read_node(VirtAddr node, capture::BuddyState& buddy) {
        const auto zones = memory_.read<std::uint32_t>(node, "pglist_data", "nr_zones");
        const Bytes size{memory_.offset("zone", "_sizeof")};
        for (std::uint32_t i = 0; i < std::min(zones, kMostZones) && memory_.ok(); ++i) {
            const VirtAddr zone = memory_.member(node, "pglist_data", "node_zones") + Bytes{i * size.count()};
            if (memory_.read<std::uint64_t>(zone, "zone", "present_pages") != 0) buddy.zones.push_back(read_zone(zone));
        }
    }
    core::ZoneId zone_id(VirtAddr zone) {
        const std::string name = memory_.text(memory_.pointer(zone, "zone", "name"), 16);
        if (name == "DMA") return core::ZoneId::dma;
        if (name == "DMA32") return core::ZoneId::dma32;
        if (name != "Normal")
            memory_.refuse(fmt::format("has a zone called '{}'; DMA, DMA32 or Normal is known", name));
        return core::ZoneId::normal;
    }

    capture::ZoneState read_zone(VirtAddr at) {
        capture::ZoneState zone;
        zone.id = zone_id(at);
        zone.start = Pfn{field(at, "zone_start_pfn")};
        zone.spanned = Pages{field(at, "spanned_pages")};
        zone.present = Pages{field(at, "present_pages")};
        zone.managed = Pages{field(at, "managed_pages")};
        if (zone.start.raw() > kMostFrames || zone.spanned.count() > kMostFrames)
            memory_.refuse("has a zone larger than any memory");
        read_watermarks(at, zone);
        zone.reserved_highatomic = Pages{field(at, "nr_reserved_highatomic")};
        zone.flags = field(at, "flags");
        zone.free = Pages{nth(at, "vm_stat", memory_.types().constant("NR_FREE_PAGES").value_or(0))};
        read_free_lists(memory_.member(at, "zone", "free_area"), zone);
        for (std::uint64_t cpu = 0; cpu < memory_.cpus() && memory_.ok(); ++cpu) {
            zone.pcp.push_back(read_page_lists(at, cpu));
        }
        read_pageblocks(zone);
        return zone;
    }

    void read_watermarks(VirtAddr at, capture::ZoneState& zone) {
        for (std::size_t i = 0; i < zone.watermarks.size(); ++i) zone.watermarks[i] = Pages{nth(at, "_watermark", i)};
        zone.watermark_promo = Pages{nth(at, "_watermark", zone.watermarks.size())};
        zone.watermark_boost = Pages{field(at, "watermark_boost")};
        const bool has_node = memory_.types().offset("zone", "node").has_value(); // behind it with CONFIG_NUMA
        const std::uint64_t end = memory_.offset("zone", has_node ? "node" : "zone_pgdat");
        const std::uint64_t bytes = end - memory_.offset("zone", "lowmem_reserve");
        for (std::uint64_t i = 0; i < std::min<std::uint64_t>(bytes / 8, kMostZones); ++i) {
            zone.lowmem_reserve.emplace_back(nth(at, "lowmem_reserve", i));
        }
    }
    std::uint64_t nth(VirtAddr at, std::string_view array, std::uint64_t index) {
        return memory_.read<std::uint64_t>(memory_.member(at, "zone", array) + Bytes{8 * index});
    }

    void read_free_lists(VirtAddr areas, capture::ZoneState& zone) {
        const std::uint64_t types = memory_.offset("free_area", "nr_free") / kListHead.count();
        const Bytes size{memory_.offset("free_area", "_sizeof")};
        for (unsigned order = 0; order < core::kOrders && memory_.ok(); ++order) {
            const VirtAddr area = areas + Bytes{order * size.count()};
            zone.free_blocks.at(order) = memory_.read<std::uint64_t>(area, "free_area", "nr_free");
            for (std::uint64_t type = 0; type < types; ++type) {
                const VirtAddr head = area + Bytes{type * kListHead.count()};
                BlockList list{.order = core::Order{order}, .type = {}, .pfns = pfns(head), .remembered_types = {}};
                if (list.pfns.empty()) continue;
                list.type = migrate_type(type);
                zone.free_lists.push_back(std::move(list));
            }
        }
    }
    std::vector<Pfn> pfns(VirtAddr head) {
        std::vector<Pfn> pfns;
        memory_.each(head, "page", "lru",
                     [&](VirtAddr page) { pfns.push_back(frame_of_page(memory_, regions_, page)); });
        return pfns;
    }
    core::MigrateType migrate_type(std::uint64_t type) {
        if (type < core::kMigrateTypes) return static_cast<core::MigrateType>(type);
        std::string name = fmt::format("{}", type);
        if (memory_.types().constant("MIGRATE_CMA") == type) name = "CMA";
        if (memory_.types().constant("MIGRATE_ISOLATE") == type) name = "ISOLATE";
        memory_.refuse(fmt::format("has memory of migrate type {}; UNMOVABLE, MOVABLE, RECLAIMABLE and HIGHATOMIC are "
                                   "known",
                                   name));
        return {};
    }

    capture::PcpState read_page_lists(VirtAddr zone, std::uint64_t cpu) {
        const VirtAddr at = memory_.of_cpu(memory_.pointer(zone, "zone", "per_cpu_pageset"), cpu);
        const VirtAddr stats = memory_.of_cpu(memory_.pointer(zone, "zone", "per_cpu_zonestats"), cpu);
        capture::PcpState pcp;
        pcp.cpu = core::CpuId{static_cast<std::uint16_t>(cpu)};
        pcp.count = memory_.read<std::uint32_t>(at, "per_cpu_pages", "count");
        pcp.high = memory_.read<std::uint32_t>(at, "per_cpu_pages", "high");
        pcp.batch = memory_.read<std::uint32_t>(at, "per_cpu_pages", "batch");
        if (memory_.types().offset("per_cpu_pages", "free_factor")) // gone in 6.7
            pcp.free_factor = memory_.read<std::uint16_t>(at, "per_cpu_pages", "free_factor");
        const auto diff = memory_.read<std::uint8_t>(stats, "per_cpu_zonestat", "vm_stat_diff"); // an s8
        pcp.free_pages_diff = diff < 0x80 ? diff : diff - 0x100;
        const VirtAddr lists = memory_.member(at, "per_cpu_pages", "lists");
        const std::uint64_t count = memory_.types().constant("NR_PCP_LISTS").value_or(kSmallPcpLists);
        if (count < kSmallPcpLists || count > kMostPcpLists)
            memory_.refuse(fmt::format("has {} page lists a CPU and zone; 12 to 15 are known", count));
        for (std::uint64_t i = 0; i < count && memory_.ok(); ++i) {
            pcp.lists.push_back(read_page_list(lists + Bytes{i * kListHead.count()}, i, count));
        }
        return pcp;
    }
    /// order_to_pindex(): lists after the small ones are for huge pages.
    BlockList read_page_list(VirtAddr head, std::uint64_t index, std::uint64_t count) {
        BlockList list;
        if (index < kSmallPcpLists) {
            list.order = core::Order{static_cast<unsigned>(index / kPcpTypes)};
            list.type = static_cast<core::MigrateType>(index % kPcpTypes);
        } else {
            list.order = core::Order{pageblock_order_};
            list.type = type_of_huge_list(index - kSmallPcpLists, count - kSmallPcpLists);
        }
        list.pfns = pfns(head);
        bool is_as_called = true;
        memory_.each(head, "page", "lru", [&](VirtAddr page) {
            list.remembered_types.push_back(migrate_type(memory_.read<std::uint64_t>(page, "page", "index")));
            is_as_called &= list.remembered_types.back() == list.type;
        });
        if (is_as_called) list.remembered_types.clear();
        return list;
    }

    /// One list for any type (6.0), two for others and for movable (6.10 and stable kernels since), or one a type (5.14).
    static core::MigrateType type_of_huge_list(std::uint64_t index, std::uint64_t count) {
        if (count == kPcpTypes) return static_cast<core::MigrateType>(index);
        return index + 1 == count ? core::MigrateType::movable : core::MigrateType::unmovable;
    }

    void read_pageblocks(capture::ZoneState& zone) {
        const std::uint64_t block = std::uint64_t{1} << pageblock_order_;
        zone.first_pageblock = Pfn{zone.start.raw() & ~(block - 1)};
        const Pfn end = zone.start + zone.spanned;
        VirtAddr flags{0};
        for (Pfn frame = zone.first_pageblock; frame < end && memory_.ok(); frame = frame + Pages{block}) {
            const std::uint64_t within = frame.raw() % kFramesOfSection;
            if (within == 0 || frame == zone.first_pageblock) flags = pageblock_flags_of(frame);
            zone.pageblock_types.push_back(pageblock_type(flags, within / block));
        }
    }
    /// A section's words of pageblock flags; 0 if there is no such section.
    VirtAddr pageblock_flags_of(Pfn frame) {
        const VirtAddr section = section_of(frame);
        if (section == VirtAddr{0}) return section;
        const VirtAddr usage = memory_.pointer(section, "mem_section", "usage");
        return usage == VirtAddr{0} ? usage : memory_.member(usage, "mem_section_usage", "pageblock_flags");
    }
    /// pfn_to_bitidx(), get_pfnblock_flags_mask(); a hole has the type that all memory starts with.
    core::MigrateType pageblock_type(VirtAddr flags, std::uint64_t index) {
        if (flags == VirtAddr{0}) return core::MigrateType::movable;
        const std::uint64_t bit = index * kBitsOfPageblock;
        return migrate_type(memory_.read<std::uint64_t>(flags + Bytes{8 * (bit / 64)}) >> (bit % 64) & kTypeMask);
    }
    /// __nr_to_section() with SPARSEMEM_EXTREME.
    VirtAddr section_of(Pfn frame) {
        const std::uint64_t size = memory_.offset("mem_section", "_sizeof");
        if (size == 0) return VirtAddr{0};
        const std::uint64_t per_root = core::kPageBytes / size;
        const std::uint64_t number = frame.raw() / kFramesOfSection;
        const VirtAddr roots = memory_.pointer(memory_.symbol("mem_section"));
        const VirtAddr root = memory_.pointer(roots + Bytes{8 * (number / per_root)});
        return root == VirtAddr{0} ? root : root + Bytes{number % per_root * size};
    }

    KernelMemory& memory_;
    DumpRegions regions_;
    unsigned pageblock_order_ = kUsualPageblockOrder;
};

} // namespace

capture::BuddyState read_dump_buddy(KernelMemory& memory) {
    return ZoneReader{memory}.read();
}

} // namespace ksl::sim
