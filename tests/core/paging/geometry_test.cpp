// SPDX-License-Identifier: MIT
#include "core/paging/geometry.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace ksl::core {
namespace {

TEST(Geometry, CutsAnAddressIntoIndices) {
    const VirtAddr at{0xffff'8880'1234'5678};
    EXPECT_EQ(index_of(at, Level::pml5), 511U);
    EXPECT_EQ(index_of(at, Level::pml4), 273U);
    EXPECT_EQ(index_of(at, Level::pdpt), 0U);
    EXPECT_EQ(index_of(at, Level::pd), 145U);
    EXPECT_EQ(index_of(at, Level::pt), 325U);
    EXPECT_EQ(span_of(Level::pml4), Bytes{std::uint64_t{512} << 30U});
    EXPECT_EQ(span_of(Level::pml5), Bytes{std::uint64_t{256} << 40U});
}

TEST(Geometry, KnowsTheEdgesOfTheCanonicalHalves) {
    const Geometry four = Geometry::four_level();
    EXPECT_TRUE(four.is_canonical(VirtAddr{0x7fff'ffff'ffff}));
    EXPECT_FALSE(four.is_canonical(VirtAddr{0x8000'0000'0000}));
    EXPECT_FALSE(four.is_canonical(VirtAddr{0xffff'7fff'ffff'ffff}));
    EXPECT_TRUE(four.is_canonical(VirtAddr{0xffff'8000'0000'0000}));
    EXPECT_EQ(four.kernel_half(), VirtAddr{0xffff'8000'0000'0000});
    const Geometry five = Geometry::five_level();
    EXPECT_TRUE(five.is_canonical(VirtAddr{0xff'ffff'ffff'ffff}));
    EXPECT_FALSE(five.is_canonical(VirtAddr{0x100'0000'0000'0000}));
    EXPECT_FALSE(five.is_canonical(VirtAddr{0xfeff'ffff'ffff'ffff}));
    EXPECT_TRUE(five.is_canonical(VirtAddr{0xff00'0000'0000'0000}));
    EXPECT_EQ(five.kernel_half(), VirtAddr{0xff00'0000'0000'0000});
    EXPECT_EQ(four.levels(), 4U);
    EXPECT_EQ(five.address_bits(), 57U);
}

RC_GTEST_PROP(Geometry, IndicesAndOffsetMakeTheAddressAgain, (std::uint64_t raw, bool is_five)) {
    const Geometry geometry = is_five ? Geometry::five_level() : Geometry::four_level();
    const VirtAddr at = geometry.canonical(VirtAddr{raw});
    std::uint64_t rebuilt = at.raw() & 0xfff;
    for (Level level = geometry.top();; level = below(level)) {
        rebuilt |= std::uint64_t{index_of(at, level)} << shift_of(level);
        if (level == Level::pt) break;
    }
    RC_ASSERT(geometry.canonical(VirtAddr{rebuilt}) == at);
}

} // namespace
} // namespace ksl::core
