// SPDX-License-Identifier: MIT
//
// The per-node layer of 6.9 and later.
#include "core/vmalloc/vmap_allocator.h"
#include "tests/core/vmalloc/vmap_test_host.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

namespace ksl::core {
namespace {

using testing::kVmalloc;
using testing::kVmallocStart;
using testing::Lab;
using testing::plain_request;
using testing::stack_request;

Effects on_cpu(unsigned cpu) {
    return {nullptr,  nullptr,     nullptr, EventLevel::none, CpuId{static_cast<std::uint16_t>(cpu)},
            Cycles{}, KernelData{}};
}

TEST(VmapNodes, ThereIsOneForEachPossibleCpuUpTo128) {
    EXPECT_EQ(linux_6_9_vmap_rules(1).nodes, 1);
    EXPECT_EQ(linux_6_9_vmap_rules(16).nodes, 16);
    EXPECT_EQ(linux_6_9_vmap_rules(1000).nodes, 128);
    EXPECT_FALSE(linux_6_9_vmap_rules(1).has_nodes());
}

TEST(VmapNodes, AddressesGoRoundTheNodesIn64KiBZones) {
    const VmapNodes nodes{4};
    for (std::uint64_t zone = 0; zone < 9; ++zone) {
        EXPECT_EQ(nodes.node_of(kVmallocStart + Bytes{zone * 0x10000 + 0xffff}),
                  (kVmallocStart.raw() / 0x10000 + zone) % 4);
    }
}

TEST(VmapNodes, APurgedStackServesTheNextStackOfItsCpuWithoutTheGlobalTree) {
    Lab lab{linux_6_9_vmap_rules(2)};
    lab.fx = on_cpu(0);
    const std::uint64_t first = lab.reserve(stack_request());
    lab.reserve(stack_request());
    lab.release(first);
    lab.purge();
    EXPECT_EQ(lab.allocator.snapshot().pooled.size(), 1U);
    lab.fx = on_cpu(1);
    EXPECT_NE(lab.reserve(stack_request()), first) << "the other CPU's pools are empty";
    lab.fx = on_cpu(0);
    EXPECT_EQ(lab.reserve(stack_request()), first);
    EXPECT_TRUE(lab.allocator.snapshot().pooled.empty());
    EXPECT_EQ(lab.allocator.check_invariants(), "");
}

TEST(VmapNodes, APoolIsALastInFirstOutList) {
    Lab lab{linux_6_9_vmap_rules(2)};
    std::vector<std::uint64_t> stacks;
    for (int i = 0; i < 3; ++i) stacks.push_back(lab.reserve(stack_request()));
    for (const std::uint64_t stack : stacks) lab.release(stack);
    lab.purge(); // by ascending address, each put at the head
    EXPECT_EQ(lab.reserve(stack_request()), stacks[2]);
    EXPECT_EQ(lab.reserve(stack_request()), stacks[1]);
    EXPECT_EQ(lab.reserve(stack_request()), stacks[0]);
}

TEST(VmapNodes, AMisalignedHeadGoesToTheEndAndTheRequestToTheGlobalTree) {
    Lab lab{linux_6_9_vmap_rules(2)};
    const std::uint64_t odd = lab.reserve(plain_request(0x1000));  // [0, 2000)
    const std::uint64_t five = lab.reserve(plain_request(0x4000)); // [2000, 7000): 5 pages, not 16 KiB aligned
    const std::uint64_t stack = lab.reserve(stack_request());      // [8000, d000)
    EXPECT_EQ(odd, 0U);
    EXPECT_EQ(five, 0x2000U);
    EXPECT_EQ(stack, 0x8000U);
    lab.release(stack);
    lab.purge();
    lab.release(five);
    lab.purge(); // decays nothing of a pool of one, then puts `five` at its head
    EXPECT_EQ(lab.allocator.snapshot().pooled.size(), 2U);
    EXPECT_EQ(lab.reserve(stack_request()), 0x10000U) << "from the global tree";
    EXPECT_EQ(lab.reserve(stack_request()), stack) << "now at the head";
    EXPECT_EQ(lab.allocator.check_invariants(), "");
}

TEST(VmapNodes, EachPurgeFirstGivesAQuarterOfEachPoolBack) {
    Lab lab{linux_6_9_vmap_rules(2)};
    std::vector<std::uint64_t> stacks;
    for (int i = 0; i < 16; ++i) stacks.push_back(lab.reserve(stack_request()));
    for (const std::uint64_t stack : stacks) lab.release(stack);
    lab.purge();
    EXPECT_EQ(lab.allocator.snapshot().pooled.size(), 16U);
    for (const std::size_t left : {12U, 9U, 7U, 6U, 5U, 4U, 3U, 3U}) {
        lab.purge();
        EXPECT_EQ(lab.allocator.snapshot().pooled.size(), left);
    }
    lab.allocator.purge(PurgeReason::exhausted, lab.fx, lab.host);
    EXPECT_TRUE(lab.allocator.snapshot().pooled.empty());
    EXPECT_EQ(lab.allocator.free_ranges(), 1U);
}

TEST(VmapNodes, AreasTooLargeForAPoolBecomeFreeAtThePurge) {
    Lab lab{linux_6_9_vmap_rules(2)};
    const std::uint64_t large = lab.reserve(plain_request(256 * kPageBytes)); // 257 pages with its guard
    const std::uint64_t fits = lab.reserve(plain_request(255 * kPageBytes));
    lab.release(large);
    lab.release(fits);
    lab.purge();
    EXPECT_EQ(lab.allocator.snapshot().pooled.size(), 1U);
    EXPECT_EQ(lab.reserve(plain_request(256 * kPageBytes)), large);
}

TEST(VmapNodes, OtherWindowsDoNotUseThePools) {
    Lab lab{linux_6_9_vmap_rules(2)};
    const VirtRange other{kVmallocStart, VirtAddr{kVmalloc.top.raw() - 0x100000}};
    const AreaRequest request{Bytes{0x5000}, Bytes{0x4000}, other};
    lab.release(lab.reserve(request));
    lab.purge();
    EXPECT_TRUE(lab.allocator.snapshot().pooled.empty()) << "nobody's areas become free";
}

TEST(VmapNodes, AnAddressInsideAnAreaIsFoundThoughItsZoneBelongsToAnotherNode) {
    Lab lab{linux_6_9_vmap_rules(4)};
    lab.reserve(plain_request(0x3f000)); // four zones
    EXPECT_EQ(lab.allocator.range(lab.at(0x3a123)).lowest, kVmallocStart);
    EXPECT_TRUE(lab.at(0x40000).is_none());
}

} // namespace
} // namespace ksl::core
