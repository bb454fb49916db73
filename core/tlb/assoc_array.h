// SPDX-License-Identifier: MIT
//
// A set-associative array of translations: any number of ways, tree pseudo-LRU or true LRU, flushes in no time.
//
//     set:  | recency 16 | epoch 8 | - 8 |  tags 2 each, in blocks of 8 ways  |  entries 16 each  |  (stamps 4 each)  |
//
// Looking up compares short tags of all ways at once and then the full key of a way whose tag fits. A valid tag has its
// highest bit set, so that invalid ways and the padding never fit.
//
// Replacement: an invalid way first. Tree pseudo-LRU: one bit a node of a binary tree over the ways, rounded up to a
// power
//              of two. True LRU of up to 16 ways: their order, four bits each, in one word; of more ways: a time stamp
//              a way.
// Fidelity:    real TLBs do not publish their policy; these two are the usual models.
// Cost:        one or two cache lines of the host a set.
#pragma once

#include "core/tlb/flush_log.h"
#include "core/tlb/tag_match.h"
#include "core/tlb/tlb_entry.h"
#include "core/types/assert.h"

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace ksl::core {

enum class Replacement : std::uint8_t { tree_plru, lru };

struct ArrayShape {
    std::uint16_t entries = 0;
    std::uint16_t ways = 0; ///< divides entries into a power of two of sets
    Replacement policy = Replacement::lru;

    [[nodiscard]] constexpr std::uint32_t sets() const { return ways == 0 ? 0 : std::uint32_t{entries} / ways; }
    [[nodiscard]] constexpr bool is_valid() const {
        return ways != 0 && ways <= kMostWays && entries % ways == 0 && std::has_single_bit(sets());
    }
    static constexpr unsigned kMostWays = 128;
    friend constexpr bool operator==(const ArrayShape&, const ArrayShape&) = default;
};

class AssocArray {
public:
    static constexpr int kNone = -1;

    AssocArray() = default;
    explicit AssocArray(const ArrayShape& shape);

    [[nodiscard]] const ArrayShape& shape() const { return shape_; }
    [[nodiscard]] std::uint32_t set_of(std::uint64_t key, unsigned low_bits) const {
        return static_cast<std::uint32_t>(key >> low_bits) & set_mask_;
    }

    /// One set, swept of what has been flushed. Valid until the array is copied or destroyed.
    class Set {
    public:
        [[nodiscard]] const TlbEntry& entry(int way) const { return entries_[way]; }
        [[nodiscard]] TlbEntry& entry(int way) { return entries_[way]; }

    private:
        friend class AssocArray;
        std::uint64_t* header_ = nullptr;
        std::uint16_t* tags_ = nullptr;
        TlbEntry* entries_ = nullptr;
    };

    [[nodiscard]] Set set_at(std::uint32_t index, const FlushLog& log) {
        Set set = raw_set(index);
        if (set.header_[kEpoch] != log.now()) [[unlikely]]
            sweep(set, log);
        return set;
    }

    /// The way that holds `key` for this PCID or globally; kNone if none does.
    [[nodiscard]] int find(const Set& set, std::uint64_t key, std::uint64_t pcid_bits) const {
        const std::uint16_t tag = tag_of(key);
        if (blocks_ <= 2) [[likely]] {
            const std::uint32_t fits = blocks_ == 1 ? match_tags_8(set.tags_, tag) : match_tags_16(set.tags_, tag);
            return first_match(set, fits, 0, key, pcid_bits);
        }
        for (unsigned block = 0; block < blocks_; block += 2) {
            const std::uint32_t fits = match_tags_16(set.tags_ + block * 8, tag);
            const int way = first_match(set, fits, static_cast<int>(block * 8), key, pcid_bits);
            if (way != kNone) return way;
        }
        return kNone;
    }
    /// Marks a way as the most recently used of its set.
    void touch(Set& set, int way) {
        if (shape_.policy == Replacement::tree_plru)
            touch_tree(set, way);
        else if (uses_stamps_)
            touch_stamp(set, way);
        else
            touch_order(set, way);
    }
    /// Puts an entry into the set, in place of the least recently used of the first `allowed` ways. Returns what was
    /// there.
    TlbEntry insert(Set& set, const TlbEntry& entry, unsigned allowed);
    TlbEntry insert(Set& set, const TlbEntry& entry) { return insert(set, entry, shape_.ways); }
    void remove(Set& set, int way);

    /// Removes every entry for which `which` is true, anywhere.
    template <class Predicate>
    void remove_if(const FlushLog& log, Predicate which) {
        for (std::uint32_t index = 0; index < shape_.sets(); ++index) {
            Set set = set_at(index, log);
            for (int way = 0; way < shape_.ways; ++way) {
                if (set.entry(way).is_valid() && which(set.entry(way))) remove(set, way);
            }
        }
    }
    /// Calls `visit(set, way, entry)` for every entry that is valid and not flushed.
    template <class Visit>
    void for_each(const FlushLog& log, Visit visit) const {
        for (std::uint32_t index = 0; index < shape_.sets(); ++index) {
            const std::uint64_t* header = words_at(index);
            const auto* entries = entries_of(header);
            for (int way = 0; way < shape_.ways; ++way) {
                if (entries[way].is_valid() && !log.has_flushed(entries[way], header[kEpoch]))
                    visit(index, way, entries[way]);
            }
        }
    }
    [[nodiscard]] std::uint32_t count(const FlushLog& log) const {
        std::uint32_t valid = 0;
        for_each(log, [&](std::uint32_t, int, const TlbEntry&) { ++valid; });
        return valid;
    }

    /// Empty text, or the first broken invariant.
    [[nodiscard]] const char* check_invariants(const FlushLog& log) const;

    friend bool operator==(const AssocArray& a, const AssocArray& b) {
        return a.shape_ == b.shape_ && a.lines_ == b.lines_;
    }
    template <class Archive>
    void describe(Archive& archive) {
        archive(shape_.entries, shape_.ways, shape_.policy);
        if constexpr (Archive::kReads) {
            if (shape_.ways != 0 && !shape_.is_valid()) {
                archive.fail();
                shape_ = {};
            }
            *this = AssocArray{shape_};
        }
        for (Line& line : lines_) archive(line.words);
        if constexpr (Archive::kReads) {
            if (*check_structure() != '\0') { // a hostile file must not send us to ways that do not exist
                archive.fail();
                *this = AssocArray{shape_};
            }
        }
    }

private:
    struct alignas(64) Line {
        std::array<std::uint64_t, 8> words{};
        friend bool operator==(const Line&, const Line&) = default;
    };
    // Words of a set's header.
    static constexpr std::size_t kRecency = 0; ///< and the word after it
    static constexpr std::size_t kEpoch = 2;
    static constexpr std::size_t kHeaderWords = 4;
    static constexpr unsigned kOrderWays = 16;
    static constexpr std::uint64_t kEveryNibble = 0x1111'1111'1111'1111;

    [[nodiscard]] static std::uint16_t tag_of(std::uint64_t key) {
        // Folds the page number above the set index, the page size included; the set bits come along, that does no
        // harm.
        const std::uint64_t folded = key ^ key >> 15 ^ key >> 38;
        return static_cast<std::uint16_t>(folded | 0x8000);
    }
    [[nodiscard]] const std::uint64_t* words_at(std::uint32_t index) const {
        return lines_[std::size_t{index} * lines_per_set_].words.data();
    }
    [[nodiscard]] const TlbEntry* entries_of(const std::uint64_t* header) const {
        return reinterpret_cast<const TlbEntry*>(header + kHeaderWords + blocks_ * 2);
    }
    [[nodiscard]] Set raw_set(std::uint32_t index) {
        Set set;
        set.header_ = lines_[std::size_t{index} * lines_per_set_].words.data();
        set.tags_ = reinterpret_cast<std::uint16_t*>(set.header_ + kHeaderWords);
        set.entries_ = reinterpret_cast<TlbEntry*>(set.header_ + kHeaderWords + blocks_ * 2);
        return set;
    }
    [[nodiscard]] static int first_match(const Set& set, std::uint32_t fits, int first, std::uint64_t key,
                                         std::uint64_t pcid_bits) {
        for (; fits != 0; fits &= fits - 1) {
            const int way = first + std::countr_zero(fits);
            const TlbEntry& entry = set.entries_[way];
            if ((entry.key & TlbEntry::kKeyMask) != key) continue;
            if ((entry.data & TlbEntry::kPcidMask) == pcid_bits || entry.is_global()) return way;
        }
        return kNone;
    }

    void touch_order(Set& set, int way) const {
        // The nibble that holds `way` moves to the front, those before it move up by one.
        std::uint64_t& order = set.header_[kRecency];
        const auto moved = static_cast<std::uint64_t>(way);
        const std::uint64_t differs = order ^ (kEveryNibble * moved);
        const std::uint64_t equal = (differs - kEveryNibble) & ~differs & (kEveryNibble << 3);
        const std::uint64_t up_to = equal ^ (equal - 1); // ones up to the top bit of the first equal nibble
        const std::uint64_t before = up_to >> 4;
        order = (order & ~up_to) | (order & before) << 4 | moved;
    }
    void touch_tree(Set& set, int way) const {
        const TreePath& path = paths_[static_cast<std::size_t>(way)];
        set.header_[kRecency] = (set.header_[kRecency] & path.keep[0]) | path.set[0];
        if (shape_.ways > 64) set.header_[kRecency + 1] = (set.header_[kRecency + 1] & path.keep[1]) | path.set[1];
    }
    void touch_stamp(Set& set, int way);

    [[nodiscard]] std::uint32_t* stamps_of(const Set& set) const {
        return reinterpret_cast<std::uint32_t*>(set.entries_ + shape_.ways);
    }
    void sweep(Set& set, const FlushLog& log);
    [[nodiscard]] const char* check_structure() const;
    [[nodiscard]] int victim(const Set& set, unsigned allowed) const;
    [[nodiscard]] int tree_victim(const Set& set, unsigned allowed) const;
    [[nodiscard]] int stamp_victim(const Set& set, unsigned allowed) const;
    void reset_recency();
    void move_to_end(Set& set, int way) const;

    struct TreePath {
        std::array<std::uint64_t, 2> keep{};
        std::array<std::uint64_t, 2> set{};
    };

    ArrayShape shape_;
    std::uint32_t set_mask_ = 0;
    std::uint32_t lines_per_set_ = 0;
    std::uint32_t blocks_ = 0; ///< of eight tags
    std::uint32_t tree_leaves_ = 0;
    bool uses_stamps_ = false;
    std::vector<TreePath> paths_; ///< by way; derived from the shape
    std::vector<Line> lines_;
};

} // namespace ksl::core
