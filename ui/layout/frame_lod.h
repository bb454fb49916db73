// SPDX-License-Identifier: GPL-3.0-or-later
//
// The map of physical memory at every zoom: a pyramid in which a cell of level n stands for 2^n x 2^n frames. Colours
// are never averaged (a mixture would not be in the legend): a cell keeps its most frequent class, the share of free
// frames, the largest free block, and whether something rare but important hides in it.
//
// Exactness: `dominant` is the true plurality of the cell's frames at every level, not a vote of votes; ties go to the
//            class of higher rank (frame_class.h). Level 0:   the frame bytes themselves, moved to where they are on
//            the map.
// Changes:   4096-frame tiles; refold() of one tile costs a few microseconds, DirtyTiles keeps a frame of the window
//            within its budget.
// Memory:    about 5.7 bytes a frame.
#pragma once

#include "ui/layout/frame_class.h"
#include "ui/layout/frame_grid.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace ksl::ui {

struct LodCell {
    static constexpr std::uint8_t kHasStack = 1;    ///< a kernel stack
    static constexpr std::uint8_t kHasDamage = 2;   ///< bytes that an overflow overwrote
    static constexpr std::uint8_t kHidesStack = 4;  ///< has a stack, but no child shows one: it needs a tick
    static constexpr std::uint8_t kHidesDamage = 8; ///< likewise
    static constexpr std::uint8_t kHasFrames = 16;  ///< not only holes

    FrameClass dominant = FrameClass::hole;
    std::uint8_t free_share = 0;       ///< 0..255
    std::uint8_t free_order_plus1 = 0; ///< of the largest free block that reaches into the cell; 0 = nothing free
    std::uint8_t flags = 0;

    [[nodiscard]] constexpr bool has(std::uint8_t flag) const { return (flags & flag) != 0; }
    friend constexpr bool operator==(LodCell, LodCell) = default;
};
static_assert(sizeof(LodCell) == 4);

class FrameLod {
public:
    /// Everything is a hole until the first refold.
    explicit FrameLod(const FrameGrid& grid = FrameGrid{});

    [[nodiscard]] const FrameGrid& grid() const { return grid_; }
    [[nodiscard]] unsigned levels() const { return static_cast<unsigned>(levels_.size()); }
    [[nodiscard]] std::uint32_t width(unsigned level) const { return grid_.width() >> level; }
    [[nodiscard]] std::uint32_t height(unsigned level) const { return grid_.height() >> level; }

    /// `frames` is indexed by pfn and has grid().frames() entries.
    void refold_all(std::span<const FrameByte> frames);
    void refold(std::span<const FrameByte> frames, std::span<const std::uint32_t> tiles);

    /// Level 0, one row of frame bytes.
    [[nodiscard]] std::span<const FrameByte> frame_row(std::uint32_t y) const {
        return std::span(bytes_).subspan(std::size_t{y} * grid_.width(), grid_.width());
    }
    /// Level 1 and up.
    [[nodiscard]] std::span<const LodCell> row(unsigned level, std::uint32_t y) const {
        return std::span(levels_[level]).subspan(std::size_t{y} * width(level), width(level));
    }
    /// Any level; level 0 is worked out from the frame's byte.
    [[nodiscard]] LodCell cell(unsigned level, CellPoint at) const;

    /// How many frames of each class the cell holds, by index_of(FrameClass).
    using Census = std::array<std::uint32_t, 12>; // nine classes; the rest keeps additions in whole vector registers
    [[nodiscard]] Census census(unsigned level, CellPoint at) const;
    /// Of the whole machine.
    [[nodiscard]] Census census() const;

private:
    static constexpr unsigned kCensusLevel = 3; ///< from here up the counts are stored: 8 x 8 frames

    void place_frames(std::span<const FrameByte> frames, std::uint32_t tile);
    void fold_tile(std::uint32_t tile);
    void fold_frames(const CellRect& cells);
    void fold_8x8(std::uint32_t x, std::uint32_t y);
    void fold_uniform_8x8(std::uint32_t x, std::uint32_t y, FrameByte frame);
    void fold_census(unsigned level, const CellRect& cells);

    [[nodiscard]] std::size_t index(unsigned level, std::uint32_t x, std::uint32_t y) const {
        return (std::size_t{y} * width(level)) + x;
    }

    FrameGrid grid_;
    std::vector<FrameByte> bytes_;              ///< level 0
    std::vector<std::vector<LodCell>> levels_;  ///< [0] stays empty
    std::vector<std::vector<Census>> censuses_; ///< [kCensusLevel] and up
};

/// Tiles that changed and were not folded yet. Newest first: what happens now is seen now, a backlog fills in later.
class DirtyTiles {
public:
    explicit DirtyTiles(std::uint32_t tiles = 0) : is_waiting_(tiles, false) {}

    void mark(std::uint32_t tile);
    void mark_all();
    [[nodiscard]] bool is_empty() const { return waiting_.empty(); }
    [[nodiscard]] std::size_t size() const { return waiting_.size(); }
    /// At most `most` tiles, the newest first; they no longer wait.
    [[nodiscard]] std::vector<std::uint32_t> take(std::size_t most);

private:
    std::vector<std::uint32_t> waiting_; ///< newest last
    std::vector<bool> is_waiting_;
};

} // namespace ksl::ui
