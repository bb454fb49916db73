// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/layout/value_lod.h"

#include <algorithm>
#include <bit>

namespace ksl::ui {

ValueLod::ValueLod(const FrameGrid& grid) : width_(grid.width()) {
    const auto levels = static_cast<unsigned>(std::bit_width(std::min(grid.width(), grid.height())));
    for (unsigned level = 0; level < levels; ++level) {
        levels_.emplace_back(std::size_t{grid.width() >> level} * std::size_t{grid.height() >> level});
    }
}

void ValueLod::refold_all(const FrameGrid& grid, std::span<const std::uint8_t> values) {
    for (std::uint32_t tile = 0; tile < grid.tiles(); ++tile) refold_tile(grid, values, tile);
}

void ValueLod::refold(const FrameGrid& grid, std::span<const std::uint8_t> values,
                      std::span<const std::uint32_t> tiles) {
    for (const std::uint32_t tile : tiles) refold_tile(grid, values, tile);
}

void ValueLod::refold_tile(const FrameGrid& grid, std::span<const std::uint8_t> values, std::uint32_t tile) {
    const CellRect cells = grid.cells_of_tile(tile);
    const std::size_t first = std::size_t{tile} * kTileFrames;
    for (std::uint32_t row = 0; row < cells.height; ++row) {
        const auto offsets = grid.offsets_in_tile(tile, row);
        std::uint8_t* const to = levels_[0].data() + (std::size_t{cells.y + row} * width_) + cells.x;
        for (std::size_t i = 0; i < offsets.size(); ++i) {
            const std::size_t pfn = first + offsets[i];
            to[i] = pfn < values.size() ? values[pfn] : std::uint8_t{0};
        }
    }
    for (unsigned level = 1; level < levels_.size(); ++level) {
        const std::size_t below_width = width_ >> (level - 1);
        const std::uint32_t right = (cells.x + cells.width - 1) >> level;
        const std::uint32_t bottom = (cells.y + cells.height - 1) >> level;
        for (std::uint32_t y = cells.y >> level; y <= bottom; ++y) {
            const std::uint8_t* const upper = levels_[level - 1].data() + (2 * std::size_t{y} * below_width);
            const std::uint8_t* const lower = upper + below_width;
            std::uint8_t* const to = levels_[level].data() + (std::size_t{y} * (width_ >> level));
            for (std::size_t x = cells.x >> level; x <= right; ++x) {
                const std::uint8_t above = std::max(upper[2 * x], upper[(2 * x) + 1]);
                to[x] = std::max({above, lower[2 * x], lower[(2 * x) + 1]});
            }
        }
    }
}

} // namespace ksl::ui
