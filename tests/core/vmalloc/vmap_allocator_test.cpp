// SPDX-License-Identifier: MIT
#include "core/vmalloc/vmap_allocator.h"
#include "tests/core/vmalloc/vmap_test_host.h"

#include <gtest/gtest.h>

#include <array>
#include <string>
#include <vector>

namespace ksl::core {
namespace {

using testing::kStackAlign;
using testing::kVmalloc;
using testing::kVmallocStart;
using testing::Lab;
using testing::plain_request;
using testing::stack_request;

constexpr std::uint64_t kStride = 0x8000;
constexpr std::uint64_t kRefused = ~std::uint64_t{0};

std::vector<VmapRules> all_rules() {
    return {linux_4_9_vmap_rules(), linux_4_14_vmap_rules(), linux_6_1_vmap_rules(), linux_6_9_vmap_rules(4)};
}

TEST(VmapAllocator, AStackTakesFivePagesAndStacksStand32KiBApart) {
    for (const VmapRules& rules : all_rules()) {
        Lab lab{rules};
        EXPECT_EQ(stack_request().size, Bytes{20480});
        EXPECT_EQ(lab.reserve(stack_request()), 0U);
        EXPECT_EQ(lab.reserve(stack_request()), kStride);
        EXPECT_EQ(lab.reserve(stack_request()), 2 * kStride);
        EXPECT_EQ(lab.allocator.range(lab.at(kStride + 100)).size(), Bytes{20480});
        EXPECT_TRUE(lab.at(kStride - 1).is_none()) << "below a stack is a hole, no leading guard";
        EXPECT_EQ(lab.allocator.check_invariants(), "");
    }
}

TEST(VmapAllocator, AGuardPageCanBeLeftOut) {
    EXPECT_EQ(vmalloc_request(Bytes{1}, Bytes{1}, kVmalloc).size, Bytes{8192});
    EXPECT_EQ(vmalloc_request(Bytes{4097}, Bytes{1}, kVmalloc, GuardPage::none).size, Bytes{8192});
}

TEST(VmapAllocator, ASmallerAlignmentDropsTheSearchCacheOf4x) {
    Lab lab{linux_4_9_vmap_rules()};
    for (int i = 0; i < 3; ++i) lab.reserve(stack_request());
    EXPECT_EQ(lab.reserve(plain_request(4096)), 0x5000U) << "right behind the first stack's guard";
    EXPECT_EQ(lab.allocator.range(lab.at(0x5000)).size(), Bytes{8192});
}

TEST(VmapAllocator, FreedAddressesAreNotGivenOutBeforeThePurge) {
    for (const VmapRules& rules : all_rules()) {
        Lab lab{rules};
        for (int i = 0; i < 3; ++i) lab.reserve(stack_request());
        lab.release(kStride);
        EXPECT_EQ(lab.reserve(stack_request()), 3 * kStride);
        const PurgeResult purged = lab.purge();
        EXPECT_EQ(purged.areas, 1U);
        EXPECT_EQ(purged.pages, Pages{5});
        EXPECT_EQ(purged.flush, (VirtRange{kVmallocStart + Bytes{kStride}, kVmallocStart + Bytes{kStride + 0x5000}}));
        EXPECT_EQ(lab.host.flushes, std::vector{*purged.flush});
        EXPECT_EQ(lab.reserve(stack_request()), kStride);
        EXPECT_EQ(lab.allocator.check_invariants(), "");
    }
}

TEST(VmapAllocator, ThePurgeIsDueAtTheSameStackAsInLinux) {
    const std::array<std::array<unsigned, 3>, 6> table{
        {{1, 8192, 1639}, {2, 16384, 3277}, {4, 24576, 4916}, {8, 32768, 6554}, {16, 40960, 8193}, {64, 57344, 11469}}};
    for (const VmapRules& rules : all_rules()) {
        for (const auto& [cpus, limit, stack] : table) {
            Lab lab{rules, cpus};
            EXPECT_EQ(lab.allocator.lazy_limit(), Pages{limit});
            unsigned freed = 0;
            std::uint64_t highest = 0;
            while (!lab.allocator.purge_is_due()) {
                highest = lab.reserve(stack_request());
                lab.release(highest);
                ++freed;
            }
            EXPECT_EQ(freed, stack) << cpus << " CPUs";
            EXPECT_EQ(highest, (stack - 1) * kStride);
            EXPECT_EQ(lab.allocator.pending_areas(), stack);
            EXPECT_EQ(lab.purge().pages, Pages{std::uint64_t{stack} * 5});
            EXPECT_EQ(lab.allocator.pending_areas(), 0U);
            EXPECT_EQ(lab.allocator.lazy_pages(), Pages{0});
        }
    }
}

TEST(VmapAllocator, The4916thFreeOfFourCpusIsAtHexadecimal9998000) {
    Lab lab{linux_4_9_vmap_rules(), 4};
    std::uint64_t highest = 0;
    while (!lab.allocator.purge_is_due()) lab.release(highest = lab.reserve(stack_request()));
    EXPECT_EQ(highest, 0x9998000U);
}

TEST(VmapAllocator, PagesFreedLazilyInOneMergedRangeStayOnePiece) {
    Lab lab{linux_6_1_vmap_rules()};
    for (int i = 0; i < 3; ++i) lab.reserve(plain_request(4096)); // three areas of two pages, without gaps
    lab.release(0x2000);
    lab.release(0x0);
    EXPECT_EQ(lab.allocator.snapshot().pending, (std::vector{VirtRange{kVmallocStart, kVmallocStart + Bytes{0x4000}}}));
    EXPECT_EQ(lab.purge().areas, 1U) << "6.1 counts what it purges after merging";
    EXPECT_EQ(lab.allocator.free_ranges(), 2U);
}

TEST(VmapAllocator, The4xPurgeTakesTheNewestFirst) {
    Lab lab{linux_4_9_vmap_rules()};
    for (int i = 0; i < 3; ++i) lab.reserve(stack_request());
    lab.release(2 * kStride);
    lab.release(0);
    lab.release(kStride);
    std::vector<std::uint64_t> pending;
    lab.allocator.for_each_pending(
        [&](AreaId area) { pending.push_back((lab.allocator.range(area).lowest - kVmallocStart).count()); });
    EXPECT_EQ(pending, (std::vector<std::uint64_t>{kStride, 0, 2 * kStride}));
}

TEST(VmapAllocator, AnExhaustedWindowPurgesOnceAndThenRefuses) {
    for (const VmapRules& rules : all_rules()) {
        Lab lab{rules};
        const VirtRange window{kVmallocStart, kVmallocStart + Bytes{4 * kStride}};
        const AreaRequest request{Bytes{0x5000}, kStackAlign, window};
        for (unsigned i = 0; i < 4; ++i) EXPECT_EQ(lab.reserve(request), i * kStride);
        lab.release(kStride);
        EXPECT_EQ(lab.reserve(request), kStride) << "given out again after a purge in between";
        EXPECT_EQ(lab.host.flushes.size(), 1U);
        const auto refused = lab.allocator.reserve(request, lab.fx, lab.host);
        ASSERT_FALSE(refused);
        EXPECT_EQ(refused.error(), AreaFailure::no_space);
        EXPECT_EQ(lab.host.flushes.size(), 1U) << "nothing was pending any more";
        EXPECT_EQ(lab.allocator.check_invariants(), "");
    }
}

TEST(VmapAllocator, RequestsThatWrapRoundAreRefused) {
    for (const VmapRules& rules : all_rules()) {
        Lab lab{rules};
        const VirtRange high{VirtAddr{0xffffffffff600000}, VirtAddr{~std::uint64_t{0}}};
        EXPECT_EQ(lab.reserve({Bytes{0xffffffffffff0000}, Bytes{1}, high}), kRefused);
        EXPECT_EQ(lab.reserve({Bytes{0x1000}, Bytes{std::uint64_t{1} << 63U}, high}), kRefused);
        lab.reserve(stack_request());
        EXPECT_EQ(lab.reserve({Bytes{0x1000}, Bytes{std::uint64_t{1} << 63U}, kVmalloc}), kRefused);
        EXPECT_EQ(lab.allocator.check_invariants(), "");
    }
}

TEST(VmapAllocator, WithoutADescriptorThereIsNoArea) {
    for (const VmapRules& rules : all_rules()) {
        Lab lab{rules};
        lab.host.most_objects = 0;
        const auto refused = lab.allocator.reserve(stack_request(), lab.fx, lab.host);
        ASSERT_FALSE(refused);
        EXPECT_EQ(refused.error(), AreaFailure::no_memory);
        EXPECT_EQ(lab.allocator.busy_areas(), 0U);
    }
}

TEST(VmapAllocator, ASplitWithoutADescriptorFailsAndChangesNothing) {
    Lab lab{linux_6_1_vmap_rules()};
    lab.host.most_objects = 1; // one for the area, none for the part of the free range below it
    const VmapSnapshot before = lab.allocator.snapshot();
    EXPECT_FALSE(lab.allocator.reserve(stack_request(), lab.fx, lab.host));
    EXPECT_EQ(lab.allocator.snapshot(), before);
    EXPECT_EQ(lab.host.live.size(), 0U);
}

TEST(VmapAllocator, DescriptorsComeBackOnce) {
    for (const VmapRules& rules : all_rules()) {
        Lab lab{rules};
        std::vector<std::uint64_t> areas;
        for (int i = 0; i < 50; ++i) areas.push_back(lab.reserve(i % 3 == 0 ? plain_request(4096) : stack_request()));
        for (const std::uint64_t area : areas) lab.release(area);
        lab.purge();
        for (int i = 0; i < 40; ++i) lab.purge(); // pools of 6.9 give back a quarter each time
        EXPECT_EQ(lab.host.double_frees, 0);
        if (!rules.has_free_tree()) {
            EXPECT_EQ(lab.host.live.size(), 0U);
        }
        if (rules == linux_6_1_vmap_rules()) {
            EXPECT_LE(lab.host.live.size(), 2U) << "the one free range that is left, and one preloaded for this CPU";
        }
    }
}

TEST(VmapAllocator, MemoryBehindDescriptorsIsTouchedOnlyWhereSomebodyLooks) {
    struct Port final : MemoryPort {
        void access(VirtAddr at, bool is_write, Ledger& ledger) override {
            ++ledger.accesses;
            if (at >= testing::WatchfulHost::kObjects) (is_write ? writes : reads).push_back(at);
        }
        std::vector<VirtAddr> reads, writes;
    };
    Lab lab{linux_6_1_vmap_rules()};
    for (int i = 0; i < 3; ++i) lab.reserve(stack_request());
    Port port;
    Effects watched{nullptr, &port, nullptr, EventLevel::none, CpuId{0}, Cycles{}, KernelData{}};
    const AreaId second = lab.allocator.find(kVmallocStart + Bytes{kStride}, watched, lab.host);
    const VirtAddr object = lab.host.area_object_address(lab.allocator.object(second));
    EXPECT_EQ(port.reads, std::vector{object}) << "the second of three areas is the root: one line";
    static_cast<void>(lab.allocator.find(kVmallocStart, watched, lab.host));
    EXPECT_EQ(port.reads.size(), 3U) << "the first is one level further down";
    EXPECT_TRUE(port.writes.empty());
    lab.allocator.release_lazily(second, watched, lab.host);
    EXPECT_GE(port.writes.size(), 3U) << "the area and both neighbours in the list";
}

TEST(VmapAllocator, ObjectsOf96BytesMayTakeTwoLines) {
    struct Port final : MemoryPort {
        void access(VirtAddr at, bool, Ledger&) override {
            if (at >= testing::WatchfulHost::kObjects) lines.insert(align_down(at, kCacheLine));
        }
        std::set<VirtAddr> lines;
    };
    Lab lab{linux_4_9_vmap_rules()};
    lab.host.object_bytes = 96;
    lab.reserve(stack_request());
    lab.reserve(stack_request());
    lab.reserve(stack_request()); // objects 0, 1, 2: the second is the root
    Port port;
    Effects watched{nullptr, &port, nullptr, EventLevel::none, CpuId{0}, Cycles{}, KernelData{}};
    static_cast<void>(lab.allocator.find(kVmallocStart + Bytes{kStride}, watched, lab.host));
    EXPECT_EQ(port.lines.size(), 2U)
        << "object 1 begins 32 bytes before the end of a line; its tree links are behind it";
}

TEST(VmapAllocator, StepsAreCharged) {
    const PriceList prices;
    Lab lab{linux_6_1_vmap_rules()};
    for (int i = 0; i < 7; ++i) lab.reserve(stack_request());
    Effects fx{&prices, nullptr, nullptr, EventLevel::none, CpuId{0}, Cycles{}, KernelData{}};
    static_cast<void>(lab.allocator.find(kVmallocStart + Bytes{3 * kStride}, fx, lab.host));
    EXPECT_EQ(fx.ledger().count(Step::area_find), 1U);
    EXPECT_GE(fx.ledger().count(Step::area_find_level), 1U);
    EXPECT_LE(fx.ledger().count(Step::area_find_level), 4U) << "seven nodes";
    fx.ledger().reset();
    ASSERT_TRUE(lab.allocator.reserve(stack_request(), fx, lab.host));
    EXPECT_EQ(fx.ledger().count(Step::area_alloc_entry), 1U);
    EXPECT_EQ(fx.ledger().count(Step::area_split), 1U);
    EXPECT_EQ(fx.ledger().count(Step::area_insert), 2U) << "the area, and the 12 KiB in front of it";
    EXPECT_GE(fx.ledger().count(Step::area_augment_level), 2U);
}

TEST(VmapAllocator, AnOrdinaryVmallocBetweenStacksWalksOverAllOf4xsAreas) {
    const PriceList prices;
    const auto list_steps = [&](const VmapRules& rules, const AreaRequest& request) {
        Lab lab{rules};
        for (int i = 0; i < 10'000; ++i) {
            lab.reserve(stack_request());
            lab.reserve(vmalloc_request(Bytes{8 << 10}, Bytes{1}, kVmalloc)); // fills the 12 KiB behind it
        }
        for (int i = 0; i < 3; ++i) lab.reserve(stack_request());
        Effects fx{&prices, nullptr, nullptr, EventLevel::none, CpuId{0}, Cycles{}, KernelData{}};
        EXPECT_TRUE(lab.allocator.reserve(request, fx, lab.host));
        return fx.ledger().count(Step::area_list_step) + fx.ledger().count(Step::area_tree_level);
    };
    EXPECT_GE(list_steps(linux_4_9_vmap_rules(), plain_request(8 << 10)), 20'000U) << "O(N)";
    EXPECT_LE(list_steps(linux_4_9_vmap_rules(), stack_request()), 40U) << "from the cache";
    EXPECT_LE(list_steps(linux_6_1_vmap_rules(), plain_request(8 << 10)), 80U) << "O(log N)";
}

/// Holes at [3000, 6000) and, of 20 KiB at an aligned address, at [8000, d000); everything from 1c000 on is free.
Lab with_two_holes(const VmapRules& rules) {
    Lab lab{rules};
    lab.reserve(plain_request(0x2000));                     // [0, 3000)
    lab.reserve(plain_request(0x2000));                     // [3000, 6000)
    lab.reserve(plain_request(0x1000));                     // [6000, 8000)
    lab.reserve(plain_request(0x4000));                     // [8000, d000)
    EXPECT_EQ(lab.reserve(plain_request(0xe000)), 0xd000U); // [d000, 1c000)
    lab.release(0x3000);
    lab.purge();
    lab.release(0x8000);
    lab.purge();
    return lab;
}

TEST(VmapAllocator, TheSearchOf61LooksForSizeAndAlignmentTogether) {
    // 20 KiB would fit at 8000, but 20 KiB + 16 KiB - 1 do not. Worked by hand: the tree of free ranges has [3000,
    // 6000) on top, what is below the vmalloc area on its left, what is above 1c000 on its right, and below that the
    // second hole. The way up from the left enters the right side because of the large range; there the hole's maximum
    // is too small to look.
    EXPECT_EQ(with_two_holes(linux_4_9_vmap_rules()).reserve(stack_request()), 0x8000U) << "first fit";
    EXPECT_EQ(with_two_holes(linux_6_1_vmap_rules()).reserve(stack_request()), 0x1c000U);
    EXPECT_EQ(with_two_holes(linux_6_1_vmap_rules()).reserve(plain_request(0x4000)), 0x8000U) << "without alignment";
    const VirtRange window{kVmallocStart + Bytes{0x8000}, kVmallocStart + Bytes{0xd000}};
    EXPECT_EQ(with_two_holes(linux_6_1_vmap_rules()).reserve({Bytes{0x5000}, kStackAlign, window}), 0x8000U)
        << "in a window of just that size";
    VmapRules always = linux_6_1_vmap_rules();
    always.always_adjusts_length = true;
    EXPECT_EQ(with_two_holes(always).reserve({Bytes{0x5000}, Bytes{0x1000}, kVmalloc}), 0x1c000U) << "5.2 to 5.15";
}

TEST(VmapAllocator, AHoleOnTheWayUpIsTakenThoughItsSizeWouldNotBeLookedFor) {
    Lab lab{linux_6_1_vmap_rules()};
    lab.reserve(plain_request(0x3000)); // [0, 4000)
    lab.reserve(plain_request(0x4000)); // [4000, 9000)
    lab.reserve(plain_request(0x3000)); // [9000, d000)
    lab.release(0x4000);
    lab.purge(); // the hole is the root: the way up from what is below the vmalloc area passes it
    EXPECT_EQ(lab.reserve(stack_request()), 0x4000U);
}

TEST(VmapAllocator, AnAreaReleasedAtOnceIsFreeAtOnce) {
    for (const VmapRules& rules : all_rules()) {
        Lab lab{rules};
        for (int i = 0; i < 3; ++i) lab.reserve(stack_request());
        lab.allocator.release_at_once(lab.at(kStride), lab.fx, lab.host);
        EXPECT_EQ(lab.reserve(stack_request()), kStride);
        EXPECT_TRUE(lab.host.flushes.empty());
        EXPECT_EQ(lab.allocator.check_invariants(), "");
    }
}

TEST(VmapAllocator, AGivenRangeIsTakenIfAllOfItIsFree) {
    for (const VmapRules& rules : all_rules()) {
        Lab lab{rules};
        lab.reserve(stack_request());
        const auto range = [](std::uint64_t from, std::uint64_t to) {
            return VirtRange{kVmallocStart + Bytes{from}, kVmallocStart + Bytes{to}};
        };
        EXPECT_FALSE(lab.allocator.reserve_at(range(0x4000, 0x6000), lab.fx, lab.host));
        const auto area = lab.allocator.reserve_at(range(0x8000, 0x9000), lab.fx, lab.host);
        ASSERT_TRUE(area);
        EXPECT_EQ(lab.allocator.range(*area), range(0x8000, 0x9000));
        EXPECT_FALSE(lab.allocator.reserve_at(range(0x7000, 0x9000), lab.fx, lab.host));
        EXPECT_EQ(lab.host.double_frees, 0);
        EXPECT_EQ(lab.allocator.check_invariants(), "");
    }
}

TEST(VmapAllocator, EventsTellWhatHappened) {
    struct Sink final : EventSink {
        void on_event(const Event& event) override { events.push_back(event); }
        std::vector<Event> events;
    };
    Lab lab{linux_4_9_vmap_rules()};
    Sink sink;
    Effects fx{nullptr, nullptr, &sink, EventLevel::fine, CpuId{0}, Cycles{}, KernelData{}};
    const auto area = lab.allocator.reserve(stack_request(), fx, lab.host);
    lab.allocator.release_lazily(*area, fx, lab.host);
    lab.allocator.purge(PurgeReason::limit, fx, lab.host);
    ASSERT_EQ(sink.events.size(), 3U);
    EXPECT_EQ(std::get<AreaReserved>(sink.events[0].body).end, kVmallocStart.raw() + 0x5000);
    EXPECT_EQ(std::get<AreaFreedLazily>(sink.events[1].body).lazy_pages, 5U);
    EXPECT_EQ(std::get<AreasPurged>(sink.events[2].body).flushed_to, kVmallocStart.raw() + 0x5000);
    const VirtRange tiny{kVmallocStart, kVmallocStart + Bytes{0x1000}};
    EXPECT_FALSE(lab.allocator.reserve({Bytes{0x2000}, Bytes{1}, tiny}, fx, lab.host));
    EXPECT_EQ(std::get<AreaRefused>(sink.events.back().body).size, 0x2000U);
}

} // namespace
} // namespace ksl::core
