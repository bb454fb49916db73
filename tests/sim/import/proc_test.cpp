// SPDX-License-Identifier: MIT
//
// The kernel's text under /proc: every file of the captures, held against what else is known about the same machine.
#include "sim/import/capture_state.h"
#include "sim/import/proc_buddyinfo.h"
#include "sim/import/proc_iomem.h"
#include "sim/import/proc_meminfo.h"
#include "sim/import/proc_vmallocinfo.h"
#include "sim/import/proc_zoneinfo.h"
#include "sim/import/read_file.h"
#include "tests/sim/import/captures.h"
#include "tests/sim/support/results.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <map>
#include <set>
#include <string>

namespace ksl::sim::proc {
namespace {

using core::Pages;
using core::PhysAddr;
using core::VirtAddr;
using sim::testing::error_of;
using sim::testing::text_of;
using sim::testing::value_of;
using ::testing::HasSubstr;

/// One moment of one snapshot: "before", "during", "after".
struct Moment {
    std::filesystem::path folder;
    std::string name;
    [[nodiscard]] std::string text(const std::string& what) const { return text_of(folder / (name + "." + what)); }
    [[nodiscard]] std::string label() const { return (folder / name).string(); }
};

std::vector<Moment> all_moments() {
    std::vector<Moment> moments;
    for (const auto& folder : testing::captures_of_kind("snapshot-")) {
        for (const char* name : {"before", "during", "after"}) moments.push_back({folder, name});
    }
    return moments;
}

TEST(ProcFiles, ThereAreSevenSnapshotsOfThreeMomentsEach) {
    EXPECT_EQ(all_moments().size(), 21U);
}

TEST(Buddyinfo, FreeBlocksByTypeAddUpToFreeBlocksByOrder) {
    for (const Moment& moment : all_moments()) {
        const auto zones = value_of(parse_buddyinfo("b", moment.text("buddyinfo.txt")));
        const auto types = value_of(parse_pagetypeinfo("p", moment.text("pagetypeinfo.txt")));
        ASSERT_FALSE(zones.empty());
        EXPECT_EQ(types.pageblock_order, 9U);
        EXPECT_EQ(types.pages_per_block, 512U);
        EXPECT_EQ(types.types, (std::vector<std::string>{"Unmovable", "Movable", "Reclaimable", "HighAtomic"}));
        std::map<std::string, std::uint64_t> by_type;
        for (const TypedFreeBlocks& row : types.free) {
            for (std::size_t order = 0; order < row.free_blocks.size(); ++order) {
                by_type[row.zone] += row.free_blocks[order] << order;
            }
        }
        for (const BuddyZone& zone : zones) {
            EXPECT_EQ(zone.free_blocks.size(), 11U);
            std::uint64_t pages = 0;
            for (std::size_t order = 0; order < 11; ++order) pages += zone.free_blocks[order] << order;
            // The two files were read one after the other: reading them moves a few pages.
            EXPECT_NEAR(static_cast<double>(by_type[zone.zone]), static_cast<double>(pages), 64) << moment.label();
        }
    }
}

TEST(Pagetypeinfo, PageblocksAreThoseOfTheMemoryDump) {
    for (const Moment& moment : all_moments()) {
        const auto types = value_of(parse_pagetypeinfo("p", moment.text("pagetypeinfo.txt")));
        const auto state = value_of(capture::read_state(moment.folder / (moment.name + ".state.json.gz")));
        ASSERT_EQ(types.pageblocks.size(), state.buddy->zones.size());
        for (std::size_t zone = 0; zone < types.pageblocks.size(); ++zone) {
            std::vector<std::uint64_t> counted(4);
            for (const auto type : state.buddy->zones[zone].pageblock_types) {
                ++counted.at(static_cast<std::size_t>(type));
            }
            // Blocks without any usable page are not counted by the kernel.
            for (std::size_t type = 0; type < 4; ++type) {
                EXPECT_NEAR(static_cast<double>(types.pageblocks[zone].blocks[type]),
                            static_cast<double>(counted[type]), 3)
                    << moment.label();
            }
        }
    }
}

TEST(Zoneinfo, SizesWatermarksAndProtectionAreThoseOfTheMemoryDump) {
    for (const Moment& moment : all_moments()) {
        const auto zones = value_of(parse_zoneinfo("z", moment.text("zoneinfo.txt")));
        const auto state = value_of(capture::read_state(moment.folder / (moment.name + ".state.json.gz")));
        std::size_t matched = 0;
        for (const capture::ZoneState& known : state.buddy->zones) {
            const char* name = known.id == core::ZoneId::dma ? "DMA" : "DMA32";
            for (const ZoneInfo& zone : zones) {
                if (zone.zone != name) continue;
                ++matched;
                EXPECT_EQ(zone.start, known.start) << moment.label();
                EXPECT_EQ(zone.spanned, known.spanned);
                EXPECT_EQ(zone.present, known.present);
                EXPECT_EQ(zone.managed, known.managed);
                EXPECT_EQ((std::array{zone.min, zone.low, zone.high}), known.watermarks);
                EXPECT_EQ(zone.protection, known.lowmem_reserve);
                ASSERT_EQ(zone.pagesets.size(), known.pcp.size());
                for (std::size_t cpu = 0; cpu < known.pcp.size(); ++cpu) {
                    EXPECT_EQ(zone.pagesets[cpu].cpu, cpu);
                    EXPECT_EQ(zone.pagesets[cpu].high, known.pcp[cpu].high);
                    EXPECT_EQ(zone.pagesets[cpu].batch, known.pcp[cpu].batch);
                }
                EXPECT_FALSE(zone.counters.empty());
            }
        }
        EXPECT_EQ(matched, 2U);
    }
}

TEST(Zoneinfo, AnEmptyZoneHasNoStartAndNoPageSets) {
    const auto zones =
        value_of(parse_zoneinfo("z", text_of(testing::capture("6.1/snapshot-vmap-y-2G-2cpu") / "during.zoneinfo.txt")));
    ASSERT_EQ(zones.size(), 4U);
    EXPECT_EQ(zones[2].zone, "Normal");
    EXPECT_FALSE(zones[2].start.has_value());
    EXPECT_TRUE(zones[2].pagesets.empty());
    EXPECT_EQ(zones[1].pagesets.size(), 2U);
    EXPECT_EQ(zones[1].pagesets[1].count, 521U);
    EXPECT_EQ(zones[0].boost, Pages{0});
    EXPECT_EQ(zones[0].free, Pages{3840});
    EXPECT_EQ(zones[0].protection, (std::vector<Pages>{Pages{0}, Pages{1979}, Pages{1979}, Pages{1979}}));
    ASSERT_FALSE(zones[0].node_counters.empty());
    EXPECT_EQ(zones[0].node_counters[0], (std::pair<std::string, std::uint64_t>{"nr_inactive_anon", 1509}));
    EXPECT_TRUE(zones[1].node_counters.empty());
}

TEST(Vmallocinfo, AreasAreThoseOfTheMemoryDump) {
    std::size_t compared = 0;
    for (const Moment& moment : all_moments()) {
        const auto areas = value_of(parse_vmallocinfo("v", moment.text("vmallocinfo.txt")));
        const auto state = value_of(capture::read_state(moment.folder / (moment.name + ".state.json.gz")));
        std::map<VirtAddr, VmallocArea> by_start;
        for (const VmallocArea& area : areas) by_start[area.range.lowest] = area;
        std::size_t missing = 0;
        for (const capture::AreaState& known : state.vmap.areas) {
            if (!known.user) continue;
            const auto found = by_start.find(known.range.lowest);
            if (found == by_start.end()) {
                ++missing; // seconds lie between the two
                continue;
            }
            ++compared;
            const VmallocArea& area = found->second;
            EXPECT_EQ(area.range, known.range) << moment.label();
            EXPECT_EQ(area.caller.substr(0, area.caller.find('+')), known.user->caller);
            if (!known.user->pages.empty()) {
                EXPECT_EQ(area.pages, known.user->page_count);
            }
            if (known.user->flags == 1) {
                EXPECT_EQ(area.use, VmallocUse::ioremap);
                EXPECT_EQ(area.phys, known.user->phys);
            }
            if (known.user->flags == 2) {
                EXPECT_EQ(area.use, VmallocUse::vmalloc);
            }
        }
        EXPECT_LE(missing, 2U) << moment.label();
    }
    EXPECT_GT(compared, 900U);
}

TEST(Vmallocinfo, WhatWaitsForAPurgeIsShownSince52) {
    const auto areas = value_of(
        parse_vmallocinfo("v", text_of(testing::capture("6.1/snapshot-vmap-y-2G-2cpu") / "during.vmallocinfo.txt")));
    EXPECT_EQ(areas.front().use, VmallocUse::vmap);
    EXPECT_EQ(areas.front().caller, "irq_init_percpu_irqstack+0xed/0x120");
    EXPECT_EQ(areas[3].phys, PhysAddr{0xfed00000});
    EXPECT_EQ(areas.back().use, VmallocUse::unpurged);
    EXPECT_TRUE(areas.back().caller.empty());
    EXPECT_EQ(areas.back().range, (core::VirtRange{VirtAddr{0xffffc900001a9000}, VirtAddr{0xffffc900001ad000}}));
}

TEST(Iomem, RangesAreNestedAndMemoryIsWhatTheZonesSpan) {
    for (const auto& folder : testing::captures_of_kind("snapshot-")) {
        const auto resources = value_of(parse_iomem("i", text_of(folder / "before.iomem.txt")));
        const auto zones = value_of(parse_zoneinfo("z", text_of(folder / "before.zoneinfo.txt")));
        std::uint64_t pages = 0;
        for (const core::PhysRange ram : system_ram(resources)) {
            // Whole frames inside the range: the first page of memory is reserved.
            pages += core::frame_of(ram.top).raw() - core::frame_of(ram.lowest + core::Bytes{0xfff}).raw();
        }
        std::uint64_t present = 0;
        for (const ZoneInfo& zone : zones) present += zone.present.count();
        EXPECT_EQ(pages, present) << folder;
        const auto code = std::ranges::find(resources, "Kernel code", &Resource::name);
        ASSERT_NE(code, resources.end());
        EXPECT_EQ(code->depth, 1U);
        EXPECT_EQ(code->range.lowest, PhysAddr{0x1000000});
    }
    for (const auto& folder : testing::captures_of_kind("mmu-")) {
        EXPECT_FALSE(value_of(parse_iomem("i", text_of(folder / "iomem.txt"))).empty());
    }
}

TEST(Meminfo, SizesAreInKibAndCountsAreCounts) {
    for (const Moment& moment : all_moments()) {
        const auto info = value_of(parse_meminfo("m", moment.text("meminfo.txt")));
        const auto zones = value_of(parse_zoneinfo("z", moment.text("zoneinfo.txt")));
        Pages managed;
        for (const ZoneInfo& zone : zones) managed += zone.managed;
        EXPECT_EQ(info.size("MemTotal"), core::bytes_of(managed)) << moment.label();
        EXPECT_EQ(info.size("VmallocTotal"), (core::Bytes{(std::uint64_t{1} << 45U) - 1024}));
        EXPECT_FALSE(info.size("HugePages_Total").has_value()) << "a count";
        EXPECT_FALSE(info.size("Nonsense").has_value());
        EXPECT_EQ(info.size("Hugepagesize"), core::Bytes{2U << 20U});
    }
}

TEST(ProcFiles, FaultsAreNamedWithTheirLine) {
    EXPECT_EQ(error_of(parse_buddyinfo("b", "Node 0, zone DMA 1 2\nNode 0, zone Normal 1 x\n")),
              "b:2: a count of free blocks is \"x\"; a decimal number up to 18446744073709551615 is needed");
    EXPECT_THAT(error_of(parse_buddyinfo("b", "Node 0, zone DMA 1 2\nNode 0, zone Normal 1\n")),
                HasSubstr("b:2: 1 orders"));
    EXPECT_THAT(error_of(parse_buddyinfo("b", "")), HasSubstr("has no zones"));
    EXPECT_THAT(error_of(parse_buddyinfo("b", "Knoten 0, zone DMA 1\n")), HasSubstr("b:1: \"Knoten\" stands where"));
    EXPECT_THAT(error_of(parse_pagetypeinfo("p", "Page block order: 9\nPages per block: 511\n")),
                HasSubstr("p:2: 511"));
    EXPECT_THAT(error_of(parse_pagetypeinfo("p", "Page block order: 9\nPages per block: 512\n")),
                HasSubstr("ends after"));
    EXPECT_THAT(error_of(parse_zoneinfo("z", "Node 0, zone DMA\n  pages free 1\n")),
                HasSubstr("zone DMA has no field min"));
    EXPECT_THAT(error_of(parse_zoneinfo("z", "  pages free 1\n")), HasSubstr("z:1: does not begin with a zone"));
    EXPECT_THAT(error_of(parse_vmallocinfo("v", "0xffffc90000000000-0xffffc90000002000 4096 x\n")),
                HasSubstr("v:1: the size is 4096; the range has 8192 bytes"));
    EXPECT_THAT(error_of(parse_vmallocinfo("v", "0x0000000000000000-0x0000000000000000 8192 x\n")),
                HasSubstr("hidden"));
    EXPECT_THAT(error_of(parse_iomem("i", "00001000-00000fff : RAM\n")), HasSubstr("i:1: the range ends before"));
    EXPECT_THAT(error_of(parse_iomem("i", "00001000-00001fff : RAM\n  00002000-00002fff : Code\n")),
                HasSubstr("i:2: is not inside \"RAM\""));
    EXPECT_THAT(error_of(parse_iomem("i", "00000000-00000000 : RAM\n00000000-00000000 : ROM\n")),
                HasSubstr("all addresses are 0"));
    EXPECT_THAT(error_of(parse_meminfo("m", "MemTotal: 12 kB extra\n")), HasSubstr("m:1: something follows"));
    EXPECT_THAT(error_of(parse_meminfo("m", "MemFree: 12 kB\n")), HasSubstr("MemTotal is missing"));
}

TEST(Pagetypeinfo, ALowerBoundIsMarked) {
    const auto types = value_of(parse_pagetypeinfo(
        "p", "Page block order: 9\nPages per block:  512\n\nFree pages count per migrate type at order 0 1\n"
             "Node 0, zone Normal, type Movable >100000 7\n\nNumber of blocks type Movable\nNode 0, zone Normal 12\n"));
    ASSERT_EQ(types.free.size(), 1U);
    EXPECT_TRUE(types.free[0].is_lower_bound);
    EXPECT_EQ(types.free[0].free_blocks, (std::vector<std::uint64_t>{100000, 7}));
}

RC_GTEST_PROP(ProcFilesProperty, DamageIsAnErrorOrAValueButNeverACrash, ()) {
    static const std::vector<std::string> kWhole = [] {
        const auto folder = testing::capture("6.1/snapshot-vmap-y-512M-1cpu");
        return std::vector{text_of(folder / "during.buddyinfo.txt"), text_of(folder / "during.pagetypeinfo.txt"),
                           text_of(folder / "during.zoneinfo.txt"),  text_of(folder / "during.vmallocinfo.txt"),
                           text_of(folder / "before.iomem.txt"),     text_of(folder / "during.meminfo.txt")};
    }();
    std::string text = *rc::gen::elementOf(kWhole);
    for (int i = *rc::gen::inRange(1, 4); i > 0; --i) {
        const auto at = *rc::gen::inRange<std::size_t>(0, text.size());
        const auto what =
            *rc::gen::element<std::string>("", "\n", "-", "0x", "99999999999999999999", "\xff", "(", ",", " ");
        text.replace(at, *rc::gen::inRange<std::size_t>(0, 6), what);
    }
    const auto fine = [](const auto& result) { return result.has_value() || !result.error().message.empty(); };
    RC_ASSERT(fine(parse_buddyinfo("f", text)));
    RC_ASSERT(fine(parse_pagetypeinfo("f", text)));
    RC_ASSERT(fine(parse_zoneinfo("f", text)));
    RC_ASSERT(fine(parse_vmallocinfo("f", text)));
    RC_ASSERT(fine(parse_iomem("f", text)));
    RC_ASSERT(fine(parse_meminfo("f", text)));
}

} // namespace
} // namespace ksl::sim::proc
