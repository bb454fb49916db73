// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/test_name.h"
#include "ui/layout/hilbert.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <cstdlib>
#include <set>
#include <utility>

namespace ksl::ui {
namespace {

unsigned distance(CellPoint a, CellPoint b) {
    const auto along = [](std::uint32_t p, std::uint32_t q) { return p > q ? p - q : q - p; };
    return along(a.x, b.x) + along(a.y, b.y);
}

class EveryGridSize : public ::testing::TestWithParam<unsigned> {};

TEST_P(EveryGridSize, VisitsEveryCellOnceInStepsOfOne) {
    const unsigned bits = GetParam();
    std::set<std::pair<std::uint32_t, std::uint32_t>> seen;
    CellPoint last = hilbert_cell(bits, 0);
    for (std::uint64_t i = 0; i < (std::uint64_t{1} << bits); ++i) {
        const CellPoint at = hilbert_cell(bits, i);
        ASSERT_LT(at.x, hilbert_width(bits));
        ASSERT_LT(at.y, hilbert_height(bits));
        ASSERT_TRUE(seen.emplace(at.x, at.y).second);
        ASSERT_LE(distance(last, at), 1U) << "a jump before index " << i;
        ASSERT_EQ(hilbert_index(bits, at), i);
        last = at;
    }
}

TEST_P(EveryGridSize, EveryAlignedBlockOfEveryOrderIsOneRectangle) {
    const unsigned bits = GetParam();
    for (unsigned order = 0; order <= bits; ++order) {
        const std::uint64_t frames = std::uint64_t{1} << order;
        for (std::uint64_t first = 0; first < (std::uint64_t{1} << bits); first += frames) {
            const CellRect block = hilbert_block(bits, first, order);
            ASSERT_EQ(block.cells(), frames);
            ASSERT_EQ(block, hilbert_block(bits, first + frames - 1, order));
            const std::uint32_t longer = std::max(block.width, block.height);
            const std::uint32_t shorter = std::min(block.width, block.height);
            ASSERT_EQ(longer, order % 2 == 0 ? shorter : 2 * shorter) << "square or domino";
            // As many cells as frames, and every frame inside: the block fills the rectangle.
            for (std::uint64_t i = first; i < first + frames; ++i) ASSERT_TRUE(block.contains(hilbert_cell(bits, i)));
        }
    }
}

INSTANTIATE_TEST_SUITE_P(Bits, EveryGridSize, ::testing::Range(0U, 15U), [](const auto& test) {
    return ksl::testing::as_test_name("bits " + std::to_string(test.param));
});

RC_GTEST_PROP(Hilbert, IndexAndCellAreInversesOnTheLargestMachine, ()) {
    const auto index = *rc::gen::inRange<std::uint64_t>(0, std::uint64_t{1} << 28);
    RC_ASSERT(hilbert_index(28, hilbert_cell(28, index)) == index);
}

TEST(Hilbert, BuddiesShareAnEdge) {
    for (unsigned order = 0; order < 10; ++order) {
        for (std::uint64_t first = 0; first < (1U << 14); first += std::uint64_t{2} << order) {
            const CellRect a = hilbert_block(14, first, order);
            const CellRect b = hilbert_block(14, first + (std::uint64_t{1} << order), order);
            const CellRect both = hilbert_block(14, first, order + 1);
            EXPECT_EQ(a.cells() + b.cells(), both.cells());
        }
    }
}

} // namespace
} // namespace ksl::ui
