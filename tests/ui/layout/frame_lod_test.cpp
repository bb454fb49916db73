// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/types/random.h"
#include "ui/layout/frame_lod.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <cmath>
#include <ranges>

namespace ksl::ui {
namespace {

using core::Pages;
using core::Pfn;

/// Aligned blocks of random class and order; `share` of them are random, the rest form large plain areas.
std::vector<FrameByte> some_memory(std::uint64_t frames, std::uint64_t seed) {
    std::vector<FrameByte> memory(frames, frame_byte(FrameClass::movable, 0));
    core::Random random{seed};
    for (std::uint64_t pfn = 0; pfn < frames;) {
        auto order = static_cast<unsigned>(random.below(11));
        while (pfn % (1ULL << order) != 0 || pfn + (1ULL << order) > frames) --order;
        const auto kind = static_cast<FrameClass>(random.below(kFrameClasses));
        std::fill_n(memory.begin() + static_cast<std::ptrdiff_t>(pfn), 1ULL << order, frame_byte(kind, order));
        pfn += 1ULL << order;
    }
    return memory;
}

/// The definition of a cell, written down without any of the short cuts.
LodCell cell_by_definition(const FrameGrid& grid, const std::vector<FrameByte>& memory, unsigned level, CellPoint at) {
    std::array<std::uint32_t, kFrameClasses> counts{};
    unsigned largest = 0;
    std::uint8_t flags = 0;
    const std::uint32_t side = 1U << level;
    for (std::uint32_t y = 0; y < side; ++y) {
        for (std::uint32_t x = 0; x < side; ++x) {
            const Pfn pfn = grid.frame_at({.x = (at.x * side) + x, .y = (at.y * side) + y});
            const FrameByte byte = pfn.raw() < memory.size() ? memory[pfn.raw()] : frame_byte(FrameClass::hole, 0);
            const FrameClass kind = class_of(byte);
            ++counts[index_of(kind)];
            if (kind == FrameClass::free) largest = std::max(largest, order_of(byte) + 1);
            if (kind == FrameClass::kernel_stack) flags |= LodCell::kHasStack;
            if (kind == FrameClass::damage) flags |= LodCell::kHasDamage;
            if (kind != FrameClass::hole) flags |= LodCell::kHasFrames;
        }
    }
    std::size_t best = 0;
    for (std::size_t kind = 0; kind < kFrameClasses; ++kind) {
        if (counts[kind] >= counts[best]) best = kind;
    }
    const double share = 255.0 * counts[index_of(FrameClass::free)] / (side * side);
    return {.dominant = static_cast<FrameClass>(best),
            .free_share = static_cast<std::uint8_t>(std::floor(share + 0.5)),
            .free_order_plus1 = static_cast<std::uint8_t>(largest),
            .flags = flags};
}

void expect_as_defined(const FrameLod& lod, const std::vector<FrameByte>& memory) {
    constexpr std::uint8_t kHiding = LodCell::kHidesStack | LodCell::kHidesDamage;
    for (unsigned level = 0; level < lod.levels(); ++level) {
        for (std::uint32_t y = 0; y < lod.height(level); ++y) {
            for (std::uint32_t x = 0; x < lod.width(level); ++x) {
                LodCell cell = lod.cell(level, {.x = x, .y = y});
                cell.flags = static_cast<std::uint8_t>(cell.flags & ~kHiding);
                ASSERT_EQ(cell, cell_by_definition(lod.grid(), memory, level, {.x = x, .y = y}))
                    << "level " << level << " cell " << x << ',' << y;
            }
        }
    }
}

class BothLayouts : public testing::TestWithParam<MapLayout> {};
INSTANTIATE_TEST_SUITE_P(Layouts, BothLayouts, testing::Values(MapLayout::hilbert, MapLayout::linear),
                         [](const auto& test) {
                             return std::string{test.param == MapLayout::hilbert ? "hilbert" : "linear"};
                         });

TEST_P(BothLayouts, EveryCellOfEveryLevelIsAsDefined) {
    for (const std::uint64_t frames : {std::uint64_t{1} << 14, std::uint64_t{1} << 15, std::uint64_t{20'011}}) {
        const auto memory = some_memory(frames, frames);
        FrameLod lod{FrameGrid{Pages{frames}, GetParam()}};
        lod.refold_all(memory);
        expect_as_defined(lod, memory);
    }
}

TEST_P(BothLayouts, RefoldingChangedTilesGivesThePyramidOfTheNewMemory) {
    const std::uint64_t frames = 1U << 16;
    auto memory = some_memory(frames, 1);
    const auto changed = some_memory(frames, 2);
    FrameLod lod{FrameGrid{Pages{frames}, GetParam()}};
    lod.refold_all(memory);
    const std::vector<std::uint32_t> tiles{3, 7, 8, 15};
    for (const std::uint32_t tile : tiles) {
        const std::ptrdiff_t first = std::ptrdiff_t{tile} * kTileFrames;
        std::copy_n(changed.begin() + first, kTileFrames, memory.begin() + first);
    }
    lod.refold(memory, tiles);
    expect_as_defined(lod, memory);
}

TEST_P(BothLayouts, ALoneStackIsFoundFromTheTopOfThePyramid) {
    std::vector<FrameByte> memory(1U << 16, frame_byte(FrameClass::movable, 0));
    memory[40'000] = frame_byte(FrameClass::kernel_stack, 0);
    const FrameGrid grid{Pages{memory.size()}, GetParam()};
    FrameLod lod{grid};
    lod.refold_all(memory);
    CellPoint at = grid.cell_of(Pfn{40'000});
    for (unsigned level = 1; level < lod.levels(); ++level) {
        at = {.x = at.x / 2, .y = at.y / 2};
        const LodCell cell = lod.cell(level, at);
        EXPECT_TRUE(cell.has(LodCell::kHasStack));
        EXPECT_EQ(cell.dominant, FrameClass::movable);
        EXPECT_EQ(cell.has(LodCell::kHidesStack), level > 1) << "on level 0 the frame shows itself";
    }
}

TEST(FrameLod, TheCensusOfAMachineCountsEveryFrameOnce) {
    const auto memory = some_memory(1U << 15, 9);
    FrameLod lod{FrameGrid{Pages{memory.size()}, MapLayout::hilbert}};
    lod.refold_all(memory);
    const auto census = lod.census();
    for (const FrameClass kind : kAllFrameClasses) {
        const auto expected = std::ranges::count_if(memory, [&](FrameByte b) { return class_of(b) == kind; });
        EXPECT_EQ(census[index_of(kind)], static_cast<std::uint32_t>(expected));
    }
}

TEST(FrameLod, SixteenGibibytesHaveTwelveLevels) {
    const FrameLod lod{FrameGrid{Pages{1U << 22}, MapLayout::hilbert}};
    EXPECT_EQ(lod.levels(), 12U);
    EXPECT_EQ(lod.width(11), 1U);
}

RC_GTEST_PROP(DirtyTiles, TakesEveryMarkedTileOnceAndTheNewestFirst, ()) {
    const auto marks = *rc::gen::container<std::vector<std::uint32_t>>(rc::gen::inRange(0U, 50U));
    DirtyTiles dirty{50};
    for (const std::uint32_t tile : marks) dirty.mark(tile);
    std::vector<std::uint32_t> expected;
    for (const std::uint32_t tile : marks | std::views::reverse) {
        if (std::ranges::find(expected, tile) == expected.end()) expected.push_back(tile);
    }
    std::vector<std::uint32_t> taken;
    while (!dirty.is_empty()) {
        for (const std::uint32_t tile : dirty.take(7)) taken.push_back(tile);
    }
    RC_ASSERT(taken == expected);
}

} // namespace
} // namespace ksl::ui
