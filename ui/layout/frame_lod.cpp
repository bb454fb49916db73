// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/layout/frame_lod.h"

#include "core/types/assert.h"

#include <algorithm>
#include <bit>
#include <cstring>

namespace ksl::ui {

namespace {

constexpr std::size_t kByteValues = 256;
constexpr std::uint64_t kEvenNibbles = 0x0f0f0f0f0f0f0f0fU;

constexpr std::uint8_t flags_of(FrameClass kind) {
    switch (kind) {
    case FrameClass::hole: return 0;
    case FrameClass::kernel_stack: return LodCell::kHasFrames | LodCell::kHasStack;
    case FrameClass::damage: return LodCell::kHasFrames | LodCell::kHasDamage;
    default: return LodCell::kHasFrames;
    }
}

constexpr auto make_plain_cells() {
    std::array<LodCell, kByteValues> cells{};
    for (std::size_t byte = 0; byte < kByteValues; ++byte) {
        const auto frame = static_cast<FrameByte>(byte);
        const bool is_free = class_of(frame) == FrameClass::free;
        cells[byte] = {.dominant = class_of(frame),
                       .free_share = is_free ? std::uint8_t{255} : std::uint8_t{0},
                       .free_order_plus1 = is_free ? static_cast<std::uint8_t>(order_of(frame) + 1) : std::uint8_t{0},
                       .flags = flags_of(class_of(frame))};
    }
    return cells;
}
/// The cell of an area in which every frame is this byte.
constexpr std::array<LodCell, kByteValues> kPlainCells = make_plain_cells();

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

/// A cell from its four children and its census. Built in one piece: writing its bytes one by one and reading the whole
/// would stall on the store buffer.
inline LodCell parent_of(const LodCell& a, const LodCell& b, const LodCell& c, const LodCell& d, FrameClass dominant,
                         std::uint8_t free_share) {
    constexpr unsigned kInherited = LodCell::kHasStack | LodCell::kHasDamage | LodCell::kHasFrames;
    unsigned flags = (a.flags | b.flags | c.flags | d.flags) & kInherited;
    if ((flags & (LodCell::kHasStack | LodCell::kHasDamage)) != 0) {
        const auto shows = [&](FrameClass kind) {
            return a.dominant == kind || b.dominant == kind || c.dominant == kind || d.dominant == kind;
        };
        const bool hides_stack = (flags & LodCell::kHasStack) != 0 && !shows(FrameClass::kernel_stack);
        const bool hides_damage = (flags & LodCell::kHasDamage) != 0 && !shows(FrameClass::damage);
        flags |= (hides_stack ? LodCell::kHidesStack : 0U) | (hides_damage ? LodCell::kHidesDamage : 0U);
    }
    return {.dominant = dominant,
            .free_share = free_share,
            .free_order_plus1 =
                std::max({a.free_order_plus1, b.free_order_plus1, c.free_order_plus1, d.free_order_plus1}),
            .flags = static_cast<std::uint8_t>(flags)};
}

/// Level 1 of `cells` cells from two rows of frames. Written without branches on plain bytes, so that the compiler
/// turns it into vector code: it runs over every frame that changed.
void fold_frame_rows(const FrameByte* upper, const FrameByte* lower, std::size_t cells, LodCell* out) {
    constexpr auto kHole = static_cast<std::uint8_t>(FrameClass::hole);
    constexpr auto kFree = static_cast<std::uint8_t>(FrameClass::free);
    constexpr auto kStack = static_cast<std::uint8_t>(FrameClass::kernel_stack);
    constexpr auto kDamage = static_cast<std::uint8_t>(FrameClass::damage);
    using Byte = std::uint8_t;
    for (std::size_t i = 0; i < cells; ++i) {
        const Byte frames[4] = {upper[2 * i], upper[(2 * i) + 1], lower[2 * i], lower[(2 * i) + 1]};
        Byte kinds[4];
        unsigned free_frames = 0;
        Byte order = 0;
        bool has_stack = false;
        for (std::size_t k = 0; k < 4; ++k) {
            kinds[k] = frames[k] & 0xf;
            const bool is_free = kinds[k] == kFree;
            free_frames += is_free ? 1U : 0U;
            order = std::max(order, is_free ? static_cast<Byte>((frames[k] >> 4) + 1) : Byte{0});
            has_stack |= kinds[k] == kStack;
        }
        // Sorted, the most frequent class is the highest of those next to their equal, else the highest of all.
        const Byte low_a = std::min(kinds[0], kinds[1]);
        const Byte high_a = std::max(kinds[0], kinds[1]);
        const Byte low_b = std::min(kinds[2], kinds[3]);
        const Byte high_b = std::max(kinds[2], kinds[3]);
        const Byte a = std::min(low_a, low_b);
        const Byte d = std::max(high_a, high_b);
        const Byte inner_a = std::max(low_a, low_b);
        const Byte inner_b = std::min(high_a, high_b);
        const Byte b = std::min(inner_a, inner_b);
        const Byte c = std::max(inner_a, inner_b);
        Byte dominant = a == b ? b : d;
        dominant = b == c ? c : dominant;
        dominant = c == d ? d : dominant;
        const unsigned flags = (d != kHole ? LodCell::kHasFrames : 0U) | (has_stack ? LodCell::kHasStack : 0U) |
                               (d == kDamage ? LodCell::kHasDamage : 0U);
        out[i] = {.dominant = static_cast<FrameClass>(dominant),
                  .free_share = static_cast<std::uint8_t>(((free_frames * 255) + 2) / 4),
                  .free_order_plus1 = order,
                  .flags = static_cast<std::uint8_t>(flags)};
    }
}

constexpr auto make_nibbles() {
    std::array<std::uint64_t, kByteValues> nibbles{};
    for (std::size_t byte = 0; byte < kByteValues; ++byte) nibbles[byte] = std::uint64_t{1} << (4 * (byte & 0xf));
    return nibbles;
}
/// One in the nibble of the frame's class.
constexpr std::array<std::uint64_t, kByteValues> kNibbles = make_nibbles();

/// Counts of up to 255 frames, one byte a class: even classes in `even`, odd ones in `odd`.
struct ByteCounts {
    std::uint64_t even = 0;
    std::uint64_t odd = 0;

    /// Two rows of four frames; no nibble exceeds eight.
    void add_rows(const FrameByte* upper, const FrameByte* lower) {
        std::uint64_t nibbles = 0;
        for (std::size_t i = 0; i < 4; ++i) {
            nibbles += kNibbles[upper[i]];
            nibbles += kNibbles[lower[i]];
        }
        even += nibbles & kEvenNibbles;
        odd += (nibbles >> 4) & kEvenNibbles;
    }
    void add(const ByteCounts& other) {
        even += other.even;
        odd += other.odd;
    }
    [[nodiscard]] std::uint32_t of(std::size_t kind) const {
        return static_cast<std::uint32_t>(((kind % 2 == 0 ? even : odd) >> (8 * (kind / 2))) & 0xff);
    }
    [[nodiscard]] FrameLod::Census census() const {
        FrameLod::Census census{};
        for (std::size_t kind = 0; kind < kFrameClasses; ++kind) census[kind] = of(kind);
        return census;
    }
    /// Count and rank in one number a lane, then the largest of the sixteen. Classes that do not exist count nothing,
    /// and some class that does has at least one frame and beats them.
    [[nodiscard]] FrameClass dominant() const {
        Lanes best = ranked(even, Lanes{0, 2, 4, 6, 8, 10, 12, 14});
        best = larger(best, ranked(odd, Lanes{1, 3, 5, 7, 9, 11, 13, 15}));
        best = larger(best, __builtin_shufflevector(best, best, 4, 5, 6, 7, 0, 1, 2, 3));
        best = larger(best, __builtin_shufflevector(best, best, 2, 3, 0, 1, 6, 7, 4, 5));
        best = larger(best, __builtin_shufflevector(best, best, 1, 0, 3, 2, 5, 4, 7, 6));
        return static_cast<FrameClass>(best[0] & 0xf);
    }

private:
    // Vector types of GCC and Clang, on every processor: left to itself the compiler takes this apart into ninety
    // scalar instructions, and the pyramid would not keep its budget.
    using Counts = std::uint8_t __attribute__((vector_size(8)));
    using Lanes = std::int16_t __attribute__((vector_size(16)));

    static Lanes ranked(std::uint64_t counts, Lanes classes) {
        return (__builtin_convertvector(std::bit_cast<Counts>(counts), Lanes) << 4) | classes;
    }
    static Lanes larger(Lanes a, Lanes b) { return a > b ? a : b; }
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
        fold_frames(grid_.cells_of_tile(tile));
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
            for (std::size_t i = 0; i < offsets.size(); i += 8) {
                std::uint64_t eight = 0; // gathered in a register: one store instead of eight
                for (std::size_t k = 0; k < 8; ++k) eight |= std::uint64_t{from[offsets[i + k]]} << (8 * k);
                std::memcpy(to + i, &eight, sizeof eight);
            }
        } else {
            for (std::size_t i = 0; i < offsets.size(); ++i) {
                to[i] = offsets[i] < present ? frames[first + offsets[i]] : frame_byte(FrameClass::hole, 0);
            }
        }
    }
}

void FrameLod::fold_tile(std::uint32_t tile) {
    const CellRect cells = grid_.cells_of_tile(tile);
    fold_frames(cells);
    for (unsigned level = kCensusLevel + 1; level < levels(); ++level) {
        const std::uint32_t right = (cells.x + cells.width - 1) >> level;
        const std::uint32_t bottom = (cells.y + cells.height - 1) >> level;
        fold_census(level, {.x = cells.x >> level,
                            .y = cells.y >> level,
                            .width = right - (cells.x >> level) + 1,
                            .height = bottom - (cells.y >> level) + 1});
    }
}

void FrameLod::fold_frames(const CellRect& cells) {
    for (std::uint32_t y = cells.y; y < cells.y + cells.height; y += 2) {
        const FrameByte* const upper = bytes_.data() + index(0, cells.x, y);
        fold_frame_rows(upper, upper + grid_.width(), cells.width / 2,
                        levels_[1].data() + index(1, cells.x / 2, y / 2));
    }
    for (std::uint32_t y = cells.y; y < cells.y + cells.height; y += 8) {
        for (std::uint32_t x = cells.x; x < cells.x + cells.width; x += 8) fold_8x8(x, y);
    }
}

void FrameLod::fold_uniform_8x8(std::uint32_t x, std::uint32_t y, FrameByte frame) {
    const LodCell cell = kPlainCells[frame];
    for (unsigned level = 2; level <= kCensusLevel; ++level) {
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

    ByteCounts all;
    std::array<LodCell, 4> quarters;
    for (std::uint32_t quarter = 0; quarter < 4; ++quarter) {
        const std::uint32_t qx = (quarter % 2) * 4;
        const std::uint32_t qy = (quarter / 2) * 4;
        const FrameByte* const corner = frames + (qy * stride) + qx;
        ByteCounts counts;
        counts.add_rows(corner, corner + stride);
        counts.add_rows(corner + (2 * stride), corner + (3 * stride));
        const LodCell* const upper = levels_[1].data() + index(1, (x + qx) / 2, (y + qy) / 2);
        const LodCell* const lower = upper + width(1);
        const std::uint8_t free_share = share_of(counts.of(index_of(FrameClass::free)), 16);
        quarters[quarter] = parent_of(upper[0], upper[1], lower[0], lower[1], counts.dominant(), free_share);
        levels_[2][index(2, (x + qx) / 4, (y + qy) / 4)] = quarters[quarter];
        all.add(counts);
    }
    levels_[kCensusLevel][index(kCensusLevel, x / 8, y / 8)] =
        parent_of(quarters[0], quarters[1], quarters[2], quarters[3], all.dominant(),
                  share_of(all.of(index_of(FrameClass::free)), 64));
    censuses_[kCensusLevel][index(kCensusLevel, x / 8, y / 8)] = all.census();
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
            levels_[level][index(level, x, y)] =
                parent_of(below[upper], below[upper + 1], below[lower], below[lower + 1], dominant_of(census),
                          share_of(census[index_of(FrameClass::free)], std::uint64_t{1} << (2 * level)));
        }
    }
}

LodCell FrameLod::cell(unsigned level, CellPoint at) const {
    if (level == 0) return kPlainCells[bytes_[index(0, at.x, at.y)]];
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
    for (auto tile = static_cast<std::uint32_t>(is_waiting_.size()); tile-- > 0;) waiting_.push_back(tile);
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
