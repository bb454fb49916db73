// SPDX-License-Identifier: MIT
#include "tests/core/memory/memory_fixtures.h"

#include <algorithm>
#include <cstdlib>

namespace ksl::core {
namespace {

using namespace testing;

constexpr ZoneId kDma32 = ZoneId::dma32;
using Frames = std::vector<std::uint64_t>;

PageRules without_lists(PageRules rules) {
    rules.pcp_high = PcpHighRule::six_batches;
    rules.pcp_most_batch_pages = 1; // batch 1, high 0: what is freed goes on at once
    return rules;
}

// ---- boot
// -------------------------------------------------------------------------------------------------------------

TEST(BootState, FirstAllocationsComeFromTheTopIn47AndFromTheBottomIn61) {
    PageAllocator old = booted(four_blocks(), PageRules::linux_4_7());
    EXPECT_EQ(free_list(old, kDma32, 10), (Frames{7168, 6144, 5120, 4096}));
    EXPECT_EQ(take(old, 2), Pfn{7168});
    PageAllocator late = booted(four_blocks(), PageRules::linux_6_1());
    EXPECT_EQ(free_list(late, kDma32, 10), (Frames{4096, 5120, 6144, 7168}));
    EXPECT_EQ(take(late, 2), Pfn{4096});
}

TEST(BootState, RangesAreCutIntoTheLargestAlignedBlocks) {
    const PageAllocator allocator = booted(one_range(4096 + 3, 4096 + 1024 + 5), PageRules::linux_6_1());
    EXPECT_EQ(free_list(allocator, kDma32, 0), (Frames{4099, 5124}));
    EXPECT_EQ(free_list(allocator, kDma32, 2), (Frames{4100, 5120}));
    EXPECT_EQ(free_list(allocator, kDma32, 9), (Frames{4608}));
    EXPECT_EQ(allocator.free_pages(), Pages{1026});
    EXPECT_STREQ(check_invariants(allocator.state()), "");
}

TEST(BootState, ReservedMemoryNeverComesUp) {
    MemoryMap map = four_blocks();
    map.add({.lowest = Pfn{5000}, .top = Pfn{6000}}, MemoryKind::reserved);
    PageAllocator allocator = booted(map, without_lists(PageRules::linux_6_1()));
    Effects fx;
    std::uint64_t pages = 0;
    while (const auto page = allocator.allocate({.gfp = gfp::kNowait}, fx)) {
        EXPECT_FALSE(page->raw() >= 5000 && page->raw() < 6000);
        ++pages;
    }
    EXPECT_GT(pages, 2400U);
}

TEST(BootState, ZonesAreSpannedAndManagedAsTheMapSays) {
    MemoryMap map = MemoryMap::pc(512_MiB);
    map.add({.lowest = Pfn{0x1000}, .top = Pfn{0x1e00}}, MemoryKind::reserved); // kernel image
    const PageAllocator allocator = booted(map, PageRules::linux_6_1());
    const Zone& zone = allocator.state().zone(kDma32);
    EXPECT_EQ(zone.spanned, 126944U);
    EXPECT_EQ(zone.managed, 126944U - 0xe00);
    EXPECT_EQ(free_pages_exact(allocator.state(), kDma32), zone.managed);
}

// ---- buddy lists
// ------------------------------------------------------------------------------------------------------

TEST(BuddyLists, TheLowerHalfIsKeptAndUpperHalvesGoToListHeads) {
    PageAllocator allocator = booted(four_blocks(), PageRules::linux_4_9());
    EXPECT_EQ(take(allocator, 3), Pfn{7168});
    for (unsigned order = 3; order < 10; ++order)
        EXPECT_EQ(free_list(allocator, kDma32, order), (Frames{7168 + (1U << order)}));
}

TEST(BuddyLists, FreeingMergesAllTheWayBack) {
    PageAllocator allocator = booted(four_blocks(), PageRules::linux_4_9());
    const Pfn block = take(allocator, 3);
    give(allocator, block, 3);
    EXPECT_EQ(free_list(allocator, kDma32, 10), (Frames{7168, 6144, 5120, 4096}));
    EXPECT_STREQ(check_invariants(allocator.state()), "");
}

TEST(BuddyLists, ABlockWhosePairMayMergeSoonGoesToTheTail) {
    PageAllocator allocator = booted(four_blocks(), PageRules::linux_4_9());
    std::vector<Pfn> blocks;
    for (int i = 0; i < 8; ++i) blocks.push_back(take(allocator, 2)); // 7168, 7172, ... 7196
    // 7168..7175 becomes a block of order 3; its buddy 7176 does not exist as one.
    give(allocator, blocks[0], 2);
    give(allocator, blocks[1], 2);
    give(allocator, blocks[6], 2); // alone: head
    EXPECT_EQ(free_list(allocator, kDma32, 2), (Frames{7192}));
    give(allocator, blocks[3], 2); // 7180: its pair's buddy 7168 of order 3 is free: tail
    EXPECT_EQ(free_list(allocator, kDma32, 2), (Frames{7192, 7180}));
    give(allocator, blocks[4], 2); // 7184: its pair's buddy, 7192 of order 3, is not whole: head
    EXPECT_EQ(free_list(allocator, kDma32, 2), (Frames{7184, 7192, 7180}));
}

TEST(BuddyLists, MergingStopsAtZoneBordersByAlignment) {
    PageAllocator allocator = booted(one_range(0, 8192), PageRules::linux_4_9());
    const auto dma = free_list(allocator, ZoneId::dma, 10);
    EXPECT_TRUE(std::ranges::all_of(dma, [](std::uint64_t frame) { return frame < 4096; }));
    EXPECT_EQ(dma.size(), 4U);
}

TEST(BuddyLists, AHighAtomicPageblockStaysApartIn61Only) {
    for (const PageRules& rules : {PageRules::linux_4_9(), PageRules::linux_6_1()}) {
        PageAllocator allocator = booted(four_blocks(), rules);
        const Pfn first = take(allocator, 9);
        const Pfn second = take(allocator, 9);
        allocator.mutable_state().set_pageblock_type(first.raw(), MigrateType::highatomic);
        give(allocator, first, 9);
        give(allocator, second, 9);
        const bool merges = !rules.merges_only_fallback_types;
        EXPECT_EQ(allocator.state().zone(kDma32).free_blocks[10], merges ? 4U : 3U);
        EXPECT_STREQ(check_invariants(allocator.state()), "");
    }
}

// ---- fallback and stealing
// --------------------------------------------------------------------------------------------

TEST(Stealing, TheFirstUnmovableRequestTakesALargestBlockWithBothPageblocks) {
    for (const PageRules& rules : {PageRules::linux_4_7(), PageRules::linux_6_1()}) {
        PageAllocator allocator = booted(four_blocks(), rules);
        EventLog log;
        Effects fx = reporting_to(log);
        const auto block = allocator.allocate({.order = Order{2}}, fx);
        ASSERT_TRUE(block.has_value());
        const std::uint64_t base = block->raw() & ~std::uint64_t{1023};
        EXPECT_EQ(allocator.state().pageblock_type(base), MigrateType::unmovable);
        EXPECT_EQ(allocator.state().pageblock_type(base + 512), MigrateType::unmovable);
        const auto fallbacks = log.all<FallbackTaken>();
        ASSERT_EQ(fallbacks.size(), 1U);
        EXPECT_EQ(fallbacks[0].block_order, 10);
        EXPECT_EQ(fallbacks[0].taken_from, MigrateType::movable);
        EXPECT_TRUE(fallbacks[0].type_changed);
        // The rest of the block serves unmovable requests from now on.
        EXPECT_EQ(free_list(allocator, kDma32, 9, MigrateType::unmovable), (Frames{base + 512}));
    }
}

/// All memory in use but for the given blocks of pageblock 4096, which are free and movable.
PageAllocator only_free(const PageRules& rules, const std::vector<std::pair<std::uint64_t, unsigned>>& blocks) {
    PageAllocator allocator = booted(four_blocks(), without_lists(rules));
    // Without watermarks, so that all of it can be taken.
    for (Zone& zone : allocator.mutable_state().zones) zone.watermark = {};
    std::vector<Pfn> all;
    for (int i = 0; i < 4; ++i) all.push_back(take(allocator, 10));
    for (const Pfn block : all) allocator.split_block(block);
    for (const auto& [first, order] : blocks) {
        for (std::uint64_t frame = first; frame < first + (1U << order); ++frame) give(allocator, Pfn{frame}, 0);
    }
    return allocator;
}

TEST(Stealing, MovesThePageblocksFreePagesToHeadsIn4xAndToTailsIn61) {
    for (const PageRules& rules : {PageRules::linux_4_9(), PageRules::linux_6_1()}) {
        PageAllocator allocator =
            only_free(rules, {{4096, 6}, {4096 + 128, 1}, {4096 + 256, 1}, {4096 + 300, 1}, {5120, 1}});
        // An order-6 block is the largest; its pageblock's order-1 blocks come along, the other pageblock's does not.
        const Pfn page = take(allocator, 0, gfp::kKernel);
        const Frames list = free_list(allocator, kDma32, 1, MigrateType::unmovable);
        if (rules.steal == StealRule::split_at_once) {
            // The block itself is split, its remainders go to heads.
            EXPECT_EQ(page, Pfn{4096});
            EXPECT_EQ(list, (Frames{4096 + 2, 4096 + 300, 4096 + 256, 4096 + 128}));
        } else {
            // Everything is on the wanted type's lists; the smallest block serves the request.
            EXPECT_EQ(page, Pfn{4096 + 128});
            EXPECT_EQ(list, (Frames{4096 + 256, 4096 + 300}));
            EXPECT_EQ(free_list(allocator, kDma32, 6, MigrateType::unmovable), (Frames{4096}));
        }
        EXPECT_EQ(free_list(allocator, kDma32, 1), (Frames{5120}));
        EXPECT_STREQ(check_invariants(allocator.state()), "");
    }
}

TEST(Stealing, APageblockIsClaimedWhenHalfOfItIsFree) {
    for (const unsigned order : {7U, 8U}) {
        PageAllocator allocator = only_free(PageRules::linux_4_9(), {{4096, order}});
        std::ignore = take(allocator, 0, gfp::kKernel);
        EXPECT_EQ(allocator.state().pageblock_type(4096), order == 8 ? MigrateType::unmovable : MigrateType::movable);
    }
}

TEST(Stealing, In61UsedPagesOfALikeTypeHelpToClaimAPageblock) {
    // 128 free pages and 384 used ones: claimed if the used ones are not movable.
    for (const FrameUse use : {FrameUse::anonymous, FrameUse::slab}) {
        PageAllocator allocator = only_free(PageRules::linux_6_1(), {{4096, 7}});
        for (std::uint64_t frame = 4096 + 128; frame < 4096 + 512; ++frame) allocator.set_use(Pfn{frame}, use);
        std::ignore = take(allocator, 0, gfp::kKernel);
        EXPECT_EQ(allocator.state().pageblock_type(4096),
                  is_movable(use) ? MigrateType::movable : MigrateType::unmovable);
    }
}

TEST(Stealing, AMovableRequestTakesTheLargestBlockIn4xAndTheSmallestIn61) {
    for (const PageRules& rules : {PageRules::linux_4_9(), PageRules::linux_6_1()}) {
        PageAllocator allocator = only_free(rules, {{4096, 3}, {5120, 1}});
        // Everything free belongs to unmovable pageblocks.
        for (const std::uint64_t block : {4096U, 5120U}) {
            allocator.mutable_state().set_pageblock_type(block, MigrateType::unmovable);
        }
        const Pfn large = take(allocator, 3, gfp::kKernel);
        const Pfn small = take(allocator, 1, gfp::kKernel);
        for (const auto& [block, order] : {std::pair{large, 3U}, std::pair{small, 1U}}) {
            allocator.mutable_state().set_pageblock_type(block.raw(), MigrateType::unmovable);
            give(allocator, block, order);
        }
        EXPECT_EQ(take(allocator, 0), rules.steal_smallest_for_movable ? Pfn{5120} : Pfn{4096});
        // Too small to take the pageblock's other pages along.
        EXPECT_EQ(allocator.state().pageblock_type(4096), MigrateType::unmovable);
    }
}

TEST(Stealing, BoostsTheWatermarksIn61) {
    PageRules rules = PageRules::linux_6_1();
    PageAllocator allocator = only_free(rules, {{4096, 6}});
    allocator.mutable_state().zone(kDma32).watermark = {0, 0, 2000};
    EventLog log;
    Effects fx = reporting_to(log);
    ASSERT_TRUE(allocator.allocate({}, fx).has_value());
    EXPECT_EQ(allocator.state().zone(kDma32).boost, 512);
    ASSERT_EQ(log.all<WatermarkBoosted>().size(), 1U);
    EXPECT_TRUE(allocator.state().zone(kDma32).wants_kswapd);
}

TEST(Stealing, TheOwnersMayKnowBetterWhetherAPageblockIsClaimed) {
    class Stubborn final : public PageOwners {
    public:
        bool claims_pageblock(Pfn /*block*/, MigrateType /*wanted*/, bool by_rule) override { return !by_rule; }
    } owners;
    PageAllocator allocator = only_free(PageRules::linux_4_9(), {{4096, 8}});
    Effects fx;
    ASSERT_TRUE(allocator.allocate({}, fx, &owners).has_value());
    EXPECT_EQ(allocator.state().pageblock_type(4096), MigrateType::movable);
}

// ---- zones
// ------------------------------------------------------------------------------------------------------------

TEST(Zones, TheHighestAllowedZoneComesFirst) {
    PageAllocator allocator = booted(MemoryMap::pc(5_GiB), PageRules::linux_6_1());
    EXPECT_EQ(core::zone_of(take(allocator, 0, gfp::kKernel)), ZoneId::normal);
    EXPECT_EQ(core::zone_of(take(allocator, 0, gfp::kKernel | gfp::kDma32)), ZoneId::dma32);
    EXPECT_EQ(core::zone_of(take(allocator, 0, gfp::kKernel | gfp::kDma)), ZoneId::dma);
}

TEST(Zones, ALowerZoneHelpsOutAboveItsReserve) {
    PageAllocator allocator = booted(MemoryMap::pc(64_MiB), without_lists(PageRules::linux_4_9()));
    Effects fx;
    std::map<ZoneId, std::uint64_t> pages;
    while (const auto page = allocator.allocate({.gfp = gfp::kNowait}, fx)) ++pages[core::zone_of(*page)];
    EXPECT_GT(pages[ZoneId::dma32], 0U);
    EXPECT_GT(pages[ZoneId::dma], 0U);
    const PageState& state = allocator.state();
    // DMA keeps its min watermark and what is reserved for requests that can use nothing else; DMA32 has no such
    // reserve.
    const Zone& dma = state.zone(ZoneId::dma);
    const Zone& dma32 = state.zone(ZoneId::dma32);
    // Both to within what the CPU has not reported.
    const std::int64_t kept = dma.watermark[0] + dma.lowmem_reserve[static_cast<std::size_t>(ZoneId::dma32)];
    EXPECT_LE(std::abs(dma.free_pages - kept), dma.stat_threshold);
    EXPECT_LE(std::abs(dma32.free_pages - dma32.watermark[0]), dma32.stat_threshold);
    EXPECT_GT(dma.lowmem_reserve[static_cast<std::size_t>(ZoneId::dma32)], 0);
}

TEST(Zones, UrgentRequestsReachFurtherDown) {
    // What is left when each kind of request is refused.
    const auto left = [](const PageRules& rules, Gfp gfp) {
        PageAllocator allocator = booted(four_blocks(), without_lists(rules), 1);
        Zone& zone = allocator.mutable_state().zone(kDma32);
        zone.watermark = {800, 900, 1000};
        Effects fx;
        while (allocator.allocate({.gfp = gfp}, fx)) {
        }
        return static_cast<int>(free_pages_exact(allocator.state(), kDma32));
    };
    for (const PageRules& rules : {PageRules::linux_4_9(), PageRules::linux_6_1()}) {
        EXPECT_NEAR(left(rules, gfp::kNowait | gfp::kNoMemalloc), 800, 2);
        EXPECT_NEAR(left(rules, gfp::kHigh | gfp::kKswapdReclaim | gfp::kNoMemalloc), 400, 2);
        EXPECT_NEAR(left(rules, gfp::kAtomic), 300, 2);
        EXPECT_EQ(left(rules, gfp::kKernel | gfp::kMemalloc | gfp::kNoRetry), 0);
    }
}

TEST(Zones, ThresholdsLagBehindTheTruth) {
    PageAllocator allocator = booted(MemoryMap::pc(512_MiB), without_lists(PageRules::linux_4_9()));
    const Zone& zone = allocator.state().zone(kDma32);
    const std::int64_t before = zone.free_pages;
    std::vector<Pfn> pages;
    for (int i = 0; i < 6; ++i) pages.push_back(take(allocator, 0));
    EXPECT_EQ(zone.free_pages, before);
    EXPECT_EQ(free_pages_exact(allocator.state(), kDma32), before - 6);
    pages.push_back(take(allocator, 0));
    EXPECT_EQ(zone.free_pages, before - 7);
    give(allocator, pages.back(), 0);
    allocator.report_counters(CpuId{0});
    EXPECT_EQ(zone.free_pages, before - 6);
}

TEST(Zones, TakeTurnsIn47) {
    PageAllocator allocator = booted(MemoryMap::pc(512_MiB), PageRules::linux_4_7());
    std::map<ZoneId, unsigned> pages;
    for (int i = 0; i < 10'000; ++i) ++pages[core::zone_of(take(allocator, 0))];
    const Zone& dma = allocator.state().zone(ZoneId::dma);
    const Zone& dma32 = allocator.state().zone(kDma32);
    const double share = static_cast<double>(pages[ZoneId::dma]) / pages[kDma32];
    const double turns = static_cast<double>(turn_pages(dma)) / static_cast<double>(turn_pages(dma32));
    EXPECT_NEAR(share, turns, 0.02);
    PageAllocator late = booted(MemoryMap::pc(512_MiB), PageRules::linux_4_9());
    for (int i = 0; i < 10'000; ++i) EXPECT_EQ(core::zone_of(take(late, 0)), kDma32);
}

TEST(Zones, A61MachineFillsLowerZonesBeforeItFragmentsNormal) {
    // Normal has only movable pageblocks left; DMA32 still has a whole one for unmovable requests.
    PageAllocator allocator = booted(MemoryMap::pc(3_GiB), without_lists(PageRules::linux_6_1()));
    PageState& state = allocator.mutable_state();
    for (Zone& zone : state.zones) zone.watermark = {};
    std::vector<Pfn> blocks;
    Effects fx;
    while (true) {
        const auto block = allocator.allocate({.order = Order{10}, .gfp = gfp::kUserMovable | gfp::kNoRetry}, fx);
        if (!block || core::zone_of(*block) != ZoneId::normal) break;
        blocks.push_back(*block);
    }
    ASSERT_FALSE(blocks.empty());
    allocator.split_block(blocks.back());
    for (int i = 0; i < 64; ++i) give(allocator, blocks.back() + Pages{static_cast<std::uint64_t>(i)}, 0);
    EXPECT_EQ(core::zone_of(take(allocator, 0, gfp::kKernel)), kDma32);
    state.rules.avoids_fragmentation = false;
    EXPECT_EQ(core::zone_of(take(allocator, 1, gfp::kKernel)), ZoneId::normal);
}

TEST(Zones, AnAtomicHighOrderRequestReservesItsPageblock) {
    for (const PageRules& rules : {PageRules::linux_4_9(), PageRules::linux_6_1()}) {
        PageAllocator allocator = booted(MemoryMap::pc(256_MiB), rules);
        // Below the low watermarks, so that the request comes to its slow path.
        for (Zone& each : allocator.mutable_state().zones) each.watermark[1] = each.managed;
        const Zone& zone = allocator.state().zone(kDma32);
        const Pfn block = take(allocator, 4, gfp::kAtomic);
        EXPECT_EQ(allocator.state().pageblock_type(block.raw()), MigrateType::highatomic);
        EXPECT_EQ(zone.reserved_highatomic, 512);
        EXPECT_STREQ(check_invariants(allocator.state()), "");
    }
}

// ---- owners and uses
// --------------------------------------------------------------------------------------------------

TEST(PageAllocator, BlocksSayWhoseTheyAre) {
    PageAllocator allocator = booted(four_blocks(), PageRules::linux_4_7());
    Effects fx;
    const auto stack =
        allocator.allocate({.order = Order{2}, .use = FrameUse::kernel_stack, .owner = {.id = 42, .detail = 1}}, fx);
    ASSERT_TRUE(stack.has_value());
    EXPECT_EQ(allocator.owner(*stack).id, 42U);
    const auto block = allocator.state().frames.block_of(*stack + Pages{3});
    ASSERT_TRUE(block.has_value());
    EXPECT_EQ(block->first, *stack);
    EXPECT_EQ(allocator.state().frames.use(static_cast<FrameTable::Node>(stack->raw())), FrameUse::kernel_stack);
    allocator.split_block(*stack);
    for (std::uint64_t i = 0; i < 4; ++i) give(allocator, *stack + Pages{i}, 0);
    EXPECT_STREQ(check_invariants(allocator.state()), "");
}

TEST(PageAllocator, ACopyIsIndependentAndEqual) {
    PageAllocator allocator = booted(four_blocks(), PageRules::linux_6_1());
    for (int i = 0; i < 100; ++i) std::ignore = take(allocator, 0);
    const PageAllocator copy = allocator;
    EXPECT_EQ(copy, allocator);
    EXPECT_EQ(digest_of(copy), digest_of(allocator));
    std::ignore = take(allocator, 0);
    EXPECT_NE(copy, allocator);
    EXPECT_NE(digest_of(copy), digest_of(allocator));
}

TEST(PageAllocator, SurvivesWritingAndReading) {
    PageAllocator allocator = booted(MemoryMap::pc(64_MiB), PageRules::linux_6_1(), 3);
    for (int i = 0; i < 300; ++i) std::ignore = take(allocator, static_cast<unsigned>(i) % 4);
    const std::vector<std::byte> bytes = bytes_of_state(allocator);
    PageAllocator read;
    StateReader reader{bytes};
    reader(read);
    ASSERT_TRUE(reader.ok());
    EXPECT_TRUE(reader.at_end());
    EXPECT_EQ(read, allocator);
    EXPECT_STREQ(check_invariants(read.state()), "");
}

} // namespace
} // namespace ksl::core
