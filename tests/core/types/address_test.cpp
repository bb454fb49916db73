// SPDX-License-Identifier: MIT
#include "core/types/address.h"
#include "core/types/time.h"

#include <gtest/gtest.h>

namespace ksl::core {
namespace {

TEST(Address, PointsDifferByAmounts) {
    const VirtAddr low{0xffffc90000000000};
    EXPECT_EQ(low + 32_KiB - low, Bytes{0x8000});
    EXPECT_EQ((low + Bytes{5}) - Bytes{5}, low);
}

TEST(Address, FramesAndBytesConvertByPageSize) {
    EXPECT_EQ(frame_of(PhysAddr{0x12345678}), Pfn{0x12345});
    EXPECT_EQ(address_of(Pfn{0x12345}), PhysAddr{0x12345000});
    EXPECT_EQ(pages_for(Bytes{4097}), Pages{2});
    EXPECT_EQ(pages_for(Bytes{0}), Pages{0});
}

TEST(Address, AlignmentRoundsToPowersOfTwo) {
    EXPECT_EQ(align_up(VirtAddr{0x5001}, 16_KiB), VirtAddr{0x8000});
    EXPECT_EQ(align_up(VirtAddr{0x8000}, 16_KiB), VirtAddr{0x8000});
    EXPECT_EQ(align_down(VirtAddr{0x8fff}, 4_KiB), VirtAddr{0x8000});
}

TEST(Range, IsHalfOpen) {
    const VirtRange range{VirtAddr{0x1000}, VirtAddr{0x2000}};
    EXPECT_TRUE(range.contains(VirtAddr{0x1000}));
    EXPECT_FALSE(range.contains(VirtAddr{0x2000}));
    EXPECT_FALSE(range.overlaps({VirtAddr{0x2000}, VirtAddr{0x3000}}));
    EXPECT_TRUE(range.overlaps({VirtAddr{0x1fff}, VirtAddr{0x3000}}));
}

TEST(Frequency, ConvertsCyclesBothWays) {
    EXPECT_EQ(Frequency{3000}.to_time(Cycles{4500}), Nanoseconds{1500});
    EXPECT_EQ(Frequency{2600}.to_cycles(Nanoseconds{1000}), Cycles{2600});
}

} // namespace
} // namespace ksl::core
