// SPDX-License-Identifier: GPL-3.0-or-later
//
// One more byte a frame, at every zoom: age, or which of a few tasks owns it. A cell shows the largest value inside, so
// that what is newest or singled out is never lost.
#pragma once

#include "ui/layout/frame_grid.h"

#include <cstdint>
#include <span>
#include <vector>

namespace ksl::ui {

class ValueLod {
public:
    explicit ValueLod(const FrameGrid& grid = FrameGrid{});

    /// `values` is indexed by pfn and has grid.frames() entries; `grid` is the one this was built for.
    void refold_all(const FrameGrid& grid, std::span<const std::uint8_t> values);
    void refold(const FrameGrid& grid, std::span<const std::uint8_t> values, std::span<const std::uint32_t> tiles);

    [[nodiscard]] std::span<const std::uint8_t> row(unsigned level, std::uint32_t y) const {
        return std::span(levels_[level]).subspan(std::size_t{y} * (width_ >> level), width_ >> level);
    }

private:
    void refold_tile(const FrameGrid& grid, std::span<const std::uint8_t> values, std::uint32_t tile);

    std::uint32_t width_;
    std::vector<std::vector<std::uint8_t>> levels_;
};

} // namespace ksl::ui
