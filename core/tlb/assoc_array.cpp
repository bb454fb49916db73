// SPDX-License-Identifier: MIT
#include "core/tlb/assoc_array.h"

#include "core/types/assert.h"

#include <algorithm>
#include <limits>

namespace ksl::core {

namespace {

constexpr std::uint64_t kPageNumbers = (std::uint64_t{1} << TlbEntry::kSizeShift) - 1;

} // namespace

AssocArray::AssocArray(const ArrayShape& shape, std::uint32_t first) : shape_(shape), first_(first) {
    if (shape.ways == 0) return;
    KSL_ASSERT(shape.is_valid(), "entries are a power of two of sets of equal size");
    KSL_ASSERT(first % 8 == 0, "sets begin at lines of the host's cache");
    const std::uint32_t ways = shape.ways;
    const bool is_lru = shape.policy == Replacement::lru;
    kind_ = is_lru ? (ways <= kOrderWays ? Kind::order : Kind::wide) : (ways <= kTreeWays ? Kind::tree : Kind::wide);
    set_mask_ = shape.sets() - 1;
    const std::uint32_t blocks = (ways + 7) / 8;
    blocks_ = blocks > 1 ? (blocks + 1) / 2 * 2 : blocks; // above one they are compared in pairs
    std::uint32_t words = static_cast<std::uint32_t>(kEntries) + ways * 2;
    if (ways > kOrderWays) {
        tags_at_ = words;
        words += blocks_ * 2;
    }
    if (kind_ == Kind::wide) words += (ways + 1) / 2 + 1;
    set_shift_ = static_cast<std::uint32_t>(std::countr_zero(std::bit_ceil(words)));
    tree_leaves_ = std::bit_ceil(ways);
    last_place_ = static_cast<std::uint8_t>(4 * ((ways - 1) % kOrderWays));
    order_mask_ = ways >= kOrderWays ? ~std::uint64_t{0} : (std::uint64_t{1} << (4 * ways)) - 1;
}

void AssocArray::reset(std::uint64_t* memory) const {
    std::fill(memory + first_, memory + end(), 0);
    if (kind_ != Kind::order) return;
    for (std::uint32_t set = first_; set < end(); set += 1U << set_shift_)
        memory[set + kRecency] = RecencyOrder::of(shape_.ways).raw();
}

int AssocArray::find_wide(Place place, std::uint64_t key, std::uint64_t pcid_bits) const {
    const auto tag = static_cast<std::uint16_t>(place.tag);
    for (unsigned block = 0; block < blocks_; block += 2) {
        const std::uint32_t fits = match_tags_16(any_tags_of(place.set) + std::size_t{block} * 8, tag);
        if (fits == 0) continue;
        const int way = first_match(place.set, fits, static_cast<int>(block * 8), key, pcid_bits);
        if (way != kNone) return way;
    }
    return kNone;
}

void AssocArray::touch_wide(Set set, int way) const {
    if (shape_.policy == Replacement::lru) {
        touch_stamp(set, way);
        return;
    }
    const PlruPath& path = kPlruPaths[tree_leaves_ + static_cast<std::uint32_t>(way)];
    set[kRecency] = (set[kRecency] & path.keep[0]) | path.set[0];
    std::uint64_t& high = *rest_of(set);
    high = (high & path.keep[1]) | path.set[1];
}

void AssocArray::touch_stamp(Set set, int way) const {
    std::uint64_t& clock = set[kRecency];
    auto* stamps = reinterpret_cast<std::uint32_t*>(rest_of(set));
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

int AssocArray::limited_tree_victim(Set set, unsigned allowed) const {
    std::uint32_t node = 1;
    std::uint32_t first = 0;
    for (std::uint32_t half = tree_leaves_ / 2; half != 0; half /= 2) {
        const std::uint64_t bits = node < 64 ? set[kRecency] : *rest_of(set);
        const bool go_right = (bits >> (node % 64) & 1) != 0 && first + half < allowed;
        node = 2 * node + (go_right ? 1 : 0);
        first += go_right ? half : 0;
    }
    return static_cast<int>(first);
}

int AssocArray::invalid_way(Set set, unsigned allowed) const {
    for (unsigned block = 0; block * 8 < allowed; ++block) {
        const std::uint32_t invalid = match_tags_8(any_tags_of(set) + std::size_t{block} * 8, 0);
        const unsigned way = block * 8 + static_cast<unsigned>(std::countr_zero(invalid));
        if (invalid != 0 && way < allowed) return static_cast<int>(way);
    }
    return kNone;
}

int AssocArray::last_invalid_way(Set set) const {
    const int way = invalid_way(set, shape_.ways);
    if (way == kNone) {
        set[kRecency] |= kIsFull;
        return limited_tree_victim(set, shape_.ways);
    }
    return way;
}

/// For any kind: an invalid way among the first `allowed`, or the one least recently used of them.
int AssocArray::victim_wide(Set set, unsigned allowed) const {
    if (const int invalid = invalid_way(set, allowed); invalid != kNone) return invalid;
    if (shape_.policy == Replacement::tree_plru) return limited_tree_victim(set, allowed);
    if (kind_ == Kind::order) {
        for (unsigned place = shape_.ways; place-- > 0;) {
            const auto way = RecencyOrder{set[kRecency]}.at(place);
            if (way < allowed) return static_cast<int>(way);
        }
    }
    const auto* stamps = reinterpret_cast<const std::uint32_t*>(rest_of(set));
    return static_cast<int>(std::min_element(stamps, stamps + allowed) - stamps);
}

TlbEntry AssocArray::insert_limited(Place place, TlbEntry entry, unsigned allowed) const {
    const int way = victim_wide(place.set, allowed);
    touch(place.set, way);
    return replace(place, way, entry);
}

void AssocArray::remove(Set set, int way) const {
    entry(set, way) = TlbEntry{};
    any_tags_of(set)[way] = 0;
    if (kind_ == Kind::tree) set[kRecency] &= ~kIsFull;
    if (kind_ == Kind::order) set[kRecency] = order_with_invalid_last(set).raw();
}

/// Invalid ways stand at the end by their numbers, so that it does not matter when a set is swept.
RecencyOrder AssocArray::order_with_invalid_last(Set set) const {
    const RecencyOrder before{set[kRecency]};
    std::uint64_t after = 0;
    unsigned places = 0;
    const auto append = [&](unsigned way) { after |= std::uint64_t{way} << (4 * places++); };
    for (unsigned place = 0; place < shape_.ways; ++place) {
        if (entry(set, static_cast<int>(before.at(place))).is_valid()) append(before.at(place));
    }
    for (unsigned way = 0; way < shape_.ways; ++way) {
        if (!entry(set, static_cast<int>(way)).is_valid()) append(way);
    }
    return RecencyOrder{after};
}

void AssocArray::sweep(Set set, const FlushLog& log) const {
    for (int way = 0; way < shape_.ways; ++way) {
        const TlbEntry& held = entry(set, way);
        if (held.is_valid() && log.has_flushed(held, set[kEpoch])) remove(set, way);
    }
    set[kEpoch] = log.now();
}

const char* AssocArray::check(const std::uint64_t* memory, const FlushLog& log,
                              unsigned (*low_bits_of)(const TlbEntry&)) const {
    std::uint32_t index = 0;
    for (std::uint32_t at = first_; at < end(); at += 1U << set_shift_, ++index) {
        const std::uint64_t* set = memory + at;
        const auto* entries = reinterpret_cast<const TlbEntry*>(set + kEntries);
        const auto* tags = reinterpret_cast<const std::uint16_t*>(set + tags_at_);
        if (set[kEpoch] > log.now()) return "no set has seen the future";
        bool has_invalid = false;
        for (unsigned way = 0; way < blocks_ * 8; ++way) {
            std::uint16_t tag = 0;
            has_invalid = has_invalid || (way < shape_.ways && !entries[way].is_valid());
            if (way < shape_.ways && entries[way].is_valid()) {
                const unsigned low_bits = low_bits_of(entries[way]);
                const std::uint64_t page = (entries[way].key & kPageNumbers) >> low_bits;
                if ((page & set_mask_) != index) return "an entry lies in its set";
                tag = static_cast<std::uint16_t>(tag_of(page));
            }
            if (tags[way] != tag) return "a way's tag is that of its entry";
        }
        if (kind_ == Kind::tree && (set[kRecency] & kIsFull) != 0 && has_invalid)
            return "a full set has no invalid way";
        if (kind_ != Kind::order) continue;
        if (!RecencyOrder{set[kRecency]}.is_valid(shape_.ways)) return "the order names every way once";
    }
    return "";
}

} // namespace ksl::core
