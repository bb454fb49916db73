// SPDX-License-Identifier: GPL-3.0-or-later
//
// The Hilbert curve on a grid of 2^bits cells. Why it carries the map of physical memory: every aligned block of 2^k
// frames is one rectangle, a square where k is even and a 2:1 domino where k is odd, so that buddies are halves of one
// tile and a split or merge is visible as geometry.
//
//     order 0  1x1     order 1  2x1     order 2  2x2 (one 16 KiB stack)     order 9  32x16     order 10  32x32
//
// Grid:    bits even: 2^(bits/2) squared. bits odd: two squares side by side; the first one ends where the second
// begins. Cost:    bits/2 steps through a table of four orientations. Source:  Hilbert's construction of 1891; the
// orientation tables are derived here, see kCell.
#pragma once

#include "ui/layout/geometry.h"

#include <array>
#include <cstdint>

namespace ksl::ui {

/// How a square is traversed. The curve starts in the corner of quadrant 0 and ends in the corner of quadrant 3.
enum class HilbertTurn : std::uint8_t {
    plain,      ///< from top left to top right, down first
    transposed, ///< from top left to bottom left, right first
    rotated,    ///< from bottom right to bottom left, up first
    flipped,    ///< from bottom right to top right, left first
};

namespace hilbert_detail {

struct Quadrant {
    std::uint8_t x;
    std::uint8_t y;
    HilbertTurn turn; ///< of the sub-square
};
using enum HilbertTurn;

/// kCell[turn][i]: the i-th quadrant visited. The first and last quadrant are turned so that the curve leaves each one
/// next to the one that follows.
inline constexpr std::array<std::array<Quadrant, 4>, 4> kCell{{
    {{{0, 0, transposed}, {0, 1, plain}, {1, 1, plain}, {1, 0, flipped}}},
    {{{0, 0, plain}, {1, 0, transposed}, {1, 1, transposed}, {0, 1, rotated}}},
    {{{1, 1, flipped}, {1, 0, rotated}, {0, 0, rotated}, {0, 1, transposed}}},
    {{{1, 1, rotated}, {0, 1, flipped}, {0, 0, flipped}, {1, 0, plain}}},
}};

constexpr auto make_inverse() {
    std::array<std::array<std::uint8_t, 4>, 4> inverse{};
    for (std::size_t turn = 0; turn < 4; ++turn) {
        for (std::size_t i = 0; i < 4; ++i) {
            const Quadrant& q = kCell[turn][i];
            inverse[turn][static_cast<std::size_t>((q.y * 2) + q.x)] = static_cast<std::uint8_t>(i);
        }
    }
    return inverse;
}
/// kIndex[turn][2y + x]: when that quadrant is visited.
inline constexpr auto kIndex = make_inverse();

} // namespace hilbert_detail

/// A cell of a square of side 2^levels, and how a finer curve would run through it.
struct HilbertCell {
    CellPoint at;
    HilbertTurn turn = HilbertTurn::plain;
};

/// The `index`-th cell of the curve through a square of side 2^levels that is entered with `turn`.
[[nodiscard]] constexpr HilbertCell hilbert_cell_in_square(unsigned levels, std::uint64_t index,
                                                           HilbertTurn turn = HilbertTurn::plain) {
    HilbertCell cell{.at = {}, .turn = turn};
    for (unsigned level = levels; level-- > 0;) {
        const auto& quadrant = hilbert_detail::kCell[static_cast<std::size_t>(cell.turn)][(index >> (2 * level)) & 3];
        cell.at.x = (cell.at.x << 1) | quadrant.x;
        cell.at.y = (cell.at.y << 1) | quadrant.y;
        cell.turn = quadrant.turn;
    }
    return cell;
}

[[nodiscard]] constexpr std::uint64_t hilbert_index_in_square(unsigned levels, CellPoint at,
                                                              HilbertTurn turn = HilbertTurn::plain) {
    std::uint64_t index = 0;
    for (unsigned level = levels; level-- > 0;) {
        const unsigned quadrant = (((at.y >> level) & 1U) << 1) | ((at.x >> level) & 1U);
        const unsigned step = hilbert_detail::kIndex[static_cast<std::size_t>(turn)][quadrant];
        index = (index << 2) | step;
        turn = hilbert_detail::kCell[static_cast<std::size_t>(turn)][step].turn;
    }
    return index;
}

[[nodiscard]] constexpr std::uint32_t hilbert_height(unsigned bits) {
    return std::uint32_t{1} << (bits / 2);
}
[[nodiscard]] constexpr std::uint32_t hilbert_width(unsigned bits) {
    return std::uint32_t{1} << ((bits + 1) / 2);
}

/// Where the `index`-th of 2^bits frames is.
[[nodiscard]] constexpr CellPoint hilbert_cell(unsigned bits, std::uint64_t index) {
    const unsigned levels = bits / 2;
    const std::uint64_t square = index >> (2 * levels);
    CellPoint at = hilbert_cell_in_square(levels, index & ((std::uint64_t{1} << (2 * levels)) - 1)).at;
    at.x += static_cast<std::uint32_t>(square) << levels;
    return at;
}

[[nodiscard]] constexpr std::uint64_t hilbert_index(unsigned bits, CellPoint at) {
    const unsigned levels = bits / 2;
    const std::uint32_t square = at.x >> levels;
    at.x &= (std::uint32_t{1} << levels) - 1;
    return (std::uint64_t{square} << (2 * levels)) | hilbert_index_in_square(levels, at);
}

/// The rectangle of the aligned block of 2^order frames that holds `index`.
[[nodiscard]] constexpr CellRect hilbert_block(unsigned bits, std::uint64_t index, unsigned order) {
    const std::uint32_t side = std::uint32_t{1} << (order / 2);
    const std::uint64_t first = (index >> order) << order;
    const CellPoint a = hilbert_cell(bits, first);
    CellRect block{.x = a.x & ~(side - 1), .y = a.y & ~(side - 1), .width = side, .height = side};
    if (order % 2 == 0) return block;
    // The second half follows the first one on the curve, so its square touches this one.
    const CellPoint b = hilbert_cell(bits, first + (std::uint64_t{1} << (order - 1)));
    const CellPoint other{.x = b.x & ~(side - 1), .y = b.y & ~(side - 1)};
    if (other.x != block.x) block.width = 2 * side;
    if (other.y != block.y) block.height = 2 * side;
    block.x = std::min(block.x, other.x);
    block.y = std::min(block.y, other.y);
    return block;
}

static_assert(hilbert_index(22, hilbert_cell(22, 0x2af3c1)) == 0x2af3c1);
static_assert(hilbert_block(22, 0, 9).cells() == 512);

} // namespace ksl::ui
