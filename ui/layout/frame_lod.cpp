// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/layout/frame_lod.h"

#include "core/types/assert.h"

#include <algorithm>
#include <bit>
#include <cstring>

namespace ksl::ui {

namespace {

constexpr std::size_t kByteValues = 256;
constexpr std::uint64_t kEveryNibble = 0x1111111111111111U;
constexpr std::uint64_t kEvenNibbles = 0x0f0f0f0f0f0f0f0fU;

/// What one frame adds to the cells above it.
struct FrameFacts {
    std::uint64_t nibble = 0; ///< 1 in the nibble of its class
    std::uint8_t free_order_plus1 = 0;
    std::uint8_t flags = 0;
    LodCell cell; ///< of an area in which every frame is like this one
};

constexpr std::uint8_t flags_of(FrameClass kind) {
    switch (kind) {
    case FrameClass::hole: return 0;
    case FrameClass::kernel_stack: return LodCell::kHasFrames | LodCell::kHasStack;
    case FrameClass::damage: return LodCell::kHasFrames | LodCell::kHasDamage;
    default: return LodCell::kHasFrames;
    }
}

constexpr auto make_facts() {
    std::array<FrameFacts, kByteValues> facts{};
    for (std::size_t byte = 0; byte < kByteValues; ++byte) {
        const auto frame = static_cast<FrameByte>(byte);
        FrameFacts& fact = facts[byte];
        const bool is_free = class_of(frame) == FrameClass::free;
        fact.nibble = std::uint64_t{1} << (4 * (frame & 0xfU));
        fact.free_order_plus1 = is_free ? static_cast<std::uint8_t>(order_of(frame) + 1) : std::uint8_t{0};
        fact.flags = flags_of(class_of(frame));
        fact.cell = {.dominant = class_of(frame),
                     .free_share = is_free ? std::uint8_t{255} : std::uint8_t{0},
                     .free_order_plus1 = fact.free_order_plus1,
                     .flags = fact.flags};
    }
    return facts;
}
constexpr std::array<FrameFacts, kByteValues> kFacts = make_facts();

/// The most frequent of four frames from their nibble counters; the highest class wins a tie.
FrameClass dominant_of_four(std::uint64_t counts) {
    const std::uint64_t four = counts & (kEveryNibble << 2);
    const std::uint64_t three = counts & (counts >> 1) & kEveryNibble;
    const std::uint64_t two = counts & (kEveryNibble << 1);
    std::uint64_t best = counts;
    if (two != 0) best = two;
    if (three != 0) best = three;
    if (four != 0) best = four;
    return static_cast<FrameClass>((63 - std::countl_zero(best)) / 4);
}

std::uint8_t share_of(std::uint32_t part, std::uint64_t whole) {
    return static_cast<std::uint8_t>(((part * std::uint64_t{255}) + (whole / 2)) / whole);
}

template <std::size_t N>
FrameClass dominant_of(const std::array<std::uint32_t, N>& census) {
    // Count and rank in one number: the largest one is the plurality, ties decided by rank.
    std::uint64_t best = 0;
    for (std::size_t kind = 0; kind < kFrameClasses; ++kind) {
        best = std::max(best, (std::uint64_t{census[kind]} << 4) | kind);
    }
    return static_cast<FrameClass>(best & 0xf);
}

/// What four children say about their parent besides the census.
LodCell summary_of(const LodCell& a, const LodCell& b, const LodCell& c, const LodCell& d) {
    constexpr std::uint8_t kInherited = LodCell::kHasStack | LodCell::kHasDamage | LodCell::kHasFrames;
    LodCell parent;
    parent.free_order_plus1 =
        std::max(std::max(a.free_order_plus1, b.free_order_plus1), std::max(c.free_order_plus1, d.free_order_plus1));
    unsigned flags = (a.flags | b.flags | c.flags | d.flags) & kInherited;
    const auto shows = [&](FrameClass kind) {
        return a.dominant == kind || b.dominant == kind || c.dominant == kind || d.dominant == kind;
    };
    if ((flags & LodCell::kHasStack) != 0 && !shows(FrameClass::kernel_stack)) flags |= LodCell::kHidesStack;
    if ((flags & LodCell::kHasDamage) != 0 && !shows(FrameClass::damage)) flags |= LodCell::kHidesDamage;
    parent.flags = static_cast<std::uint8_t>(flags);
    return parent;
}

LodCell fold_four_frames(const FrameByte* upper, const FrameByte* lower, std::uint64_t& counts) {
    const FrameFacts& a = kFacts[upper[0]];
    const FrameFacts& b = kFacts[upper[1]];
    const FrameFacts& c = kFacts[lower[0]];
    const FrameFacts& d = kFacts[lower[1]];
    counts = a.nibble + b.nibble + c.nibble + d.nibble;
    const auto free_frames = static_cast<std::uint32_t>((counts >> (4 * index_of(FrameClass::free))) & 0xf);
    return {.dominant = dominant_of_four(counts),
            .free_share = share_of(free_frames, 4),
            .free_order_plus1 = std::max(std::max(a.free_order_plus1, b.free_order_plus1),
                                         std::max(c.free_order_plus1, d.free_order_plus1)),
            .flags = static_cast<std::uint8_t>(a.flags | b.flags | c.flags | d.flags)};
}

/// Counts of 16 frames, one byte a class: even classes in `even`, odd ones in `odd`.
struct ByteCounts {
    std::uint64_t even = 0;
    std::uint64_t odd = 0;

    void add_nibbles(std::uint64_t counts) {
        even += counts & kEvenNibbles;
        odd += (counts >> 4) & kEvenNibbles;
    }
    [[nodiscard]] std::uint32_t of(std::size_t kind) const {
        return static_cast<std::uint32_t>(((kind % 2 == 0 ? even : odd) >> (8 * (kind / 2))) & 0xff);
    }
    void add_to(FrameLod::Census& census) const {
        for (std::size_t kind = 0; kind < kFrameClasses; ++kind) census[kind] += of(kind);
    }
    [[nodiscard]] FrameClass dominant() const {
        std::uint32_t best = 0;
        for (std::uint32_t kind = 0; kind < kFrameClasses; ++kind) best = std::max(best, (of(kind) << 4) | kind);
        return static_cast<FrameClass>(best & 0xf);
    }
};

} // namespace

FrameLod::FrameLod(const FrameGrid& grid)
    : grid_(grid), bytes_(std::size_t{grid.width()} * grid.height(), frame_byte(FrameClass::hole, 0)) {
    const auto levels = static_cast<unsigned>(std::bit_width(std::min(grid.width(), grid.height())));
    levels_.resize(levels);
    censuses_.resize(levels);
    for (unsigned level = 1; level < levels; ++level) {
        const std::size_t cells = std::size_t{width(level)} * height(level);
        levels_[level].resize(cells);
        if (level < kCensusLevel) continue;
        Census holes{};
        holes[index_of(FrameClass::hole)] = 1U << (2 * level);
        censuses_[level].assign(cells, holes);
    }
}

void FrameLod::refold_all(std::span<const FrameByte> frames) {
    for (std::uint32_t tile = 0; tile < grid_.tiles(); ++tile) {
        place_frames(frames, tile);
        const CellRect cells = grid_.cells_of_tile(tile);
        for (std::uint32_t y = cells.y; y < cells.y + cells.height; y += 8) {
            for (std::uint32_t x = cells.x; x < cells.x + cells.width; x += 8) fold_8x8(x, y);
        }
    }
    for (unsigned level = kCensusLevel + 1; level < levels(); ++level) {
        fold_census(level, {.x = 0, .y = 0, .width = width(level), .height = height(level)});
    }
}

void FrameLod::refold(std::span<const FrameByte> frames, std::span<const std::uint32_t> tiles) {
    for (const std::uint32_t tile : tiles) {
        place_frames(frames, tile);
        fold_tile(tile);
    }
}

void FrameLod::place_frames(std::span<const FrameByte> frames, std::uint32_t tile) {
    KSL_ASSERT(frames.size() == grid_.frames().count(), "one byte a frame");
    const std::size_t first = std::size_t{tile} * kTileFrames;
    const std::size_t present = first < frames.size() ? std::min<std::size_t>(kTileFrames, frames.size() - first) : 0;
    const CellRect cells = grid_.cells_of_tile(tile);
    for (std::uint32_t row = 0; row < cells.height; ++row) {
        const auto offsets = grid_.offsets_in_tile(tile, row);
        FrameByte* const to = bytes_.data() + index(0, cells.x, cells.y + row);
        if (present == kTileFrames) [[likely]] {
            const FrameByte* const from = frames.data() + first;
            for (std::size_t i = 0; i < offsets.size(); ++i) to[i] = from[offsets[i]];
        } else {
            for (std::size_t i = 0; i < offsets.size(); ++i) {
                to[i] = offsets[i] < present ? frames[first + offsets[i]] : frame_byte(FrameClass::hole, 0);
            }
        }
    }
}

void FrameLod::fold_tile(std::uint32_t tile) {
    CellRect cells = grid_.cells_of_tile(tile);
    for (std::uint32_t y = cells.y; y < cells.y + cells.height; y += 8) {
        for (std::uint32_t x = cells.x; x < cells.x + cells.width; x += 8) fold_8x8(x, y);
    }
    for (unsigned level = kCensusLevel + 1; level < levels(); ++level) {
        const std::uint32_t right = (cells.x + cells.width - 1) >> level;
        const std::uint32_t bottom = (cells.y + cells.height - 1) >> level;
        fold_census(level, {.x = cells.x >> level,
                            .y = cells.y >> level,
                            .width = right - (cells.x >> level) + 1,
                            .height = bottom - (cells.y >> level) + 1});
    }
}

void FrameLod::fold_uniform_8x8(std::uint32_t x, std::uint32_t y, FrameByte frame) {
    const LodCell cell = kFacts[frame].cell;
    for (unsigned level = 1; level <= kCensusLevel; ++level) {
        const std::uint32_t side = 8U >> level;
        for (std::uint32_t row = 0; row < side; ++row) {
            std::fill_n(levels_[level].data() + index(level, x >> level, (y >> level) + row), side, cell);
        }
    }
    Census& census = censuses_[kCensusLevel][index(kCensusLevel, x / 8, y / 8)];
    census = {};
    census[frame & 0xf] = 64;
}

void FrameLod::fold_8x8(std::uint32_t x, std::uint32_t y) {
    const FrameByte* const frames = bytes_.data() + index(0, x, y);
    const std::size_t stride = grid_.width();

    // Large areas of one block are common and need no counting.
    std::uint64_t first_row = 0;
    std::memcpy(&first_row, frames, sizeof first_row);
    std::uint64_t differences = first_row ^ (frames[0] * 0x0101010101010101U);
    for (std::size_t row = 1; row < 8; ++row) {
        std::uint64_t next = 0;
        std::memcpy(&next, frames + (row * stride), sizeof next);
        differences |= next ^ first_row;
    }
    if (differences == 0) {
        fold_uniform_8x8(x, y, frames[0]);
        return;
    }

    Census census{};
    std::array<LodCell, 4> quarters;
    for (std::uint32_t quarter = 0; quarter < 4; ++quarter) {
        const std::uint32_t qx = (quarter % 2) * 4;
        const std::uint32_t qy = (quarter / 2) * 4;
        ByteCounts counts;
        std::array<LodCell, 4> small;
        for (std::uint32_t i = 0; i < 4; ++i) {
            const std::uint32_t sx = qx + ((i % 2) * 2);
            const std::uint32_t sy = qy + ((i / 2) * 2);
            const FrameByte* const upper = frames + (sy * stride) + sx;
            std::uint64_t nibbles = 0;
            small[i] = fold_four_frames(upper, upper + stride, nibbles);
            levels_[1][index(1, (x + sx) / 2, (y + sy) / 2)] = small[i];
            counts.add_nibbles(nibbles);
        }
        LodCell& cell = quarters[quarter];
        cell = summary_of(small[0], small[1], small[2], small[3]);
        cell.dominant = counts.dominant();
        cell.free_share = share_of(counts.of(index_of(FrameClass::free)), 16);
        levels_[2][index(2, (x + qx) / 4, (y + qy) / 4)] = cell;
        counts.add_to(census);
    }
    LodCell cell = summary_of(quarters[0], quarters[1], quarters[2], quarters[3]);
    cell.dominant = dominant_of(census);
    cell.free_share = share_of(census[index_of(FrameClass::free)], 64);
    levels_[kCensusLevel][index(kCensusLevel, x / 8, y / 8)] = cell;
    censuses_[kCensusLevel][index(kCensusLevel, x / 8, y / 8)] = census;
}

void FrameLod::fold_census(unsigned level, const CellRect& cells) {
    const std::vector<LodCell>& below = levels_[level - 1];
    const std::vector<Census>& counts_below = censuses_[level - 1];
    for (std::uint32_t y = cells.y; y < cells.y + cells.height; ++y) {
        for (std::uint32_t x = cells.x; x < cells.x + cells.width; ++x) {
            const std::size_t upper = index(level - 1, 2 * x, 2 * y);
            const std::size_t lower = upper + width(level - 1);
            Census& census = censuses_[level][index(level, x, y)];
            for (std::size_t kind = 0; kind < census.size(); ++kind) {
                census[kind] = counts_below[upper][kind] + counts_below[upper + 1][kind] + counts_below[lower][kind] +
                               counts_below[lower + 1][kind];
            }
            LodCell cell = summary_of(below[upper], below[upper + 1], below[lower], below[lower + 1]);
            cell.dominant = dominant_of(census);
            cell.free_share = share_of(census[index_of(FrameClass::free)], std::uint64_t{1} << (2 * level));
            levels_[level][index(level, x, y)] = cell;
        }
    }
}

LodCell FrameLod::cell(unsigned level, CellPoint at) const {
    if (level == 0) return kFacts[bytes_[index(0, at.x, at.y)]].cell;
    return levels_[level][index(level, at.x, at.y)];
}

FrameLod::Census FrameLod::census(unsigned level, CellPoint at) const {
    if (level >= kCensusLevel) return censuses_[level][index(level, at.x, at.y)];
    Census census{};
    const std::uint32_t side = 1U << level;
    for (std::uint32_t y = at.y * side; y < (at.y + 1) * side; ++y) {
        for (std::uint32_t x = at.x * side; x < (at.x + 1) * side; ++x) ++census[bytes_[index(0, x, y)] & 0xf];
    }
    return census;
}

FrameLod::Census FrameLod::census() const {
    Census sum{};
    for (const Census& part : censuses_.back()) {
        for (std::size_t kind = 0; kind < sum.size(); ++kind) sum[kind] += part[kind];
    }
    return sum;
}

void DirtyTiles::mark(std::uint32_t tile) {
    if (is_waiting_[tile]) {
        // Newest first: a tile that changes again moves to the front of the queue.
        if (waiting_.back() != tile) {
            waiting_.erase(std::ranges::find(waiting_, tile));
            waiting_.push_back(tile);
        }
        return;
    }
    is_waiting_[tile] = true;
    waiting_.push_back(tile);
}

void DirtyTiles::mark_all() {
    waiting_.clear();
    for (std::uint32_t tile = static_cast<std::uint32_t>(is_waiting_.size()); tile-- > 0;) waiting_.push_back(tile);
    is_waiting_.assign(is_waiting_.size(), true);
}

std::vector<std::uint32_t> DirtyTiles::take(std::size_t most) {
    const std::size_t count = std::min(most, waiting_.size());
    std::vector<std::uint32_t> taken(waiting_.rbegin(), waiting_.rbegin() + static_cast<std::ptrdiff_t>(count));
    waiting_.resize(waiting_.size() - count);
    for (const std::uint32_t tile : taken) is_waiting_[tile] = false;
    return taken;
}

} // namespace ksl::ui
