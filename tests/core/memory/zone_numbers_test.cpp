// SPDX-License-Identifier: MIT
//
// Numbers that the kernel computes from the amount of memory, against values of real machines.
#include "core/memory/fragmentation.h"
#include "core/memory/memory_map.h"
#include "core/memory/page_state.h"

#include <gtest/gtest.h>

namespace ksl::core {
namespace {

constexpr std::uint64_t kFourGiB = 1U << 20;

Zone zone_of_size(std::uint32_t managed) {
    Zone zone;
    zone.managed = managed;
    return zone;
}

TEST(PageListSizes, Are31And186In4xAnd63In61) {
    const PageRules old = PageRules::linux_4_7();
    EXPECT_EQ(page_list_batch(kFourGiB, old), 31U);
    EXPECT_EQ(page_list_batch(131072, old), 31U); // 512 MiB
    EXPECT_EQ(page_list_high(zone_of_size(kFourGiB), 1, old), 186U);
    EXPECT_EQ(page_list_batch(kFourGiB, PageRules::linux_6_1()), 63U);
}

TEST(PageListSizes, AreThoseOfTheRecordedMachines) {
    // 4.7 with 512 MiB: DMA and DMA32.
    EXPECT_EQ(page_list_batch(3977, PageRules::linux_4_7()), 1U);
    EXPECT_EQ(page_list_high(zone_of_size(3977), 1, PageRules::linux_4_7()), 0U);
    EXPECT_EQ(page_list_batch(123615, PageRules::linux_4_7()), 31U);
    // 6.1 with 512 MiB: high is the low watermark.
    Zone dma32 = zone_of_size(121954);
    dma32.watermark = {683, 853, 1023};
    EXPECT_EQ(page_list_batch(121954, PageRules::linux_6_1()), 31U);
    EXPECT_EQ(page_list_high(dma32, 1, PageRules::linux_6_1()), 853U);
    // Never below four batches.
    EXPECT_EQ(page_list_high(dma32, 8, PageRules::linux_6_1()), 124U);
    EXPECT_EQ(stat_threshold(3977, 1), 2);
    EXPECT_EQ(stat_threshold(123615, 1), 6);
}

TEST(Watermarks, OfFourGiBAre8192KiBAtLeast) {
    EXPECT_EQ(default_min_free_kib(kFourGiB, PageRules::linux_4_7()), 8192U);
    std::array<Zone, 1> zones{zone_of_size(kFourGiB)};
    set_watermarks(zones, 8192, PageRules::linux_4_7());
    EXPECT_EQ(zones[0].watermark[0], 2048);
    // The gap is the larger one of a quarter and a thousandth of the zone.
    EXPECT_EQ(zones[0].watermark[1], 2048 + 1048);
    EXPECT_EQ(zones[0].watermark[2], 2048 + 2 * 1048);
}

TEST(Watermarks, AreThoseOfTheRecordedMachine) {
    // 4.7 with 512 MiB: min_free_kbytes 2839, zones of 3977 and 123615 pages.
    std::array<Zone, 3> zones{zone_of_size(3977), zone_of_size(123615), zone_of_size(0)};
    set_watermarks(zones, 2839, PageRules::linux_4_7());
    EXPECT_EQ(zones[0].watermark, (std::array<std::int64_t, 3>{22, 27, 32}));
    EXPECT_EQ(zones[1].watermark, (std::array<std::int64_t, 3>{686, 857, 1028}));
}

TEST(Watermarks, TheClampDiffersBetweenKernels) {
    constexpr std::uint64_t kOneTiB = std::uint64_t{1} << 28;
    EXPECT_EQ(default_min_free_kib(kOneTiB, PageRules::linux_4_7()), 65536U);
    EXPECT_EQ(default_min_free_kib(kOneTiB, PageRules::linux_6_1()), 131072U);
    EXPECT_EQ(default_min_free_kib(kOneTiB * 16, PageRules::linux_6_1()), 262144U);
    EXPECT_EQ(default_min_free_kib(1, PageRules::linux_6_1()), 128U);
}

TEST(LowmemReserve, IsTheSumOfHigherZonesOverTheRatio) {
    std::array<Zone, 3> zones{zone_of_size(3840), zone_of_size(600'000), zone_of_size(2'000'000)};
    set_lowmem_reserves(zones, PageRules::linux_6_1());
    EXPECT_EQ(zones[0].lowmem_reserve, (std::array<std::int64_t, 3>{0, 600'000 / 256, 2'600'000 / 256}));
    EXPECT_EQ(zones[1].lowmem_reserve, (std::array<std::int64_t, 3>{0, 0, 2'000'000 / 256}));
    EXPECT_EQ(zones[2].lowmem_reserve, (std::array<std::int64_t, 3>{0, 0, 0}));
}

TEST(FragmentationIndex, OfEightSinglePagesForOrderTwoIs625) {
    Zone zone;
    zone.free_blocks[0] = 8;
    EXPECT_EQ(fragmentation_index(zone, Order{2}), 625);
    EXPECT_EQ(unusable_free_index(zone, Order{2}), 1000);
}

TEST(FragmentationIndex, TellsWhyRequestsFail) {
    Zone zone;
    EXPECT_EQ(fragmentation_index(zone, Order{2}), 0);
    EXPECT_EQ(unusable_free_index(zone, Order{2}), 1000);
    zone.free_blocks[0] = 1000;
    // 1000 - (1000 + 1000 * 1000 / 512) / 1000: fragmented.
    EXPECT_EQ(fragmentation_index(zone, Order{9}), 998);
    // One large block: no failure.
    zone.free_blocks[4] = 1;
    EXPECT_EQ(fragmentation_index(zone, Order{2}), -1000);
    EXPECT_EQ(contiguous_pages(zone, Order{2}),
              (ContiguousPages{.free_pages = 1016, .free_blocks = 1001, .suitable_blocks = 4}));
    EXPECT_EQ(unusable_free_index(zone, Order{2}), 1000 * 1000 / 1016);
}

TEST(ZoneCounters, ACpuReportsWhatIsAboveTheThreshold) {
    std::int64_t total = 100;
    std::int8_t diff = 0;
    change_counter(total, diff, 6, 6);
    EXPECT_EQ(total, 100);
    EXPECT_EQ(diff, 6);
    change_counter(total, diff, 1, 6);
    EXPECT_EQ(total, 107);
    EXPECT_EQ(diff, 0);
    change_counter(total, diff, -31, 6);
    EXPECT_EQ(total, 76);
    EXPECT_EQ(diff, 0);
}

TEST(ZoneCounters, ATurnOf171PagesLasts177Pages) {
    // 4.7, a zone with a threshold of 6: reports overstep by half of it, the last one comes late. So the recorded
    // machine takes 177 pages from DMA32 and 7 from DMA in turn.
    const auto pages_of_a_turn = [](std::int64_t batch, std::int32_t threshold) {
        std::int64_t left = batch;
        std::int8_t unreported = 0;
        bool is_used_up = false;
        int pages = 0;
        while (!is_used_up) {
            ZoneTurn{.left = left, .unreported = unreported, .is_used_up = is_used_up}.use(0, threshold);
            ++pages;
        }
        return pages;
    };
    EXPECT_EQ(pages_of_a_turn(171, 6), 177);
    EXPECT_EQ(pages_of_a_turn(5, 2), 7);
}

TEST(MemoryMap, ThePcOfTheCapturesHasTheirZones) {
    const MemoryMap map = MemoryMap::pc(512_MiB);
    const ZoneExtent dma = map.extent(ZoneId::dma);
    EXPECT_EQ(dma.spanned, (FrameRange{Pfn{1}, Pfn{4096}}));
    EXPECT_EQ(dma.present, Pages{3998});
    const ZoneExtent dma32 = map.extent(ZoneId::dma32);
    EXPECT_EQ(dma32.spanned.size(), Pages{126944});
    EXPECT_EQ(dma32.present, Pages{126944});
    EXPECT_TRUE(map.extent(ZoneId::normal).spanned.is_empty());
    EXPECT_EQ(MemoryMap::pc(4_GiB).extent(ZoneId::normal).spanned, (FrameRange{Pfn{1U << 20}, Pfn{0x180000}}));
}

TEST(MemoryMap, LaterKindsOverrideEarlierOnes) {
    MemoryMap map;
    map.add({.lowest = Pfn{0}, .top = Pfn{100}}, MemoryKind::usable);
    map.add({.lowest = Pfn{10}, .top = Pfn{20}}, MemoryKind::reserved);
    map.add({.lowest = Pfn{15}, .top = Pfn{30}}, MemoryKind::usable);
    ASSERT_EQ(map.ranges().size(), 3U);
    EXPECT_EQ(map.ranges()[1].frames, (FrameRange{Pfn{10}, Pfn{15}}));
    EXPECT_EQ(map.find(Pfn{12})->kind, MemoryKind::reserved);
    EXPECT_EQ(map.find(Pfn{29})->kind, MemoryKind::usable);
    EXPECT_EQ(map.find(Pfn{100}), nullptr);
    EXPECT_EQ(map.extent(ZoneId::dma).managed, Pages{95});
    EXPECT_EQ(map.extent(ZoneId::dma).present, Pages{100});
}

} // namespace
} // namespace ksl::core
