// SPDX-License-Identifier: GPL-3.0-or-later
//
// Draws the map of physical memory into pixels. The cells of the pyramid are eight-bit images with a palette of their
// own (map_paints.h); this is the nearest-neighbour blit that turns them into 32-bit pixels at any zoom, with patterns,
// block borders and ticks in the same pass.
//
// Why not OpenGL: without a GPU a software rasteriser needs some 250 times longer for the same picture, and a
// laboratory tool runs in class-rooms and virtual machines. The raster path is the product, not a fallback: it is
// within its share of a frame on two old cores, gives the same bytes everywhere, and tests and export use it as it is.
// Why not QPainter with Format_Indexed8: it first converts the whole source to 32 bits and then scales that; see
// tests/bench/ui_bench.cpp for both figures.
#pragma once

#include "ui/frame_map/map_paints.h"
#include "ui/layout/frame_lod.h"
#include "ui/layout/value_lod.h"

#include <cstddef>
#include <cstdint>

namespace ksl::ui {

/// Which part of the map is seen, in device pixels.
struct MapCamera {
    double x = 0;     ///< left edge of the picture, in cells (frames)
    double y = 0;     ///< top edge
    double scale = 1; ///< device pixels a cell

    [[nodiscard]] double to_pixel_x(double cell) const { return (cell - x) * scale; }
    [[nodiscard]] double to_pixel_y(double cell) const { return (cell - y) * scale; }
    [[nodiscard]] double to_cell_x(double pixel) const { return x + (pixel / scale); }
    [[nodiscard]] double to_cell_y(double pixel) const { return y + (pixel / scale); }
    friend bool operator==(const MapCamera&, const MapCamera&) = default;
};

struct PixelArea {
    int x = 0;
    int y = 0;
    int width = 0;
    int height = 0;
};

/// Somebody else's pixels.
struct PixelBuffer {
    Pixel* pixels = nullptr;
    std::ptrdiff_t stride = 0; ///< pixels from one row to the next
    int width = 0;
    int height = 0;
};

/// The level at which a cell is one to two device pixels, 0 where frames are larger than that.
[[nodiscard]] unsigned level_for(const FrameLod& lod, double scale);
/// Borders are drawn from here on: an order-2 block is then 6 pixels wide.
inline constexpr double kBorderScale = 3;

struct MapImage {
    const FrameLod& lod;
    const ValueLod* values; ///< only in modes age and owner, else null
    const MapPaints& paints;
    MapCamera camera;
};

/// Draws the pixels of `area` (clipped to the buffer).
void draw_frame_map(const MapImage& image, const PixelBuffer& buffer, PixelArea area);

} // namespace ksl::ui
