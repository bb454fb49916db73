// SPDX-License-Identifier: MIT
#include "tests/core/memory/memory_fixtures.h"

#include <algorithm>

namespace ksl::core {
namespace {

using namespace testing;

constexpr ZoneId kDma32 = ZoneId::dma32;

PageAllocator half_gib(const PageRules& rules, unsigned cpus = 1) {
    return booted(MemoryMap::pc(512_MiB), rules, cpus);
}

std::vector<std::uint64_t> drained(const EventLog& log) {
    std::vector<std::uint64_t> frames;
    for (const PcpDrained& drain : log.all<PcpDrained>()) frames.push_back(drain.pfn);
    return frames;
}

TEST(PageLists, APageFreedIsTheNextOneAllocated) {
    for (const PageRules& rules : {PageRules::linux_4_9(), PageRules::linux_6_1()}) {
        PageAllocator allocator = half_gib(rules);
        const Pfn first = take(allocator, 0);
        const Pfn second = take(allocator, 0);
        give(allocator, first, 0);
        give(allocator, second, 0);
        EXPECT_EQ(take(allocator, 0), second);
        EXPECT_EQ(take(allocator, 0), first);
    }
}

TEST(PageLists, ARefillTakesABatchInOrder) {
    PageAllocator allocator = half_gib(PageRules::linux_4_9());
    const Pfn first = take(allocator, 0);
    EXPECT_EQ(allocator.state().lists_of(CpuId{0}, kDma32).count, 30U);
    for (std::uint64_t i = 1; i < 31; ++i) EXPECT_EQ(take(allocator, 0), first + Pages{i});
}

TEST(PageLists, In61LargerBlocksComeInSmallerBatchesButAtLeastTwo) {
    PageAllocator allocator = half_gib(PageRules::linux_6_1());
    for (const auto& [order, blocks] : {std::pair{0U, 31U}, std::pair{1U, 15U}, std::pair{2U, 7U}, std::pair{3U, 3U}}) {
        const std::uint32_t before = allocator.state().lists_of(CpuId{0}, kDma32).count;
        std::ignore = take(allocator, order);
        EXPECT_EQ(allocator.state().lists_of(CpuId{0}, kDma32).count - before, (blocks - 1) << order);
        EXPECT_EQ(page_list(allocator, kDma32, order).size(), blocks - 1);
    }
    // 4.x has lists for single pages only.
    PageAllocator old = half_gib(PageRules::linux_4_9());
    std::ignore = take(old, 2);
    EXPECT_EQ(old.state().lists_of(CpuId{0}, kDma32).count, 0U);
}

TEST(PageLists, AZoneWithBatchOneKeepsNothingIn4x) {
    PageAllocator allocator = half_gib(PageRules::linux_4_9());
    const Pfn page = take(allocator, 0, gfp::kKernel | gfp::kDma);
    EXPECT_EQ(allocator.state().lists_of(CpuId{0}, ZoneId::dma).count, 0U);
    give(allocator, page, 0);
    EXPECT_EQ(allocator.state().lists_of(CpuId{0}, ZoneId::dma).count, 0U);
}

TEST(PageLists, ColdPagesUseTheOtherEndIn4x) {
    PageAllocator allocator = half_gib(PageRules::linux_4_9());
    const Pfn hot = take(allocator, 0);
    const Pfn cold = take(allocator, 0);
    give(allocator, hot, 0);
    give(allocator, cold, 0, FreePath::page_list_cold);
    EXPECT_EQ(page_list(allocator, kDma32, 0).front(), hot.raw());
    EXPECT_EQ(page_list(allocator, kDma32, 0).back(), cold.raw());
    EXPECT_EQ(take(allocator, 0, gfp::kUserMovable | gfp::kCold), cold);
    // A cold refill gives the lowest page first as well.
    PageAllocator empty = half_gib(PageRules::linux_4_9());
    const Pfn first = take(empty, 0, gfp::kUserMovable | gfp::kCold);
    EXPECT_EQ(take(empty, 0, gfp::kUserMovable | gfp::kCold), first + Pages{1});
    // 6.1 does not know the difference.
    PageAllocator late = half_gib(PageRules::linux_6_1());
    const Pfn page = take(late, 0);
    give(late, page, 0, FreePath::page_list_cold);
    EXPECT_EQ(page_list(late, kDma32, 0).front(), page.raw());
}

TEST(PageLists, In4xAFullListGivesItsOldestPagesRoundRobin) {
    PageAllocator allocator = half_gib(PageRules::linux_4_9());
    // 186 pages are one too many; 5 of them unmovable, 2 reclaimable, the rest movable.
    std::vector<Pfn> movable;
    std::vector<Pfn> unmovable;
    std::vector<Pfn> reclaimable;
    for (int i = 0; i < 31 * 6; ++i) movable.push_back(take(allocator, 0));
    for (int i = 0; i < 31; ++i) unmovable.push_back(take(allocator, 0, gfp::kKernel));
    for (int i = 0; i < 31; ++i) reclaimable.push_back(take(allocator, 0, gfp::kKernel | gfp::kReclaimable));
    ASSERT_EQ(allocator.state().lists_of(CpuId{0}, kDma32).count, 0U);
    EventLog log;
    Effects fx = reporting_to(log);
    for (int i = 0; i < 5; ++i) allocator.free(unmovable[static_cast<std::size_t>(i)], Order{0}, fx);
    for (int i = 0; i < 2; ++i) allocator.free(reclaimable[static_cast<std::size_t>(i)], Order{0}, fx);
    for (int i = 0; i < 179; ++i) allocator.free(movable[static_cast<std::size_t>(i)], Order{0}, fx);
    // The first turn is MOVABLE's with one page, then RECLAIMABLE two, then UNMOVABLE three, then MOVABLE four, and so
    // on. A list found empty counts as a turn.
    std::vector<std::uint64_t> expected;
    const auto next = [&](const std::vector<Pfn>& from, std::size_t first, std::size_t count) {
        for (std::size_t i = first; i < first + count; ++i) expected.push_back(from[i].raw());
    };
    next(movable, 0, 1);     // turn 1
    next(reclaimable, 0, 1); // turn 1: the count begins anew after each list that had enough
    next(unmovable, 0, 1);
    next(movable, 1, 1);
    next(reclaimable, 1, 1);
    next(unmovable, 1, 1);
    next(movable, 2, 1);
    next(unmovable, 2, 2); // RECLAIMABLE is empty: two
    next(movable, 3, 1);
    next(unmovable, 4, 1); // only one left, one turn stays
    next(movable, 4, 2);   // turn left over: two
    // Now MOVABLE is the only list: all the rest at once.
    next(movable, 6, 31 - expected.size());
    EXPECT_EQ(drained(log), expected);
    EXPECT_EQ(allocator.state().lists_of(CpuId{0}, kDma32).count, 186U - 31U);
}

TEST(PageLists, In61TheListFreedToIsDrainedFirstAndTheAmountDoubles) {
    PageAllocator allocator = half_gib(PageRules::linux_6_1());
    PageLists& lists = allocator.mutable_state().lists_of(CpuId{0}, kDma32);
    lists.high = 124;
    std::vector<Pfn> pages;
    for (int i = 0; i < 31 * 12; ++i) pages.push_back(take(allocator, 0));
    ASSERT_EQ(lists.count, 0U);
    const Pfn other = take(allocator, 0, gfp::kKernel); // 30 unmovable pages stay behind
    EventLog log;
    Effects fx = reporting_to(log);
    std::size_t next = 0;
    const auto free_until_drain = [&] {
        log.events.clear();
        while (drained(log).empty()) allocator.free(pages[next++], Order{0}, fx);
        return drained(log).size();
    };
    EXPECT_EQ(free_until_drain(), 31U);
    EXPECT_EQ(lists.free_factor, 1);
    EXPECT_EQ(drained(log).front(), pages[0].raw());
    EXPECT_EQ(free_until_drain(), 62U);
    // No more than high - batch.
    EXPECT_EQ(free_until_drain(), 93U);
    EXPECT_EQ(lists.free_factor, 2);
    // An allocation in between halves it.
    std::ignore = take(allocator, 0);
    EXPECT_EQ(lists.free_factor, 1);
    EXPECT_EQ(page_list(allocator, kDma32, 0, MigrateType::unmovable).size(), 30U);
    give(allocator, other, 0);
    EXPECT_STREQ(check_invariants(allocator.state()), "");
}

TEST(PageLists, In61AStackFreedAmongManyFreesEmptiesEverything) {
    PageAllocator allocator = half_gib(PageRules::linux_6_1());
    PageLists& lists = allocator.mutable_state().lists_of(CpuId{0}, kDma32);
    const Pfn stack = take(allocator, 2, gfp::kKernel);
    std::ignore = take(allocator, 0);
    lists.free_factor = 1;
    give(allocator, stack, 2);
    EXPECT_EQ(lists.count, 0U);
    EXPECT_EQ(lists.free_factor, 1);
}

TEST(PageLists, APageGoesBackToTheTypeItsPageblockHadWhenTheFreeBegan) {
    PageAllocator allocator = half_gib(PageRules::linux_6_1());
    const Pfn page = take(allocator, 0);
    give(allocator, page, 0);
    allocator.mutable_state().set_pageblock_type(page.raw(), MigrateType::reclaimable);
    EventLog log;
    Effects fx = reporting_to(log);
    allocator.drain(CpuId{0}, fx);
    const auto drains = log.all<PcpDrained>();
    const auto it = std::ranges::find(drains, page.raw(), &PcpDrained::pfn);
    ASSERT_NE(it, drains.end());
    EXPECT_EQ(it->type, MigrateType::movable);
}

TEST(PageLists, PagesOfHighAtomicPageblocksShareTheMovableList) {
    for (const PageRules& rules : {PageRules::linux_4_9(), PageRules::linux_6_1()}) {
        PageAllocator allocator = half_gib(rules);
        // One page freed, its neighbours in use.
        const Pfn page = take(allocator, 0, gfp::kKernel);
        while (!page_list(allocator, kDma32, 0, MigrateType::unmovable).empty())
            std::ignore = take(allocator, 0, gfp::kKernel);
        allocator.mutable_state().set_pageblock_type(page.raw(), MigrateType::highatomic);
        give(allocator, page, 0);
        EXPECT_EQ(page_list(allocator, kDma32, 0).front(), page.raw());
        Effects fx;
        allocator.drain(CpuId{0}, fx);
        EXPECT_EQ(free_list(allocator, kDma32, 0, MigrateType::highatomic), std::vector{page.raw()});
    }
}

TEST(PageLists, EveryCpuHasItsOwn) {
    PageAllocator allocator = half_gib(PageRules::linux_6_1(), 4);
    EventLog log;
    std::vector<Pfn> pages;
    for (std::uint16_t cpu = 0; cpu < 4; ++cpu) {
        Effects fx = reporting_to(log, CpuId{cpu});
        pages.push_back(*allocator.allocate({.gfp = gfp::kUserMovable}, fx));
    }
    EXPECT_EQ(log.all<PcpRefilled>().size(), 4U);
    // A page freed elsewhere stays there.
    Effects third = reporting_to(log, CpuId{2});
    allocator.free(pages[0], Order{0}, third);
    EXPECT_EQ(page_list(allocator, kDma32, 0, MigrateType::movable, CpuId{2}).front(), pages[0].raw());
    EXPECT_STREQ(check_invariants(allocator.state()), "");
    for (std::uint16_t cpu = 0; cpu < 4; ++cpu) allocator.drain(CpuId{cpu}, third);
    for (std::uint16_t cpu = 0; cpu < 4; ++cpu) EXPECT_EQ(allocator.state().lists_of(CpuId{cpu}, kDma32).count, 0U);
}

TEST(PageLists, ABatchOfFreesIsPreparedBeforeItIsCommittedIn61) {
    for (const PageRules& rules : {PageRules::linux_4_9(), PageRules::linux_6_1()}) {
        PageAllocator allocator = half_gib(rules);
        const std::vector<Pfn> pages{take(allocator, 0), take(allocator, 0), take(allocator, 0)};
        Effects fx;
        allocator.free_batch(pages, fx);
        const auto list = page_list(allocator, kDma32, 0);
        EXPECT_EQ(std::vector<std::uint64_t>(list.begin(), list.begin() + 3),
                  (std::vector{pages[2].raw(), pages[1].raw(), pages[0].raw()}));
        EXPECT_STREQ(check_invariants(allocator.state()), "");
    }
}

TEST(BulkRequests, TakeFromThePageListWithoutHalvingTheFreeFactor) {
    PageAllocator allocator = half_gib(PageRules::linux_6_1());
    PageLists& lists = allocator.mutable_state().lists_of(CpuId{0}, kDma32);
    lists.free_factor = 4;
    std::array<Pfn, 4> pages{};
    Effects fx;
    EXPECT_EQ(allocator.allocate_bulk({.use = FrameUse::kernel_stack}, pages, fx), std::size_t{4});
    EXPECT_EQ(lists.free_factor, 4);
    EXPECT_EQ(pages[1], pages[0] + Pages{1});
    // One page is an ordinary request, and so is any number on kernels without them.
    std::array<Pfn, 1> single{};
    EXPECT_EQ(allocator.allocate_bulk({}, single, fx), std::size_t{1});
    EXPECT_EQ(lists.free_factor, 2);
    PageAllocator old = half_gib(PageRules::linux_4_9());
    EXPECT_EQ(old.allocate_bulk({}, pages, fx), std::size_t{1});
}

TEST(BulkRequests, FallBackToOnePageBelowTheWatermark) {
    PageAllocator allocator = half_gib(PageRules::linux_6_1());
    for (Zone& zone : allocator.mutable_state().zones) zone.watermark[1] = zone.managed;
    std::array<Pfn, 4> pages{};
    Effects fx;
    EXPECT_EQ(allocator.allocate_bulk({}, pages, fx), std::size_t{1});
}

} // namespace
} // namespace ksl::core
