// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/frame_map/frame_raster.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <vector>

namespace ksl::ui {

namespace {

/// Pixels of one axis and the cells they show.
class Axis {
public:
    static constexpr std::uint32_t kOutside = std::numeric_limits<std::uint32_t>::max();

    /// `origin` in cells of the level, `cell` pixels a cell, `cells` on the map; pixels first .. first + count.
    Axis(double origin, double cell, std::uint32_t cells, int first, int count)
        : first_(first), cells_(static_cast<std::size_t>(count)) {
        for (int i = 0; i < count; ++i) {
            const double at = std::floor(origin + ((first + i + 0.5) / cell));
            const bool is_inside = at >= 0 && at < cells;
            cells_[static_cast<std::size_t>(i)] = is_inside ? static_cast<std::uint32_t>(at) : kOutside;
        }
        const auto is_inside = [](std::uint32_t c) { return c != kOutside; };
        const auto begin = std::ranges::find_if(cells_, is_inside);
        const auto end = std::find_if_not(begin, cells_.end(), is_inside);
        begin_ = static_cast<int>(begin - cells_.begin());
        end_ = static_cast<int>(end - cells_.begin());
    }

    [[nodiscard]] bool is_empty() const { return begin_ == end_; }
    /// Indices of pixels, counted from the first of the area, that show the map.
    [[nodiscard]] int begin() const { return begin_; }
    [[nodiscard]] int end() const { return end_; }
    [[nodiscard]] std::uint32_t cell(int i) const { return cells_[static_cast<std::size_t>(i)]; }
    [[nodiscard]] std::uint32_t first_cell() const { return cell(begin_); }
    [[nodiscard]] std::uint32_t last_cell() const { return cell(end_ - 1); }
    [[nodiscard]] int pixel(int i) const { return first_ + i; }
    /// True if this pixel is the first one of its cell, also where the area begins inside a cell.
    [[nodiscard]] bool starts_cell(int i, double origin, double cell_size) const {
        if (i > begin_) return cell(i) != cell(i - 1);
        return std::floor(origin + ((first_ + i - 0.5) / cell_size)) != cell(i);
    }

private:
    int first_;
    std::vector<std::uint32_t> cells_;
    int begin_ = 0;
    int end_ = 0;
};

class Raster {
public:
    Raster(const MapImage& image, const PixelBuffer& buffer, const PixelArea& area)
        : image_(image), buffer_(buffer), level_(level_for(image.lod, image.camera.scale)),
          cell_(std::ldexp(image.camera.scale, static_cast<int>(level_))),
          origin_x_(std::ldexp(image.camera.x, -static_cast<int>(level_))),
          origin_y_(std::ldexp(image.camera.y, -static_cast<int>(level_))), area_(area),
          columns_(origin_x_, cell_, image.lod.width(level_), area.x, area.width),
          rows_(origin_y_, cell_, image.lod.height(level_), area.y, area.height),
          has_borders_(level_ == 0 && image.camera.scale >= kBorderScale) {}

    void draw() {
        fill_outside();
        if (columns_.is_empty() || rows_.is_empty()) return;
        paints_.resize(columns_.last_cell() - columns_.first_cell() + 1);
        relative_.resize(static_cast<std::size_t>(columns_.end() - columns_.begin()));
        for (std::size_t i = 0; i < relative_.size(); ++i) {
            relative_[i] = columns_.cell(columns_.begin() + static_cast<int>(i)) - columns_.first_cell();
        }
        ends_.resize(paints_.size());
        for (std::size_t i = 0; i < relative_.size(); ++i) ends_[relative_[i]] = i + 1;
        // Patterns stay with the map when it is moved: they are anchored to it, not to the window.
        phase_x_ = phase(columns_.pixel(columns_.begin()), image_.camera.x);
        for (int i = rows_.begin(); i < rows_.end(); ++i) draw_row(i);
        if (level_ > 0 && !uses_values(image_.paints.mode()) && image_.paints.mode() != MapMode::free_order)
            draw_ticks();
    }

private:
    [[nodiscard]] Pixel* row(int i) const { return buffer_.pixels + (rows_.pixel(i) * buffer_.stride) + area_.x; }
    [[nodiscard]] std::size_t phase(int pixel, double origin) const {
        const auto shift = static_cast<std::int64_t>(std::llround(origin * image_.camera.scale));
        return static_cast<std::size_t>(pixel + shift) & image_.paints.column_mask();
    }

    void fill_outside() const {
        const bool has_map = !columns_.is_empty() && !rows_.is_empty();
        for (int i = 0; i < area_.height; ++i) {
            Pixel* const out = buffer_.pixels + ((area_.y + i) * buffer_.stride) + area_.x;
            const bool is_beside = !has_map || i < rows_.begin() || i >= rows_.end();
            std::fill_n(out, is_beside ? area_.width : columns_.begin(), image_.paints.canvas());
            if (!is_beside) std::fill(out + columns_.end(), out + area_.width, image_.paints.canvas());
        }
    }

    void draw_row(int i) {
        const bool is_first = i == rows_.begin() || rows_.cell(i) != rows_.cell(i - 1);
        if (is_first) {
            find_paints(rows_.cell(i));
        } else if (!needs_patterns_ && !was_border_) {
            // Same cells as the row above.
            std::memcpy(row(i) + columns_.begin(), row(i - 1) + columns_.begin(), relative_.size() * sizeof(Pixel));
            return;
        }
        expand(i);
        was_border_ = has_borders_ && is_first;
        if (has_borders_) draw_borders(i, rows_.starts_cell(i, origin_y_, cell_));
    }

    void find_paints(std::uint32_t y) {
        const MapPaints& paints = image_.paints;
        const std::size_t first = columns_.first_cell();
        const std::size_t count = paints_.size();
        if (uses_values(paints.mode())) {
            const auto values = image_.values->row(level_, y).subspan(first, count);
            for (std::size_t i = 0; i < count; ++i) paints_[i] = paints.of_value(values[i]);
        } else if (level_ == 0) {
            const auto frames = image_.lod.frame_row(y).subspan(first, count);
            for (std::size_t i = 0; i < count; ++i) paints_[i] = paints.of_frame(frames[i]);
        } else {
            const auto cells = image_.lod.row(level_, y).subspan(first, count);
            for (std::size_t i = 0; i < count; ++i) paints_[i] = paints.of_cell(cells[i]);
        }
        // A hole is nothing but its hatch, so it has it also where patterns are off.
        needs_patterns_ = paints.has_patterns() || (paints.has_hatched_holes() && has_holes());
    }

    [[nodiscard]] bool has_holes() const {
        return std::ranges::find(paints_, image_.paints.of_frame(frame_byte(FrameClass::hole, 0))) != paints_.end();
    }

    void expand(int i) const {
        Pixel* const out = row(i) + columns_.begin();
        const MapPaints& paints = image_.paints;
        if (!needs_patterns_) {
            const Pixel* const flat = paints.flat().data();
            for (std::size_t x = 0; x < relative_.size(); ++x) out[x] = flat[paints_[relative_[x]]];
            return;
        }
        const Pixel* const tiles = paints.pattern_row(phase(rows_.pixel(i), image_.camera.y)).data();
        const unsigned bits = paints.column_bits();
        const std::size_t mask = paints.column_mask();
        if (cell_ < 2) {
            for (std::size_t x = 0; x < relative_.size(); ++x) {
                const std::size_t paint = paints_[relative_[x]];
                out[x] = tiles[(paint << bits) + ((x + phase_x_) & mask)];
            }
            return;
        }
        // Wider cells: their paint is looked up once.
        std::size_t x = 0;
        for (std::size_t cell = 0; cell < paints_.size(); ++cell) {
            const Pixel* const tile = tiles + (std::size_t{paints_[cell]} << bits);
            for (const std::size_t end = ends_[cell]; x < end; ++x) out[x] = tile[(x + phase_x_) & mask];
        }
    }

    void draw_borders(int line, bool is_top) const {
        const FrameGrid& grid = image_.lod.grid();
        const std::uint32_t y = rows_.cell(line);
        const auto frames = image_.lod.frame_row(y);
        Pixel* const out = row(line);
        CellRect tile;
        std::span<const std::uint32_t> edges;
        bool starts = columns_.starts_cell(columns_.begin(), origin_x_, cell_);
        Pixel* at = out + columns_.begin();
        for (std::size_t i = 0; i < ends_.size(); ++i) {
            const std::uint32_t x = columns_.first_cell() + static_cast<std::uint32_t>(i);
            Pixel* const end = out + columns_.begin() + ends_[i];
            if (x - tile.x >= tile.width) {
                const std::uint32_t number = grid.tile_at({.x = x, .y = y});
                tile = grid.cells_of_tile(number);
                edges = grid.edges_in_tile(number, y - tile.y);
            }
            const unsigned order = order_of(frames[x]);
            const std::uint32_t edge = edges[x - tile.x];
            if (is_top && FrameGrid::has_top_edge(edge, order)) {
                std::fill(at, end, image_.paints.border(frames[x]));
            } else if (starts && FrameGrid::has_left_edge(edge, order)) {
                *at = image_.paints.border(frames[x]);
            }
            starts = true;
            at = end;
        }
    }

    /// A pixel for what no cell of the picture shows: where four cells hide a stack among them, the first of them that
    /// has one gets a pixel of its colour. Never more than one pixel in four cells, never lost.
    void draw_ticks() {
        if (level_ + 1 >= image_.lod.levels()) return;
        std::uint32_t last = Axis::kOutside;
        for (int i = rows_.begin(); i < rows_.end(); ++i) {
            const std::uint32_t coarse = rows_.cell(i) / 2;
            if (coarse == last) continue;
            last = coarse;
            const auto cells = image_.lod.row(level_ + 1, coarse);
            for (std::uint32_t x = columns_.first_cell() / 2; x <= columns_.last_cell() / 2; ++x) {
                if (cells[x].has(LodCell::kHidesStack)) draw_tick({.x = x, .y = coarse}, LodCell::kHasStack);
                if (cells[x].has(LodCell::kHidesDamage)) draw_tick({.x = x, .y = coarse}, LodCell::kHasDamage);
            }
        }
    }

    void draw_tick(CellPoint coarse, std::uint8_t flag) {
        for (const std::uint32_t child : {0U, 1U, 2U, 3U}) {
            const CellPoint at{.x = (2 * coarse.x) + (child % 2), .y = (2 * coarse.y) + (child / 2)};
            if (!image_.lod.cell(level_, at).has(flag)) continue;
            const int x = static_cast<int>(std::ceil(((at.x - origin_x_) * cell_) - 0.5));
            const int y = static_cast<int>(std::ceil(((at.y - origin_y_) * cell_) - 0.5));
            const bool is_inside =
                x >= area_.x && x < area_.x + area_.width && y >= area_.y && y < area_.y + area_.height;
            if (!is_inside) return;
            buffer_.pixels[(y * buffer_.stride) + x] =
                flag == LodCell::kHasStack ? image_.paints.stack_tick() : image_.paints.damage_tick();
            return;
        }
    }

    const MapImage& image_;
    const PixelBuffer& buffer_;
    unsigned level_;
    double cell_; ///< pixels a cell of this level
    double origin_x_;
    double origin_y_;
    PixelArea area_;
    Axis columns_;
    Axis rows_;
    bool has_borders_;
    bool was_border_ = false;
    bool needs_patterns_ = false;
    std::size_t phase_x_ = 0;
    std::vector<MapPaints::Index> paints_; ///< of the cells in the current row
    std::vector<std::uint32_t> relative_;  ///< of each pixel: which of paints_
    std::vector<std::size_t> ends_;        ///< of each cell: the pixel after its last
};

} // namespace

unsigned level_for(const FrameLod& lod, double scale) {
    unsigned level = 0;
    while (level + 1 < lod.levels() && std::ldexp(scale, static_cast<int>(level)) < 1) ++level;
    return level;
}

void draw_frame_map(const MapImage& image, const PixelBuffer& buffer, PixelArea area) {
    const int right = std::min(area.x + area.width, buffer.width);
    const int bottom = std::min(area.y + area.height, buffer.height);
    area.x = std::max(area.x, 0);
    area.y = std::max(area.y, 0);
    area.width = right - area.x;
    area.height = bottom - area.y;
    if (area.width <= 0 || area.height <= 0) return;
    Raster(image, buffer, area).draw();
}

} // namespace ksl::ui
