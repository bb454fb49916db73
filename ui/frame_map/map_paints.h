// SPDX-License-Identifier: GPL-3.0-or-later
//
// From what a cell of the map is to the pixels it gets: a table of 64 paints, each a small tile of finished pixels,
// pattern included. A new theme is a new table; nothing else of the map changes.
#pragma once

#include "ui/layout/frame_class.h"
#include "ui/layout/frame_lod.h"
#include "ui/theme/look.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace ksl::ui {

enum class MapMode : std::uint8_t {
    frame_class, ///< what the frame is used for
    free_order,  ///< the larger the free block, the farther from the canvas: darker on light, brighter on dark
    age,         ///< the newer, the farther from the canvas
    owner,       ///< the frames of up to six tasks, in the colours of series
    selection,   ///< everything but the selection recedes
};
inline constexpr std::size_t kMapModes = 5;

using Pixel = std::uint32_t; ///< 0xffRRGGBB, as in QImage::Format_RGB32

class MapPaints {
public:
    using Index = std::uint8_t;
    static constexpr std::size_t kPaints = 64;

    MapPaints() : MapPaints(Look{}, MapMode::frame_class, 1) {}
    /// `scale`: whole device pixels a logical one.
    MapPaints(const Look& look, MapMode mode, int scale);

    [[nodiscard]] MapMode mode() const { return mode_; }
    [[nodiscard]] bool has_patterns() const { return has_patterns_; }
    /// Paint 0 is a hole and has a hatch whether or not patterns are on.
    [[nodiscard]] bool has_hatched_holes() const { return shows_classes(); }

    /// Paint of a frame, of a cell of several frames, and of a value (modes age and owner).
    [[nodiscard]] Index of_frame(FrameByte frame) const { return of_frame_[frame]; }
    [[nodiscard]] Index of_cell(LodCell cell) const;
    [[nodiscard]] Index of_value(std::uint8_t value) const { return of_value_[value]; }

    /// One colour a paint, without patterns.
    [[nodiscard]] const std::array<Pixel, kPaints>& flat() const { return flat_; }
    /// The pixels of all paints in row `y`: paint p's pixel in column x is at (p << column_bits()) + (x &
    /// column_mask()).
    [[nodiscard]] std::span<const Pixel> pattern_row(std::size_t y) const {
        const std::size_t side = column_mask_ + 1;
        return std::span(tiles_).subspan((y & column_mask_) * kPaints * side, kPaints * side);
    }
    [[nodiscard]] unsigned column_bits() const { return column_bits_; }
    [[nodiscard]] std::size_t column_mask() const { return column_mask_; }

    /// The line between blocks, seen on this frame's own fill.
    [[nodiscard]] Pixel border(FrameByte frame) const { return border_[frame & 0xf]; }
    [[nodiscard]] Pixel canvas() const { return canvas_; }
    [[nodiscard]] Pixel stack_tick() const { return stack_tick_; }
    [[nodiscard]] Pixel damage_tick() const { return damage_tick_; }

private:
    [[nodiscard]] bool shows_classes() const { return mode_ == MapMode::frame_class || mode_ == MapMode::selection; }
    void make_class_paints(const Look& look);
    void make_order_paints(const Look& look);
    void make_value_paints(const Look& look);
    void make_tiles(const Look& look, int scale);

    MapMode mode_;
    bool has_patterns_;
    unsigned column_bits_ = 3;
    std::size_t column_mask_ = 7;
    std::array<Pixel, kPaints> flat_{};
    std::array<Index, 256> of_frame_{};
    std::array<Index, 256> of_value_{};
    std::array<Pixel, 16> border_{};
    Pixel canvas_ = 0;
    Pixel stack_tick_ = 0;
    Pixel damage_tick_ = 0;
    std::vector<Pixel> tiles_;
};

/// Whether the mode colours by ValueLod instead of FrameLod.
[[nodiscard]] constexpr bool uses_values(MapMode mode) {
    return mode == MapMode::age || mode == MapMode::owner;
}

} // namespace ksl::ui
