// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/layout/frame_grid.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <vector>

namespace ksl::ui {
namespace {

using namespace core::literals;
using core::Bytes;
using core::Order;
using core::Pages;
using core::Pfn;

Pages frames_of(Bytes memory) {
    return core::pages_for(memory);
}

TEST(FrameGrid, TheTeachingMachinesAreSquareInTheHilbertLayout) {
    for (const auto& [memory, side] : {std::pair{64_MiB, 128U}, std::pair{1_GiB, 512U}, std::pair{16_GiB, 2048U}}) {
        const FrameGrid grid{frames_of(memory), MapLayout::hilbert};
        EXPECT_EQ(grid.width(), side);
        EXPECT_EQ(grid.height(), side);
    }
}

TEST(FrameGrid, OddPowersOfTwoAreTwoSquaresSideBySide) {
    const FrameGrid grid{frames_of(2_GiB), MapLayout::hilbert};
    EXPECT_EQ(grid.width(), 1024U);
    EXPECT_EQ(grid.height(), 512U);
}

TEST(FrameGrid, ALinearRowIsOnePageblock) {
    const FrameGrid grid{frames_of(1_GiB), MapLayout::linear};
    EXPECT_EQ(grid.width(), 512U);
    EXPECT_EQ(grid.height(), 512U);
    EXPECT_EQ(grid.cell_of(Pfn{512 * 3 + 7}), (CellPoint{.x = 7, .y = 3}));
}

RC_GTEST_PROP(FrameGrid, FrameAndCellAreInverses, (bool hilbert)) {
    const Pages frames{*rc::gen::inRange<std::uint64_t>(1, 1U << 23)};
    const FrameGrid grid{frames, hilbert ? MapLayout::hilbert : MapLayout::linear};
    const Pfn frame{*rc::gen::inRange<std::uint64_t>(0, frames.count())};
    const CellPoint cell = grid.cell_of(frame);
    RC_ASSERT(cell.x < grid.width() && cell.y < grid.height());
    RC_ASSERT(grid.frame_at(cell) == frame);
}

RC_GTEST_PROP(FrameGrid, TilesSayTheSameAsCellOf, (bool hilbert)) {
    const Pages frames{*rc::gen::inRange<std::uint64_t>(1, 1U << 18)};
    const FrameGrid grid{frames, hilbert ? MapLayout::hilbert : MapLayout::linear};
    const auto tile = *rc::gen::inRange<std::uint32_t>(0, grid.tiles());
    const CellRect cells = grid.cells_of_tile(tile);
    for (std::uint32_t row = 0; row < cells.height; ++row) {
        const auto offsets = grid.offsets_in_tile(tile, row);
        for (std::uint32_t column = 0; column < cells.width; ++column) {
            const Pfn frame{(std::uint64_t{tile} << kTileBits) + offsets[column]};
            RC_ASSERT(grid.cell_of(frame) == (CellPoint{.x = cells.x + column, .y = cells.y + row}));
        }
    }
}

RC_GTEST_PROP(FrameGrid, ABlockIsTheCellsOfItsFrames, (bool hilbert)) {
    const FrameGrid grid{Pages{1U << 17}, hilbert ? MapLayout::hilbert : MapLayout::linear};
    const Order order{*rc::gen::inRange(0U, core::kOrders)};
    const Pfn inside{*rc::gen::inRange<std::uint64_t>(0, 1U << 17)};
    const CellRect block = grid.block(inside, order);
    RC_ASSERT(block.cells() == order.frames());
    const std::uint64_t first = inside.raw() & ~(order.frames() - 1);
    for (std::uint64_t i = 0; i < order.frames(); ++i) RC_ASSERT(block.contains(grid.cell_of(Pfn{first + i})));
}

RC_GTEST_PROP(FrameGrid, EdgesAreWhereTheBlockOfTheCellBegins, (bool hilbert)) {
    const FrameGrid grid{Pages{1U << 15}, hilbert ? MapLayout::hilbert : MapLayout::linear};
    const Order order{*rc::gen::inRange(0U, core::kOrders)};
    const Pfn frame{*rc::gen::inRange<std::uint64_t>(0, 1U << 15)};
    const CellPoint cell = grid.cell_of(frame);
    const CellRect block = grid.block(frame, order);
    const std::uint32_t tile = grid.tile_at(cell);
    const CellRect cells = grid.cells_of_tile(tile);
    const std::uint32_t edges = grid.edges_in_tile(tile, cell.y - cells.y)[cell.x - cells.x];
    RC_ASSERT(FrameGrid::has_left_edge(edges, order.raw()) == (cell.x == block.x));
    RC_ASSERT(FrameGrid::has_top_edge(edges, order.raw()) == (cell.y == block.y));
}

} // namespace
} // namespace ksl::ui
