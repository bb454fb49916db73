// SPDX-License-Identifier: MIT
#include "core/tlb/assoc_array.h"

#include <algorithm>
#include <limits>

namespace ksl::core {

AssocArray::AssocArray(const ArrayShape& shape) : shape_(shape) {
    if (shape.ways == 0) return;
    KSL_ASSERT(shape.is_valid(), "entries are a power of two of sets of equal size");
    set_mask_ = shape.sets() - 1;
    uses_stamps_ = shape.policy == Replacement::lru && shape.ways > kOrderWays;
    // Above two blocks they are compared in pairs.
    const std::uint32_t blocks = (std::uint32_t{shape.ways} + 7) / 8;
    blocks_ = blocks > 1 ? (blocks + 1) / 2 * 2 : blocks;
    const std::size_t words =
        kHeaderWords + blocks_ * 2 + shape.ways * 2U + (uses_stamps_ ? (shape.ways + 1U) / 2 : 0U);
    lines_per_set_ = static_cast<std::uint32_t>((words + 7) / 8);
    lines_.resize(std::size_t{lines_per_set_} * shape.sets());
    tree_leaves_ = std::bit_ceil(std::uint32_t{shape.ways});
    if (shape.policy == Replacement::tree_plru) {
        // Node 1 is the root, node n has the children 2n and 2n + 1; a bit of 1 says that the older half is the right
        // one.
        paths_.resize(shape.ways);
        for (std::uint32_t way = 0; way < shape.ways; ++way) {
            TreePath& path = paths_[way];
            path.keep.fill(~std::uint64_t{0});
            for (std::uint32_t node = tree_leaves_ + way; node > 1; node /= 2) {
                const std::uint32_t parent = node / 2;
                const std::uint64_t bit = std::uint64_t{1} << (parent % 64);
                path.keep[parent / 64] &= ~bit;
                if (node % 2 == 0) path.set[parent / 64] |= bit;
            }
        }
    }
    reset_recency();
}

void AssocArray::reset_recency() {
    if (shape_.policy != Replacement::lru || uses_stamps_) return;
    std::uint64_t order = 0;
    for (std::uint64_t way = 0; way < shape_.ways; ++way) order |= way << (4 * way);
    // Nibbles beyond the last way are 0, like way 0; a search finds the lower one first, which is its own.
    for (std::uint32_t index = 0; index < shape_.sets(); ++index) raw_set(index).header_[kRecency] = order;
}

void AssocArray::touch_stamp(Set& set, int way) {
    std::uint64_t& clock = set.header_[kRecency];
    std::uint32_t* stamps = stamps_of(set);
    if (clock == std::numeric_limits<std::uint32_t>::max()) {
        // Start again at small numbers with the order kept.
        std::vector<std::uint32_t> sorted(stamps, stamps + shape_.ways);
        std::ranges::sort(sorted);
        for (int i = 0; i < shape_.ways; ++i) {
            stamps[i] = static_cast<std::uint32_t>(std::ranges::lower_bound(sorted, stamps[i]) - sorted.begin());
        }
        clock = shape_.ways;
    }
    stamps[way] = static_cast<std::uint32_t>(++clock);
}

int AssocArray::stamp_victim(const Set& set, unsigned allowed) const {
    const std::uint32_t* stamps = stamps_of(set);
    return static_cast<int>(std::min_element(stamps, stamps + allowed) - stamps);
}

int AssocArray::tree_victim(const Set& set, unsigned allowed) const {
    std::uint32_t node = 1;
    std::uint32_t first = 0;
    for (std::uint32_t half = tree_leaves_ / 2; half != 0; half /= 2) {
        const bool is_right = (set.header_[kRecency + node / 64] >> (node % 64) & 1) != 0;
        // A half without ways that may be used is not an older half.
        const bool go_right = is_right && first + half < allowed;
        node = 2 * node + (go_right ? 1 : 0);
        if (go_right) first += half;
    }
    return static_cast<int>(first);
}

int AssocArray::victim(const Set& set, unsigned allowed) const {
    if (shape_.policy == Replacement::lru && !uses_stamps_) {
        // Invalid ways are at the end of the order already.
        const std::uint64_t order = set.header_[kRecency];
        for (unsigned place = shape_.ways; place-- > 0;) {
            const auto way = static_cast<unsigned>(order >> (4 * place) & 15);
            if (way < allowed) return static_cast<int>(way);
        }
    }
    for (unsigned block = 0; block * 8 < allowed; ++block) {
        const std::uint32_t free = match_tags_8(set.tags_ + block * 8, 0);
        if (free == 0) continue;
        const auto way = block * 8 + static_cast<unsigned>(std::countr_zero(free));
        if (way < allowed) return static_cast<int>(way);
    }
    return uses_stamps_ ? stamp_victim(set, allowed) : tree_victim(set, allowed);
}

TlbEntry AssocArray::insert(Set& set, const TlbEntry& entry, unsigned allowed) {
    const int way = victim(set, allowed);
    const TlbEntry before = set.entries_[way];
    set.entries_[way] = entry;
    set.tags_[way] = tag_of(entry.key & TlbEntry::kKeyMask);
    touch(set, way);
    return before;
}

void AssocArray::move_to_end(Set& set, int way) const {
    std::uint64_t& order = set.header_[kRecency];
    std::uint64_t result = 0;
    unsigned place = 0;
    for (unsigned from = 0; from < shape_.ways; ++from) {
        const std::uint64_t other = order >> (4 * from) & 15;
        if (other != static_cast<std::uint64_t>(way)) result |= other << (4 * place++);
    }
    order = result | static_cast<std::uint64_t>(way) << (4 * place);
}

void AssocArray::remove(Set& set, int way) {
    set.entries_[way] = TlbEntry{};
    set.tags_[way] = 0;
    if (shape_.policy == Replacement::lru && !uses_stamps_) move_to_end(set, way);
}

void AssocArray::sweep(Set& set, const FlushLog& log) {
    for (int way = 0; way < shape_.ways; ++way) {
        const TlbEntry& entry = set.entries_[way];
        if (entry.is_valid() && log.has_flushed(entry, set.header_[kEpoch])) remove(set, way);
    }
    set.header_[kEpoch] = log.now();
}

const char* AssocArray::check_structure() const {
    for (std::uint32_t index = 0; index < shape_.sets(); ++index) {
        const std::uint64_t* header = words_at(index);
        const TlbEntry* entries = entries_of(header);
        const auto* tags = reinterpret_cast<const std::uint16_t*>(header + kHeaderWords);
        std::uint32_t ways_in_order = 0;
        for (unsigned way = 0; way < blocks_ * 8; ++way) {
            const bool is_used = way < shape_.ways && entries[way].is_valid();
            const std::uint16_t tag = is_used ? tag_of(entries[way].key & TlbEntry::kKeyMask) : std::uint16_t{0};
            if (tags[way] != tag) return "a way's tag is that of its entry";
        }
        if (shape_.policy != Replacement::lru || uses_stamps_) continue;
        for (unsigned place = 0; place < shape_.ways; ++place) {
            ways_in_order |= 1U << (header[kRecency] >> (4 * place) & 15);
        }
        if (ways_in_order != (1U << shape_.ways) - 1) return "the order names every way once";
    }
    return "";
}

const char* AssocArray::check_invariants(const FlushLog& log) const {
    for (std::uint32_t index = 0; index < shape_.sets(); ++index) {
        if (words_at(index)[kEpoch] > log.now()) return "no set has seen the future";
    }
    return check_structure();
}

} // namespace ksl::core
