// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/layout/address_lens.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

namespace ksl::ui {
namespace {

using core::Bytes;
using core::VirtAddr;

constexpr VirtAddr kKernelHalf{0xffff'8000'0000'0000};

struct RandomRuler {
    std::vector<LensSegment> segments;
    double width = 0;
    double beta = 0;
    LensScale scale = LensScale::logarithmic;

    [[nodiscard]] AddressLens lens(VirtAddr lowest = kKernelHalf) const {
        return {lowest, segments, width, beta, scale};
    }
};

/// At most 40 segments from one page to 2^41 bytes: together inside one kernel half.
RandomRuler some_ruler() {
    RandomRuler ruler;
    const auto count = *rc::gen::inRange(1, 40);
    for (int i = 0; i < count; ++i) {
        const auto shift = *rc::gen::inRange(0U, 29U);
        const std::uint64_t pages = *rc::gen::inRange<std::uint64_t>(1, 4096) << shift >> 11;
        ruler.segments.push_back({.size = Bytes{std::max<std::uint64_t>(pages, 1) * core::kPageBytes},
                                  .minimum = *rc::gen::element(3.0, 14.0),
                                  .focus = *rc::gen::inRange(0, 11) / 10.0});
    }
    ruler.width = *rc::gen::inRange(300, 4000);
    ruler.beta = *rc::gen::inRange(0, 41) / 10.0;
    ruler.scale = *rc::gen::element(LensScale::logarithmic, LensScale::linear);
    return ruler;
}

VirtAddr some_address(const AddressLens& lens) {
    return lens.range().lowest + Bytes{*rc::gen::inRange<std::uint64_t>(0, lens.range().size().count())};
}

RC_GTEST_PROP(AddressLens, IsMonotone, ()) {
    const AddressLens lens = some_ruler().lens();
    const VirtAddr a = some_address(lens);
    const VirtAddr b = some_address(lens);
    RC_ASSERT((a <= b) == (lens.to_pixel(a) <= lens.to_pixel(b)) || lens.to_pixel(a) == lens.to_pixel(b));
}

RC_GTEST_PROP(AddressLens, ComesBackToThePageItCameFrom, ()) {
    const AddressLens lens = some_ruler().lens();
    const VirtAddr page = core::align_down(some_address(lens), Bytes{core::kPageBytes});
    const VirtAddr middle = page + Bytes{core::kPageBytes / 2};
    RC_ASSERT(core::align_down(lens.to_address(lens.to_pixel(middle)), Bytes{core::kPageBytes}) == page);
}

RC_GTEST_PROP(AddressLens, NothingIsNarrowerThanItsMinimum, ()) {
    const RandomRuler ruler = some_ruler();
    const AddressLens lens = ruler.lens();
    double minimums = 0;
    for (const LensSegment& segment : ruler.segments) minimums += segment.minimum;
    RC_PRE(minimums <= ruler.width);
    for (std::size_t i = 0; i < ruler.segments.size(); ++i) {
        RC_ASSERT(lens.pixels_of_segment(i).length() >= ruler.segments[i].minimum - 1e-9);
    }
    RC_ASSERT(std::abs(lens.width() - ruler.width) < 1e-6);
}

TEST(AddressLens, FocusWidensASegmentAtTheCostOfTheOthers) {
    const std::vector<LensSegment> plain(5, LensSegment{.size = Bytes{1ULL << 30}});
    std::vector<LensSegment> focused = plain;
    focused[2].focus = 1;
    const AddressLens before{kKernelHalf, plain, 1000, 4};
    const AddressLens after{kKernelHalf, focused, 1000, 4};
    EXPECT_DOUBLE_EQ(before.pixels_of_segment(2).length(), 200);
    EXPECT_DOUBLE_EQ(after.pixels_of_segment(2).length(), 5 * after.pixels_of_segment(1).length());
}

// The layout of Documentation/x86/x86_64/mm.txt: the ruler must show a 4 KiB guard beside 64 TiB of direct map.
TEST(AddressLens, AGuardPageIsVisibleBesideTheDirectMap) {
    const std::vector<LensSegment> segments{{.size = Bytes{1ULL << 46}},
                                            {.size = Bytes{1ULL << 40}},
                                            {.size = Bytes{core::kPageBytes}, .minimum = 3},
                                            {.size = Bytes{1ULL << 45}}};
    const AddressLens lens{kKernelHalf, segments, 800, 0, LensScale::linear};
    EXPECT_GE(lens.pixels_of_segment(2).length(), 3);
    EXPECT_NEAR(lens.to_pixel(kKernelHalf + Bytes{1ULL << 45}), lens.pixels_of_segment(0).length() / 2, 1e-6);
}

TEST(AddressLens, BreaksNameThePowerOfTwoWhereTheScaleChanges) {
    const std::vector<LensSegment> segments{
        {.size = Bytes{1ULL << 46}}, {.size = Bytes{1ULL << 46}}, {.size = Bytes{1ULL << 40}}};
    const AddressLens lens{kKernelHalf, segments, 900};
    const auto breaks = lens.breaks();
    ASSERT_EQ(breaks.size(), 1U) << "equal neighbours have no break between them";
    EXPECT_EQ(breaks[0].segment, 2U);
    EXPECT_EQ(breaks[0].power, 40U);
    EXPECT_DOUBLE_EQ(breaks[0].at, lens.pixels_of_segment(2).from);
}

TEST(AddressLens, AddressesOutsideAreDrawnAtTheEnds) {
    const std::vector<LensSegment> segments{{.size = Bytes{4096}}};
    const AddressLens lens{kKernelHalf, segments, 100};
    EXPECT_EQ(lens.to_pixel(VirtAddr{0}), 0);
    EXPECT_EQ(lens.to_pixel(kKernelHalf + Bytes{5000}), 100);
    EXPECT_EQ(lens.to_address(-5), kKernelHalf);
    EXPECT_EQ(lens.to_address(200), kKernelHalf + Bytes{4096});
}

TEST(AddressLens, FiveLevelPagingFitsTheSamePromise) {
    const VirtAddr lowest{0xff00'0000'0000'0000};
    const std::vector<LensSegment> segments{
        {.size = Bytes{1ULL << 55}}, {.size = Bytes{1ULL << 53}}, {.size = Bytes{1ULL << 40}}};
    const AddressLens lens{lowest, segments, 1600};
    for (std::uint64_t page = 0; page < (1ULL << 43); page += (1ULL << 33) + 12345) {
        const VirtAddr middle = lowest + Bytes{(page << 12) + 2048};
        EXPECT_EQ(lens.to_address(lens.to_pixel(middle)).raw() >> 12, middle.raw() >> 12);
    }
}

} // namespace
} // namespace ksl::ui
