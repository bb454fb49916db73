// SPDX-License-Identifier: MIT
//
// A set-associative array of translations: any number of ways, tree pseudo-LRU or true LRU, flushes in no time. The
// class describes where things lie; the words themselves belong to whoever owns several arrays in one piece of memory.
//
//     set:  | recency 8 | epoch 8 |  tags 2 each, in blocks of 8 ways  |  entries 16 each  |  what wide sets need more
//     |
//
// Looking up compares short tags of all ways at once and then the full key of a way whose tag fits. A valid tag has its
// highest bit set, so that invalid ways and the padding never fit.
//
// Replacement: an invalid way first (true LRU of up to 16 ways: the last one, else the first). Tree pseudo-LRU: one bit
// a node of a binary tree over the ways, rounded up to a power
//              of two. True LRU of up to 16 ways: their order, four bits each, in one word; of more ways: a time stamp
//              a way.
// Fidelity:    real TLBs do not publish their policy; these two are the usual models.
// Cost:        one or two cache lines of the host a set.
#pragma once

#include "core/tlb/flush_log.h"
#include "core/tlb/plru_paths.h"
#include "core/tlb/tag_match.h"
#include "core/tlb/tlb_entry.h"
#include "core/types/recency_order.h"

#include <bit>
#include <cstddef>
#include <cstdint>

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
    static constexpr unsigned kMostWays = kMostTreeLeaves;
    friend constexpr bool operator==(const ArrayShape&, const ArrayShape&) = default;
};

class AssocArray {
public:
    static constexpr int kNone = -1;
    /// The words of one set.
    using Set = std::uint64_t*;
    /// Where a page belongs in an array, once looked up. Valid until the array's memory moves.
    struct Place {
        Set set = nullptr;
        std::uint32_t tag = 0;

        [[nodiscard]] bool is_known() const { return set != nullptr; }
    };

    AssocArray() = default;
    /// An array whose sets begin at word `first` of the memory; a multiple of 8.
    AssocArray(const ArrayShape& shape, std::uint32_t first);

    [[nodiscard]] const ArrayShape& shape() const { return shape_; }
    [[nodiscard]] bool is_empty() const { return shape_.ways == 0; }
    /// One past the array's last word.
    [[nodiscard]] std::uint32_t end() const { return first_ + (shape_.sets() << set_shift_); }
    /// Makes all sets empty.
    void reset(std::uint64_t* memory) const;

    /// The place of a page number; its set is swept of what has been flushed.
    [[nodiscard, gnu::always_inline]] Place place_of(std::uint64_t* memory, std::uint64_t page,
                                                     const FlushLog& log) const {
        return {.set = set_at(memory, page & set_mask_, log), .tag = tag_of(page)};
    }
    [[nodiscard, gnu::always_inline]] Set set_at(std::uint64_t* memory, std::uint64_t index,
                                                 const FlushLog& log) const {
        std::uint64_t* const set = memory + first_ + (index << set_shift_);
        if (set[kEpoch] != log.now()) [[unlikely]]
            sweep(set, log);
        return set;
    }
    [[nodiscard]] static TlbEntry& entry(Set set, int way) { return reinterpret_cast<TlbEntry*>(set + kEntries)[way]; }

    /// The way that holds `key` for this PCID or globally; kNone if none does.
    [[nodiscard, gnu::always_inline]] int find(Place place, std::uint64_t key, std::uint64_t pcid_bits) const {
        const auto tag = static_cast<std::uint16_t>(place.tag);
        std::uint32_t fits = 0;
        if (blocks_ == 1)
            fits = match_tags_8(tags_of(place.set), tag);
        else if (blocks_ == 2)
            fits = match_tags_16(tags_of(place.set), tag);
        else
            return find_wide(place, key, pcid_bits);
        return fits == 0 ? kNone : first_match(place.set, fits, 0, key, pcid_bits);
    }
    /// The same as touch(), for where the last one used is likely to be used again.
    [[gnu::always_inline]] void touch_again(Set set, int way) const {
        if (kind_ == Kind::order && (set[kRecency] & 15) == static_cast<std::uint64_t>(way)) [[likely]]
            return;
        touch(set, way);
    }
    /// False: marking the way that was marked last once more changes something, a time stamp.
    [[nodiscard]] bool may_be_touched_once() const {
        return kind_ != Kind::wide || shape_.policy == Replacement::tree_plru;
    }
    /// Marks a way as the most recently used of its set.
    [[gnu::always_inline]] void touch(Set set, int way) const {
        if (kind_ == Kind::tree)
            touch_tree(set, way);
        else if (kind_ == Kind::order)
            touch_order(set, way);
        else
            touch_wide(set, way);
    }
    void touch_small(Set set, int way) const {
        if (kind_ == Kind::tree) [[likely]]
            touch_tree(set, way);
        else
            touch_order(set, way);
    }
    /// Puts an entry into the set, in place of the least recently used way. Returns what was there.
    [[nodiscard, gnu::always_inline]] TlbEntry insert(Place place, TlbEntry entry) const {
        std::uint64_t* const set = place.set;
        int way = 0;
        if (kind_ == Kind::order) {
            // The last in the order comes to the front; invalid ways are at the end already.
            const std::uint64_t order = set[kRecency];
            way = static_cast<int>(order >> last_place_ & 15);
            set[kRecency] = (order << 4 | static_cast<std::uint64_t>(way)) & order_mask_;
        } else if (kind_ == Kind::tree) {
            way = tree_victim(set);
            touch_tree(set, way);
        } else {
            way = victim_wide(set, shape_.ways);
            touch_wide(set, way);
        }
        return replace(place, way, entry);
    }
    /// The same among the first `allowed` ways only.
    [[nodiscard]] TlbEntry insert_limited(Place place, TlbEntry entry, unsigned allowed) const;
    void remove(Set set, int way) const;

    /// Removes every entry for which `which` is true, anywhere.
    template <class Predicate>
    void remove_if(std::uint64_t* memory, const FlushLog& log, Predicate which) const {
        for (std::uint32_t index = 0; index < shape_.sets(); ++index) {
            std::uint64_t* const set = set_at(memory, index, log);
            for (int way = 0; way < shape_.ways; ++way) {
                if (entry(set, way).is_valid() && which(entry(set, way))) remove(set, way);
            }
        }
    }
    /// Calls `visit(set, way, entry)` for every entry that is valid and not flushed.
    template <class Visit>
    void for_each(const std::uint64_t* memory, const FlushLog& log, Visit visit) const {
        for (std::uint32_t index = 0; index < shape_.sets(); ++index) {
            const std::uint64_t* set = memory + first_ + (std::size_t{index} << set_shift_);
            const auto* entries = reinterpret_cast<const TlbEntry*>(set + kEntries);
            for (int way = 0; way < shape_.ways; ++way) {
                if (entries[way].is_valid() && !log.has_flushed(entries[way], set[kEpoch]))
                    visit(index, way, entries[way]);
            }
        }
    }
    /// Empty text, or the first rule that the words of the array break. Words from a file that pass are safe to use.
    /// `low_bits_of(entry)`: bits of an entry's key below its page number.
    [[nodiscard]] const char* check(const std::uint64_t* memory, const FlushLog& log,
                                    unsigned (*low_bits_of)(const TlbEntry&)) const;

    // For the fast path of the first level (tlb.h), which knows that a set has at most eight ways.
    [[nodiscard]] Set raw_set_of(std::uint64_t* memory, std::uint64_t page) const {
        return memory + first_ + ((page & set_mask_) << set_shift_);
    }
    /// The same as an index of the memory's words.
    [[nodiscard]] std::uint32_t first_word_of(std::uint64_t page) const {
        return first_ + (static_cast<std::uint32_t>(page & set_mask_) << set_shift_);
    }
    /// The way of an entry of a set.
    [[nodiscard]] static std::size_t way_of(const std::uint64_t* set, const TlbEntry& entry) {
        return static_cast<std::size_t>(&entry - reinterpret_cast<const TlbEntry*>(set + kEntries));
    }
    static constexpr std::size_t kRecency = 0;
    static constexpr std::size_t kEpoch = 1;
    static constexpr std::size_t kTags = 2;
    static constexpr std::size_t kEntries = 6;
    [[nodiscard]] bool is_small() const { return blocks_ == 1 && kind_ != Kind::wide; }
    /// The page number folded into 15 bits. The bits of the set index come along; that does no harm.
    [[nodiscard]] static std::uint32_t tag_of(std::uint64_t page) {
        return static_cast<std::uint32_t>(page ^ page >> 15) | 0x8000;
    }
    /// Of a set of up to 16 ways.
    [[nodiscard]] static std::uint16_t* tags_of(Set set) { return reinterpret_cast<std::uint16_t*>(set + kTags); }

private:
    /// How recency is kept: tree of up to 64 leaves, order of up to 16 ways, or whatever takes more than a word.
    enum class Kind : std::uint8_t { tree, order, wide };

    static constexpr unsigned kOrderWays = RecencyOrder::kMost;
    static constexpr unsigned kTreeWays = 64;
    static constexpr std::uint64_t kIsFull = 1; ///< in the recency word of a tree

    [[nodiscard]] std::uint16_t* any_tags_of(Set set) const { return reinterpret_cast<std::uint16_t*>(set + tags_at_); }
    /// The second word of a large tree, or the stamps.
    [[nodiscard]] std::uint64_t* rest_of(Set set) const { return set + tags_at_ + std::size_t{blocks_} * 2U; }

    [[nodiscard]] static int first_match(Set set, std::uint32_t fits, int first, std::uint64_t key,
                                         std::uint64_t pcid_bits) {
        do {
            const int way = first + std::countr_zero(fits);
            const TlbEntry& found = entry(set, way);
            if ((found.key & TlbEntry::kKeyMask) == key &&
                ((found.data & TlbEntry::kPcidBits) == pcid_bits || found.is_global())) [[likely]]
                return way;
            fits &= fits - 1;
        } while (fits != 0);
        return kNone;
    }
    /// Word by word, and entries are passed by value: a wide load of what narrow stores have just written would wait
    /// for the data of both, which is the result of the walk (see put_tag()).
    [[nodiscard, gnu::always_inline]] TlbEntry replace(Place place, int way, TlbEntry by) const {
        std::uint64_t* slot = place.set + kEntries + static_cast<std::size_t>(way) * 2;
        const TlbEntry before{.key = slot[0], .data = slot[1]};
        slot[0] = by.key;
        slot[1] = by.data;
        put_tag(any_tags_of(place.set), static_cast<unsigned>(way), static_cast<std::uint16_t>(place.tag));
        return before;
    }

    static void touch_order(Set set, int way) {
        RecencyOrder order{set[kRecency]};
        order.touch(static_cast<unsigned>(way));
        set[kRecency] = order.raw();
    }
    void touch_tree(Set set, int way) const {
        const PlruPath& path = kPlruPaths[tree_leaves_ + static_cast<std::uint32_t>(way)];
        set[kRecency] = (set[kRecency] & path.keep[0]) | path.set[0];
    }
    /// An invalid way, or where the bits of the tree lead. Bit 0, which is no node, says that there is no invalid way.
    [[nodiscard, gnu::always_inline]] int tree_victim(Set set) const {
        const std::uint64_t bits = set[kRecency];
        if ((bits & kIsFull) == 0) [[unlikely]]
            return last_invalid_way(set);
        if (shape_.ways == 4) [[likely]] {
            const std::uint64_t half = bits >> 1 & 1;
            return static_cast<int>(2 * half + (bits >> (2 + half) & 1));
        }
        if (tree_leaves_ != shape_.ways) return limited_tree_victim(set, shape_.ways);
        std::uint32_t node = 1;
        for (std::uint32_t leaves = tree_leaves_; leaves > 1; leaves /= 2) {
            node = 2 * node + static_cast<std::uint32_t>(bits >> node & 1);
        }
        return static_cast<int>(node - tree_leaves_);
    }

    [[nodiscard]] int find_wide(Place place, std::uint64_t key, std::uint64_t pcid_bits) const;
    [[nodiscard]] int invalid_way(Set set, unsigned allowed) const;
    /// An invalid way that is about to be filled; notes if it is the last one.
    [[nodiscard]] int last_invalid_way(Set set) const;
    void touch_wide(Set set, int way) const;
    void touch_stamp(Set set, int way) const;
    [[nodiscard]] int victim_wide(Set set, unsigned allowed) const;
    [[nodiscard]] int limited_tree_victim(Set set, unsigned allowed) const;
    void sweep(Set set, const FlushLog& log) const;
    [[nodiscard]] RecencyOrder order_with_invalid_last(Set set) const;

    ArrayShape shape_;
    Kind kind_ = Kind::order;
    std::uint8_t last_place_ = 0; ///< shift of the last nibble of an order
    std::uint32_t first_ = 0;
    std::uint32_t set_mask_ = 0;
    std::uint32_t set_shift_ = 0;   ///< log2 of the words of a set
    std::uint32_t tags_at_ = kTags; ///< word of a set
    std::uint32_t blocks_ = 0;      ///< of eight tags
    std::uint32_t tree_leaves_ = 0;
    std::uint64_t order_mask_ = 0;
};

} // namespace ksl::core
