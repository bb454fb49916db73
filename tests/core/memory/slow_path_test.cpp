// SPDX-License-Identifier: MIT
#include "core/memory/compaction.h"
#include "core/memory/counted_state.h"
#include "core/memory/fragmentation.h"
#include "core/memory/kswapd.h"
#include "core/memory/slab_caches.h"
#include "tests/core/memory/memory_fixtures.h"

#include <fstream>
#include <sstream>

namespace ksl::core {
namespace {

using namespace testing;

constexpr ZoneId kDma32 = ZoneId::dma32;

/// All memory taken as single pages of one use, then pages freed where `is_free` says so.
template <class IsFree>
PageAllocator filled(const PageRules& rules, FrameUse use, IsFree is_free) {
    PageAllocator allocator = booted(four_blocks(), rules);
    PageState& state = allocator.mutable_state();
    for (PageLists& lists : state.page_lists) lists.high = lists.batch = 1;
    const std::array<std::int64_t, 3> watermark = state.zone(kDma32).watermark;
    state.zone(kDma32).watermark = {};
    Effects fx;
    std::vector<Pfn> blocks;
    while (const auto block =
               allocator.allocate({.order = Order{10}, .gfp = gfp::kUserMovable | gfp::kNoRetry, .use = use}, fx))
        blocks.push_back(*block);
    EXPECT_EQ(blocks.size(), 4U);
    for (const Pfn block : blocks) allocator.split_block(block);
    for (std::uint64_t frame = 4096; frame < 8192; ++frame) {
        if (is_free(frame)) allocator.free(Pfn{frame}, Order{0}, fx);
    }
    allocator.drain(CpuId{0}, fx);
    allocator.report_counters(CpuId{0});
    state.zone(kDma32).watermark = watermark;
    state.zone(kDma32).boost = 0;
    state.zone(kDma32).wants_kswapd = false;
    return allocator;
}

TEST(SlowPath, WhoMayNotReclaimIsRefusedWhoMayEndsInTheOutOfMemoryKiller) {
    for (const PageRules& rules : {PageRules::linux_4_7(), PageRules::linux_4_9(), PageRules::linux_6_1()}) {
        PageAllocator allocator = filled(rules, FrameUse::slab, [](std::uint64_t frame) { return frame % 4 == 0; });
        Effects fx;
        const auto outcome = [&](Gfp gfp, unsigned order) {
            const auto block = allocator.allocate({.order = Order{order}, .gfp = gfp}, fx);
            EXPECT_FALSE(block.has_value());
            return block.error();
        };
        EXPECT_EQ(outcome(gfp::kNowait, 2), AllocFailure::no_memory);
        EXPECT_EQ(outcome(gfp::kAtomic, 2), AllocFailure::no_memory);
        EXPECT_EQ(outcome(gfp::kKernel | gfp::kNoRetry, 2), AllocFailure::no_memory);
        // Orders up to 3 are not "costly": they are never refused.
        EXPECT_EQ(outcome(gfp::kKernel, 2), AllocFailure::would_oom);
        EXPECT_EQ(outcome(gfp::kKernel, 3), AllocFailure::would_oom);
        EXPECT_EQ(outcome(gfp::kKernel, 4), AllocFailure::no_memory);
        // Requests for low memory only kill nobody.
        EXPECT_EQ(outcome(gfp::kKernel | gfp::kDma32, 2), AllocFailure::no_memory);
        // A quarter of the memory is free, for single pages.
        EXPECT_TRUE(allocator.allocate({.gfp = gfp::kKernel}, fx).has_value());
        EXPECT_STREQ(check_invariants(allocator.state()), "");
    }
}

TEST(SlowPath, AVictimOfTheKillerIsRefusedInsteadOfLooping) {
    for (const PageRules& rules : {PageRules::linux_4_7(), PageRules::linux_6_1()}) {
        PageAllocator allocator = filled(rules, FrameUse::slab, [](std::uint64_t frame) { return frame % 4 == 0; });
        Effects fx;
        const auto block = allocator.allocate({.order = Order{2}, .is_oom_victim = true}, fx);
        ASSERT_FALSE(block.has_value());
        EXPECT_EQ(block.error(), AllocFailure::no_memory);
    }
}

TEST(Compaction, MovesPagesTogetherAndTellsTheirOwners) {
    for (const PageRules& rules : {PageRules::linux_4_7(), PageRules::linux_4_9(), PageRules::linux_6_1()}) {
        PageAllocator allocator =
            filled(rules, FrameUse::anonymous, [](std::uint64_t frame) { return frame % 2 == 0; });
        for (std::uint64_t frame = 4097; frame < 8192; frame += 2)
            allocator.set_owner(Pfn{frame}, {.id = static_cast<std::uint32_t>(frame), .detail = 0});
        class Moves final : public PageOwners {
        public:
            void page_moved(Pfn from, Pfn to) override { moves.emplace_back(from, to); }
            std::vector<std::pair<Pfn, Pfn>> moves;
        } owners;
        EventLog log;
        Effects fx = reporting_to(log);
        ASSERT_EQ(fragmentation_index(allocator.state().zone(kDma32), Order{2}), 1000 - (1000 + 2048 * 250) / 2048);
        const auto block = allocator.allocate({.order = Order{2}, .gfp = gfp::kKernel}, fx, &owners);
        ASSERT_TRUE(block.has_value());
        ASSERT_FALSE(owners.moves.empty());
        for (const auto& [from, to] : owners.moves) {
            // From the lower part of the zone to the upper one, and the owner came along.
            EXPECT_LT(from, to);
            EXPECT_EQ(allocator.owner(to).id, from.raw());
        }
        const auto compacted = log.all<Compacted>();
        ASSERT_FALSE(compacted.empty());
        EXPECT_TRUE(compacted.back().succeeded);
        EXPECT_STREQ(check_invariants(allocator.state()), "");
    }
}

TEST(Compaction, IsLeftAloneWhereMemoryIsShortRatherThanFragmented) {
    // 4.7 asks the fragmentation index of every order, later kernels of orders above 3 alone.
    const auto some_free = [](std::uint64_t frame) { return frame % 16 < 2; };
    for (const PageRules& rules : {PageRules::linux_4_7(), PageRules::linux_4_9()}) {
        const PageAllocator allocator = filled(rules, FrameUse::anonymous, some_free);
        const Zone& zone = allocator.state().zone(kDma32);
        const int index = fragmentation_index(zone, Order{2});
        ASSERT_GT(index, 0);
        ASSERT_LE(index, 500);
        const CompactResult result = compaction_suitable(allocator.state(), zone, 2, ZoneId::normal,
                                                         AllocFlags{Watermark::min}, zone.free_pages);
        EXPECT_EQ(result, rules.compaction_index_from_order == 0 ? CompactResult::skipped : CompactResult::keep_going);
        EXPECT_EQ(compaction_suitable(allocator.state(), zone, 2, ZoneId::normal, AllocFlags{Watermark::min}, 100),
                  CompactResult::skipped);
    }
}

TEST(Compaction, IsPutOffAfterFailures) {
    CompactionMemory memory;
    EXPECT_FALSE(is_compaction_deferred(memory, 2));
    defer_compaction(memory, 2);
    EXPECT_TRUE(is_compaction_deferred(memory, 2));
    EXPECT_FALSE(is_compaction_deferred(memory, 2));
    for (int i = 0; i < 20; ++i) defer_compaction(memory, 2);
    EXPECT_EQ(memory.defer_shift, 6);
    for (int i = 0; i < 63; ++i) EXPECT_TRUE(is_compaction_deferred(memory, 2));
    EXPECT_FALSE(is_compaction_deferred(memory, 2));
    reset_compaction_deferral(memory, 2, true);
    EXPECT_FALSE(is_compaction_deferred(memory, 2));
}

TEST(Reclaim, DropsTheOldestCleanPages) {
    for (PageRules rules : {PageRules::linux_4_7(), PageRules::linux_6_1()}) {
        rules.watermark_boost_factor = 0;
        PageAllocator allocator = filled(rules, FrameUse::page_cache, [](std::uint64_t /*frame*/) { return false; });
        for (std::uint64_t frame = 4096; frame < 8192; ++frame) allocator.lru_add(Pfn{frame});
        class Drops final : public PageOwners {
        public:
            void page_dropped(Pfn frame) override { dropped.push_back(frame); }
            std::vector<Pfn> dropped;
        } owners;
        Effects fx;
        const auto page = allocator.allocate({.gfp = gfp::kKernel}, fx, &owners);
        ASSERT_TRUE(page.has_value());
        ASSERT_GE(owners.dropped.size(), 32U);
        for (std::size_t i = 0; i < owners.dropped.size(); ++i) EXPECT_EQ(owners.dropped[i], Pfn{4096 + i});
        EXPECT_STREQ(check_invariants(allocator.state()), "");
        // What nobody reads again goes on until every page is gone.
        std::uint64_t pages = 1;
        while (allocator.allocate({.gfp = gfp::kKernel}, fx, &owners)) ++pages;
        EXPECT_EQ(allocator.state().zone(kDma32).lru_pages, 0U);
        EXPECT_GT(pages, 3800U);
    }
}

TEST(Kswapd, ReclaimsUpToTheHighWatermarkOnceItRuns) {
    PageAllocator allocator =
        filled(PageRules::linux_4_9(), FrameUse::page_cache, [](std::uint64_t frame) { return frame < 4096 + 140; });
    for (std::uint64_t frame = 4096 + 140; frame < 8192; ++frame) allocator.lru_add(Pfn{frame});
    Effects fx;
    EXPECT_FALSE(wants_kswapd(allocator.state()));
    // Between the min and the low watermark: answered, and kswapd is woken.
    ASSERT_TRUE(allocator.allocate({.gfp = gfp::kKernel}, fx).has_value());
    EXPECT_TRUE(wants_kswapd(allocator.state()));
    run_kswapd(allocator, fx);
    EXPECT_FALSE(wants_kswapd(allocator.state()));
    const Zone& zone = allocator.state().zone(kDma32);
    EXPECT_GT(free_pages_exact(allocator.state(), kDma32), zone.watermark[2]);
    EXPECT_LT(free_pages_exact(allocator.state(), kDma32), zone.watermark[2] + 64);
}

// Threads in fragmented memory: what the recorded machines of 96 MiB did.

std::string read_text(const std::string& name) {
    std::ifstream file{std::string{KSL_TEST_DATA} + "/captures/2016/" + name};
    EXPECT_TRUE(file) << name;
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
}

/// The free blocks and pageblocks of "pagetypeinfo punched".
std::vector<CountedZone> punched_zones(const std::string& result) {
    std::istringstream lines{result.substr(result.find("## pagetypeinfo punched"))};
    std::vector<CountedZone> zones{{.id = ZoneId::dma, .free_blocks = {}, .pageblocks = {{}}},
                                   {.id = ZoneId::dma32, .free_blocks = {}, .pageblocks = {{}}}};
    std::string line;
    bool counts_pageblocks = false;
    unsigned type = 0;
    while (std::getline(lines, line) && !line.starts_with("## vmstat")) {
        counts_pageblocks = counts_pageblocks || line.starts_with("Number of blocks");
        if (!line.starts_with("Node")) continue;
        CountedZone& zone = zones[line.find("DMA32") == std::string::npos ? 0 : 1];
        if (counts_pageblocks) {
            std::istringstream words{line.substr(line.find("DMA") + 5)};
            for (std::uint32_t& count : *zone.pageblocks) words >> count;
        } else if (line.find("type") != std::string::npos) {
            std::istringstream words{line.substr(line.find("type") + 4)};
            std::string name;
            words >> name;
            for (unsigned order = 0; order < kOrders; ++order) words >> zone.free_blocks[order][type];
            type = (type + 1) % kMigrateTypes;
            // The kernel lists unmovable, movable, reclaimable, highatomic: our order.
        }
    }
    return zones;
}

struct Thread {
    bool created = false;
    std::uint64_t free_kib = 0;
};

/// Creates threads until one cannot be: a task_struct and a stack each.
std::vector<Thread> create_threads(PageAllocator& allocator, unsigned most, bool is_vmapped) {
    std::vector<Thread> threads;
    Effects fx;
    AllocatorPages slab_pages{allocator, fx};
    SlabCaches slabs{SlabSizes::linux_4_9(1), 1, VirtAddr{0}};
    const auto stack_block = [&](unsigned order) {
        return allocator.allocate({.order = Order{order}, .use = FrameUse::kernel_stack}, fx);
    };
    while (threads.size() < most) {
        bool is_created = slabs.allocate(SlabCacheId::task_struct, {}, slab_pages, fx).has_value();
        for (int i = 0; i < (is_vmapped ? 4 : 1) && is_created; ++i) {
            const auto block = stack_block(is_vmapped ? 0 : 2);
            EXPECT_TRUE(block.has_value() || block.error() == AllocFailure::would_oom);
            is_created = block.has_value();
        }
        threads.push_back({.created = is_created, .free_kib = allocator.free_pages().count() * 4});
        if (!is_created) break;
    }
    return threads;
}

PageAllocator punched_machine(const std::string& capture, const PageRules& rules) {
    CountedMemory memory{.map = MemoryMap::pc(96_MiB),
                         .zones = punched_zones(read_text(capture + "/result.txt")),
                         .rules = rules,
                         .page_cache_permille = 0}; // tmpfs and anonymous memory, no swap
    auto state = make_state(memory);
    EXPECT_TRUE(state.has_value()) << state.error();
    return PageAllocator{std::move(*state)};
}

TEST(FragmentedMemory, ContiguousStacksEndInTheOutOfMemoryKillerWith27MiBFree) {
    struct Case {
        const char* capture;
        PageRules rules;
        unsigned created;       ///< clone.csv
        std::uint64_t free_kib; ///< at the end
    };
    const Case cases[] = {{"fragmented-4.7-96M", PageRules::linux_4_7(), 361, 27208},
                          {"fragmented-4.9-vmap-n-96M", PageRules::linux_4_9(), 323, 27908}};
    for (const Case& is : cases) {
        PageAllocator allocator = punched_machine(is.capture, is.rules);
        const std::vector<Thread> threads = create_threads(allocator, 2000, false);
        ASSERT_FALSE(threads.back().created);
        EXPECT_NEAR(static_cast<double>(threads.size() - 1), is.created, 3) << is.capture;
        EXPECT_NEAR(static_cast<double>(threads.back().free_kib), static_cast<double>(is.free_kib), 300) << is.capture;
        // Nothing of order 2 and above is left; single pages are there in plenty.
        for (const Zone& zone : allocator.state().zones) {
            for (unsigned order = 2; order < kOrders; ++order) EXPECT_EQ(zone.free_blocks[order], 0U);
        }
        Effects fx;
        for (int i = 0; i < 1000; ++i) EXPECT_TRUE(allocator.allocate({.gfp = gfp::kKernel}, fx).has_value());
        EXPECT_STREQ(check_invariants(allocator.state()), "");
    }
}

TEST(FragmentedMemory, VmappedStacksGoOnWithSinglePages) {
    PageAllocator allocator = punched_machine("fragmented-4.9-vmap-y-96M", PageRules::linux_4_9());
    const std::vector<Thread> threads = create_threads(allocator, 690, true);
    EXPECT_EQ(threads.size(), 690U);
    EXPECT_TRUE(threads.back().created);
    EXPECT_GT(threads.back().free_kib, 20'000U);
}

} // namespace
} // namespace ksl::core
