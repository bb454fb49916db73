// SPDX-License-Identifier: GPL-3.0-or-later
//
// Points, rectangles and spans of the layout functions: plain numbers, so that geometry is tested without a toolkit.
//
// Units:   Rect and Span count device-independent pixels, y grows downwards; CellRect counts cells of a grid.
#pragma once

#include <algorithm>
#include <cstdint>

namespace ksl::ui {

struct Span {
    double from = 0;
    double to = 0;

    [[nodiscard]] constexpr double length() const { return to - from; }
    [[nodiscard]] constexpr double middle() const { return from + ((to - from) / 2); }
    [[nodiscard]] constexpr bool contains(double at) const { return from <= at && at < to; }
    friend constexpr bool operator==(const Span&, const Span&) = default;
};

struct Rect {
    double x = 0;
    double y = 0;
    double width = 0;
    double height = 0;

    [[nodiscard]] constexpr double right() const { return x + width; }
    [[nodiscard]] constexpr double bottom() const { return y + height; }
    [[nodiscard]] constexpr bool is_empty() const { return width <= 0 || height <= 0; }
    [[nodiscard]] constexpr bool contains(double px, double py) const {
        return x <= px && px < right() && y <= py && py < bottom();
    }
    [[nodiscard]] constexpr bool contains(const Rect& other) const {
        return x <= other.x && y <= other.y && other.right() <= right() && other.bottom() <= bottom();
    }
    [[nodiscard]] constexpr bool overlaps(const Rect& other) const {
        return x < other.right() && other.x < right() && y < other.bottom() && other.y < bottom();
    }
    friend constexpr bool operator==(const Rect&, const Rect&) = default;
};

struct CellPoint {
    std::uint32_t x = 0;
    std::uint32_t y = 0;
    friend constexpr bool operator==(CellPoint, CellPoint) = default;
};

/// Half open: columns [x, x + width), rows [y, y + height).
struct CellRect {
    std::uint32_t x = 0;
    std::uint32_t y = 0;
    std::uint32_t width = 0;
    std::uint32_t height = 0;

    [[nodiscard]] constexpr bool contains(CellPoint cell) const {
        return cell.x - x < width &&
               cell.y - y < height; // unsigned: a cell left of or above us wraps to a large number
    }
    [[nodiscard]] constexpr std::uint64_t cells() const { return std::uint64_t{width} * height; }
    friend constexpr bool operator==(const CellRect&, const CellRect&) = default;
};

} // namespace ksl::ui
