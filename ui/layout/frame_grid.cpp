// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/layout/frame_grid.h"

#include "ui/layout/hilbert.h"

#include <algorithm>
#include <bit>

namespace ksl::ui {

using core::Pfn;

namespace {

constexpr std::uint32_t kRowFrames = static_cast<std::uint32_t>(core::kPageblockFrames);
constexpr std::uint32_t kTileRows = kTileFrames / kRowFrames;

unsigned bits_for(core::Pages frames) {
    return static_cast<unsigned>(std::bit_width(std::max<std::uint64_t>(frames.count(), kTileFrames) - 1));
}

} // namespace

FrameGrid::FrameGrid(core::Pages frames, MapLayout layout) : frames_(frames), layout_(layout), bits_(bits_for(frames)) {
    tiles_.resize(std::size_t{1} << (bits_ - kTileBits));
    if (layout == MapLayout::hilbert) {
        place_hilbert_tiles();
    } else {
        place_linear_tiles();
    }
}

void FrameGrid::place_hilbert_tiles() {
    constexpr unsigned kTileLevels = kTileBits / 2;
    width_ = hilbert_width(bits_);
    height_ = hilbert_height(bits_);
    const unsigned levels = (bits_ / 2) - kTileLevels;
    const std::uint64_t tiles_a_square = std::uint64_t{1} << (2 * levels);
    for (std::uint64_t tile = 0; tile < tiles_.size(); ++tile) {
        const HilbertCell cell = hilbert_cell_in_square(levels, tile % tiles_a_square);
        const auto square = static_cast<std::uint32_t>(tile / tiles_a_square);
        tiles_[tile] = {.cells = {.x = (cell.at.x + (square << levels)) * kTileSide,
                                  .y = cell.at.y * kTileSide,
                                  .width = kTileSide,
                                  .height = kTileSide},
                        .turn = static_cast<std::uint8_t>(cell.turn)};
    }
    for (std::size_t turn = 0; turn < kTurns; ++turn) {
        offsets_[turn].resize(kTileFrames);
        for (std::uint16_t i = 0; i < kTileFrames; ++i) {
            const CellPoint at = hilbert_cell_in_square(kTileLevels, i, static_cast<HilbertTurn>(turn)).at;
            offsets_[turn][(at.y * kTileSide) + at.x] = i;
        }
        find_edges(turn, kTileSide);
    }
}

void FrameGrid::place_linear_tiles() {
    width_ = std::max(kRowFrames, hilbert_width(bits_));
    height_ = (std::uint32_t{1} << (bits_ - 4)) / (width_ >> 4);
    const std::uint32_t tiles_a_column = height_ / kTileRows;
    for (std::uint32_t tile = 0; tile < tiles_.size(); ++tile) {
        tiles_[tile].cells = {.x = tile / tiles_a_column * kRowFrames,
                              .y = tile % tiles_a_column * kTileRows,
                              .width = kRowFrames,
                              .height = kTileRows};
    }
    offsets_[0].resize(kTileFrames);
    std::ranges::generate(offsets_[0], [next = std::uint16_t{0}]() mutable { return next++; });
    find_edges(0, kRowFrames);
}

void FrameGrid::find_edges(std::size_t turn, std::uint32_t width) {
    // A block is at most as large as a tile, so the sides of a tile are edges at every order.
    static_assert(core::kMaxOrder.frames() <= kTileFrames);
    const std::vector<std::uint16_t>& offsets = offsets_[turn];
    edges_[turn].resize(kTileFrames);
    for (std::uint32_t cell = 0; cell < kTileFrames; ++cell) {
        for (unsigned order = 0; order < core::kOrders; ++order) {
            const auto meets_other_block = [&](std::uint32_t neighbour) {
                return offsets[cell] >> order != offsets[neighbour] >> order;
            };
            const bool left = cell % width == 0 || meets_other_block(cell - 1);
            const bool top = cell < width || meets_other_block(cell - width);
            edges_[turn][cell] |= (left ? 1U << order : 0U) | (top ? 1U << (kTopEdges + order) : 0U);
        }
    }
}

CellPoint FrameGrid::cell_of(Pfn frame) const {
    if (layout_ == MapLayout::hilbert) return hilbert_cell(bits_, frame.raw());
    const auto row = static_cast<std::uint32_t>(frame.raw() / kRowFrames);
    const auto column = static_cast<std::uint32_t>(frame.raw() % kRowFrames);
    return {.x = (row / height_ * kRowFrames) + column, .y = row % height_};
}

Pfn FrameGrid::frame_at(CellPoint cell) const {
    if (layout_ == MapLayout::hilbert) return Pfn{hilbert_index(bits_, cell)};
    const std::uint64_t row = (std::uint64_t{cell.x / kRowFrames} * height_) + cell.y;
    return Pfn{(row * kRowFrames) + (cell.x % kRowFrames)};
}

CellRect FrameGrid::block(Pfn frame, core::Order order) const {
    if (layout_ == MapLayout::hilbert) return hilbert_block(bits_, frame.raw(), order.raw());
    const CellPoint first = cell_of(Pfn{frame.raw() & ~(order.frames() - 1)});
    const auto frames = static_cast<std::uint32_t>(order.frames());
    return {.x = first.x,
            .y = first.y,
            .width = std::min(frames, kRowFrames),
            .height = std::max(frames / kRowFrames, std::uint32_t{1})};
}

std::span<const std::uint16_t> FrameGrid::offsets_in_tile(std::uint32_t tile, std::uint32_t row) const {
    const Tile& t = tiles_[tile];
    return std::span(offsets_[t.turn]).subspan(std::size_t{row} * t.cells.width, t.cells.width);
}

std::span<const std::uint32_t> FrameGrid::edges_in_tile(std::uint32_t tile, std::uint32_t row) const {
    const Tile& t = tiles_[tile];
    return std::span(edges_[t.turn]).subspan(std::size_t{row} * t.cells.width, t.cells.width);
}

} // namespace ksl::ui
