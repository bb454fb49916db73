// SPDX-License-Identifier: MIT
//
// What requests and frees are charged for, and which lines they touch.
#include "core/types/random.h"
#include "tests/core/memory/memory_fixtures.h"

#include <algorithm>

namespace ksl::core {
namespace {

using namespace testing;

class CountingPort final : public MemoryPort {
public:
    void access(VirtAddr at, bool is_write, Ledger& ledger) override {
        accesses.emplace_back(at, is_write);
        ledger.total += Cycles{1};
    }
    [[nodiscard]] bool has_written(VirtAddr at) const {
        return std::ranges::find(accesses, std::pair{at, true}) != accesses.end();
    }
    std::vector<std::pair<VirtAddr, bool>> accesses;
};

/// Effects that pay for everything: steps by price and lines by a cycle each.
class Paid {
public:
    explicit Paid(CpuId cpu = CpuId{0})
        : fx{&prices_,
             &port,
             nullptr,
             EventLevel::none,
             cpu,
             Cycles{0},
             KernelData{VirtAddr{0xffffea0000000000}, VirtAddr{0xffffffff82000000}, VirtAddr{0xffff88803fc00000}}} {}

    [[nodiscard]] std::uint32_t times(Step step) const {
        return static_cast<std::uint32_t>(fx.ledger().times[static_cast<std::size_t>(step)]);
    }
    /// Steps of all kinds.
    [[nodiscard]] std::uint64_t steps() const {
        std::uint64_t count = 0;
        for (const auto times : fx.ledger().times) count += times;
        return count;
    }

private:
    PriceList prices_;

public:
    CountingPort port;
    Effects fx;
};

constexpr AllocRequest kMovablePage{.gfp = gfp::kUserMovable};

TEST(PageCosts, APageFromThePageListIsEntryTakeAndPrepare) {
    for (const PageRules& rules : {PageRules::linux_4_9(), PageRules::linux_6_1()}) {
        PageAllocator allocator = booted(MemoryMap::pc(256_MiB), rules);
        give(allocator, take(allocator, 0), 0);
        Paid paid;
        const auto page = allocator.allocate(kMovablePage, paid.fx);
        ASSERT_TRUE(page.has_value());
        EXPECT_EQ(paid.times(Step::page_alloc_entry), 1U);
        EXPECT_EQ(paid.times(Step::pcp_take), 1U);
        EXPECT_EQ(paid.times(Step::page_prepare), 1U);
        EXPECT_EQ(paid.steps(), 3U);
        const KernelData& data = paid.fx.data();
        EXPECT_TRUE(paid.port.has_written(data.page_struct(*page)));
        EXPECT_TRUE(paid.port.has_written(data.pcp(CpuId{0}, ZoneId::dma32)));
        EXPECT_FALSE(paid.port.has_written(data.zone_lock(ZoneId::dma32)));
    }
}

TEST(PageCosts, ARefillPaysForEveryBlockAndEverySplit) {
    PageAllocator allocator = booted(four_blocks(), PageRules::linux_4_9());
    PageLists& lists = allocator.mutable_state().lists_of(CpuId{0}, ZoneId::dma32);
    lists.batch = 7;
    lists.high = 42;
    Paid paid;
    ASSERT_TRUE(allocator.allocate(kMovablePage, paid.fx).has_value());
    EXPECT_EQ(paid.times(Step::pcp_refill), 1U);
    EXPECT_EQ(paid.times(Step::zone_lock), 1U);
    EXPECT_EQ(paid.times(Step::pcp_refill_block), 7U);
    EXPECT_EQ(paid.times(Step::buddy_take), 0U) << "taking is part of pcp_refill_block";
    // From one block of order 10: 10 splits for the first page, then one for every second page, one more for every
    // fourth, ...
    EXPECT_EQ(paid.times(Step::buddy_split), 10U + 0 + 1 + 0 + 2 + 0 + 1);
    EXPECT_EQ(paid.times(Step::pcp_take), 1U);
}

TEST(PageCosts, ABlockFromTheBuddyListsPaysLockProbesAndSplits) {
    PageAllocator allocator = booted(four_blocks(), PageRules::linux_4_9());
    Paid paid;
    const auto block = allocator.allocate({.order = Order{2}, .gfp = gfp::kUserMovable}, paid.fx);
    ASSERT_TRUE(block.has_value());
    EXPECT_EQ(paid.times(Step::watermark_high_order), 1U);
    EXPECT_EQ(paid.times(Step::zone_lock), 1U);
    EXPECT_EQ(paid.times(Step::buddy_list_probe), 8U); // orders 2 to 9 are empty
    EXPECT_EQ(paid.times(Step::buddy_take), 1U);
    EXPECT_EQ(paid.times(Step::buddy_split), 8U);
    EXPECT_EQ(paid.times(Step::page_prepare), 4U);
    const KernelData& data = paid.fx.data();
    for (std::uint64_t page = 0; page < 4; ++page)
        EXPECT_TRUE(paid.port.has_written(data.page_struct(*block + Pages{page})));
    for (unsigned order = 2; order < 10; ++order) {
        EXPECT_TRUE(paid.port.has_written(data.free_list(ZoneId::dma32, Order{order}, MigrateType::movable)));
        EXPECT_TRUE(paid.port.has_written(data.page_struct(*block + Pages{std::uint64_t{1} << order})));
    }

    Paid freed;
    allocator.free(*block, Order{2}, freed.fx);
    EXPECT_EQ(freed.times(Step::page_check), 4U);
    EXPECT_EQ(freed.times(Step::buddy_free), 1U);
    EXPECT_EQ(freed.times(Step::buddy_merge), 8U);
}

TEST(PageCosts, In61AnOrder2BlockFromThePageListTakesNoZoneLock) {
    PageAllocator allocator = booted(four_blocks(), PageRules::linux_6_1());
    give(allocator, take(allocator, 2), 2);
    Paid paid;
    ASSERT_TRUE(allocator.allocate({.order = Order{2}, .gfp = gfp::kUserMovable}, paid.fx).has_value());
    EXPECT_EQ(paid.times(Step::zone_lock), 0U);
    EXPECT_EQ(paid.times(Step::pcp_take), 1U);
}

TEST(PageCosts, ADrainPaysForEveryPageAndMerge) {
    PageAllocator allocator = booted(four_blocks(), PageRules::linux_4_9());
    PageLists& lists = allocator.mutable_state().lists_of(CpuId{0}, ZoneId::dma32);
    lists.batch = 4;
    lists.high = 8;
    std::vector<Pfn> pages;
    for (int i = 0; i < 12; ++i) pages.push_back(take(allocator, 0));
    for (int i = 0; i < 7; ++i) give(allocator, pages[static_cast<std::size_t>(i)], 0);
    ASSERT_EQ(lists.count, 7U);
    Paid paid;
    allocator.free(pages[7], Order{0}, paid.fx);
    EXPECT_EQ(paid.times(Step::pcp_put), 1U);
    EXPECT_EQ(paid.times(Step::pcp_drain), 1U);
    EXPECT_EQ(paid.times(Step::pcp_drain_block), 4U);
    EXPECT_EQ(paid.times(Step::buddy_merge), 3U) << "four pages side by side become one block";
    EXPECT_EQ(paid.times(Step::buddy_free), 0U) << "putting back is part of pcp_drain_block";
}

TEST(PageCosts, PayingChangesNothing) {
    for (const PageRules& rules : {PageRules::linux_4_7(), PageRules::linux_4_9(), PageRules::linux_6_1()}) {
        PageAllocator silent = booted(MemoryMap::pc(64_MiB), rules);
        PageAllocator paid = silent;
        Paid effects;
        Effects none;
        Random random{7};
        std::vector<std::pair<Pfn, Order>> given;
        for (int i = 0; i < 20'000; ++i) {
            if (random.chance(1, 2) || given.empty()) {
                const Gfp gfp = random.chance(1, 3) ? gfp::kKernel : gfp::kUserMovable;
                const AllocRequest request{.order = Order{static_cast<unsigned>(random.below(4))},
                                           .gfp = gfp | gfp::kNoRetry};
                const auto block = silent.allocate(request, none);
                ASSERT_EQ(paid.allocate(request, effects.fx), block);
                if (block) given.emplace_back(*block, request.order);
            } else {
                const std::size_t which = random.below(given.size());
                silent.free(given[which].first, given[which].second, none);
                paid.free(given[which].first, given[which].second, effects.fx);
                given[which] = given.back();
                given.pop_back();
            }
        }
        EXPECT_EQ(silent, paid);
        EXPECT_GT(effects.port.accesses.size(), 100'000U);
    }
}

} // namespace
} // namespace ksl::core
