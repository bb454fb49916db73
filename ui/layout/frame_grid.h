// SPDX-License-Identifier: GPL-3.0-or-later
//
// Where each frame of physical memory is on the map, in either of two layouts.
//
//   hilbert   an aligned block of 2^k frames is a rectangle (hilbert.h): buddies look like halves of a tile
//   linear    a row is one pageblock (512 frames, 2 MiB) in order of address; large machines wrap into several columns
//   of rows,
//             so that both layouts of a machine have about the same shape
//
// Size:      the grid holds a power of two of frames; cells past the end of memory are holes.
// Tile:      4096 consecutive frames, the unit of change: 64 x 64 cells (hilbert) or eight rows (linear).
#pragma once

#include "core/types/address.h"
#include "core/types/ids.h"
#include "ui/layout/geometry.h"

#include <array>
#include <cstdint>
#include <span>
#include <vector>

namespace ksl::ui {

enum class MapLayout : std::uint8_t { hilbert, linear };

inline constexpr unsigned kTileBits = 12;
inline constexpr std::uint32_t kTileFrames = 1U << kTileBits;
inline constexpr std::uint32_t kTileSide = 64;

class FrameGrid {
public:
    FrameGrid() : FrameGrid(core::Pages{kTileFrames}, MapLayout::hilbert) {}
    FrameGrid(core::Pages frames, MapLayout layout);

    [[nodiscard]] MapLayout layout() const { return layout_; }
    [[nodiscard]] core::Pages frames() const { return frames_; }
    [[nodiscard]] std::uint32_t width() const { return width_; }
    [[nodiscard]] std::uint32_t height() const { return height_; }
    [[nodiscard]] std::uint32_t tiles() const { return static_cast<std::uint32_t>(tiles_.size()); }

    [[nodiscard]] CellPoint cell_of(core::Pfn frame) const;
    /// Also for cells past the end of memory; compare with frames().
    [[nodiscard]] core::Pfn frame_at(CellPoint cell) const;
    /// The cells of the aligned block that holds `frame`. A linear block of order 10 is two rows, others are one
    /// rectangle.
    [[nodiscard]] CellRect block(core::Pfn frame, core::Order order) const;

    [[nodiscard]] static std::uint32_t tile_of(core::Pfn frame) {
        return static_cast<std::uint32_t>(frame.raw() >> kTileBits);
    }
    [[nodiscard]] CellRect cells_of_tile(std::uint32_t tile) const { return tiles_[tile].cells; }
    /// For row `row` of a tile: the offset from the tile's first frame of each of its cells, left to right.
    [[nodiscard]] std::span<const std::uint16_t> offsets_in_tile(std::uint32_t tile, std::uint32_t row) const;

    /// Where blocks meet, for each cell of a tile's row: has_left_edge() and has_top_edge() read it.
    [[nodiscard]] std::span<const std::uint32_t> edges_in_tile(std::uint32_t tile, std::uint32_t row) const;
    /// True if a block of this order that holds the cell begins at its left or top side.
    [[nodiscard]] static constexpr bool has_left_edge(std::uint32_t edges, unsigned order) {
        return (edges >> order & 1U) != 0;
    }
    [[nodiscard]] static constexpr bool has_top_edge(std::uint32_t edges, unsigned order) {
        return (edges >> (kTopEdges + order) & 1U) != 0;
    }
    /// The tile at a cell: tiles are all of one size.
    [[nodiscard]] std::uint32_t tile_at(CellPoint cell) const { return tile_of(frame_at(cell)); }

private:
    struct Tile {
        CellRect cells;
        std::uint8_t turn = 0; ///< which of kTurns offset tables applies
    };
    static constexpr std::size_t kTurns = 4;
    static constexpr unsigned kTopEdges = 16;

    void place_hilbert_tiles();
    void place_linear_tiles();
    void find_edges(std::size_t turn, std::uint32_t width);

    core::Pages frames_;
    MapLayout layout_;
    unsigned bits_;
    std::uint32_t width_ = 0;
    std::uint32_t height_ = 0;
    std::vector<Tile> tiles_;
    std::array<std::vector<std::uint16_t>, kTurns> offsets_; ///< row-major within a tile
    std::array<std::vector<std::uint32_t>, kTurns> edges_;   ///< likewise
};

} // namespace ksl::ui
