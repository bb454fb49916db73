// SPDX-License-Identifier: MIT
//
// What happens next: pending events in order of time, and events of the same time in order of their insertion.
//
// Units:     `Time` is core::Nanoseconds or core::Cycles. Time runs forwards: nothing may be pushed before the time
//            of the last event popped, nor before a limit that pop_until() was asked for.
// Layout:    a radix queue (Ahuja, Mehlhorn, Orlin, Tarjan: "Faster algorithms for the shortest path problem", JACM
//            1990), which is also the hierarchical timing wheel of Varghese and Lauck (SOSP 1987) without its ticks.
//            A time is six digits of 11 bits; a pending event lies in the slot of the highest digit in which it
//            differs from now. When a slot's turn comes, its events move to the lower levels. Slots of the lowest
//            level, one time each, are lists; the others are runs of blocks, so that events move from memory to
//            memory in sequence.
// Cost:      an event moves at most once a level: six moves whatever the distribution, and two or three where events
//            spread over less than a second. There is no width to adapt, so neither clusters nor equal or far-apart
//            times can spoil it. Memory: 16 bytes an event with a payload of up to 8, and 256 a slot in use.
// Order:     stable without sequence numbers. Where an event lies depends on its time and on now alone, so events of
//            one time are always in one slot, and each slot keeps its order.
// Copies:    share their memory until written (CowArray), so that a checkpoint of a queue costs microseconds.
#pragma once

#include "core/types/archive.h"
#include "core/types/assert.h"
#include "core/types/cow_array.h"
#include "core/types/time.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <utility>
#include <vector>

namespace ksl::sim {

template <core::PlainState Payload, class Time = core::Nanoseconds>
class EventQueue {
public:
    struct Entry {
        Time at;
        Payload what;
        friend bool operator==(const Entry&, const Entry&) = default;
    };

    EventQueue() : lists_(kSlots, kNil), runs_(std::size_t{kLevels} * kSlots, kNil) {}

    [[nodiscard]] bool empty() const { return size_ == 0; }
    [[nodiscard]] std::size_t size() const { return size_; }

    void push(Time at, const Payload& what) {
        KSL_ASSERT(at.count() >= now_, "time runs forwards");
        place({at, what});
        ++size_;
    }

    /// The next event; the queue must not be empty.
    Entry pop() {
        KSL_ASSERT(!empty(), "an event to pop");
        advance(kEndOfTime);
        return pop_due();
    }

    /// The next event if it is not after `limit`.
    std::optional<Entry> pop_until(Time limit) {
        if (!advance(limit.count())) return std::nullopt;
        return pop_due();
    }

    /// Time of the next event; the queue must not be empty. Costs a look at one slot's events.
    [[nodiscard]] Time next_time() const;

    /// Everything pending, in the order in which it would be popped.
    [[nodiscard]] std::vector<Entry> pending() const;

    /// Equal queues pop the same from now on; where their events happen to lie in memory is not state.
    friend bool operator==(const EventQueue& a, const EventQueue& b) {
        return a.size_ == b.size_ && a.now_ == b.now_ && a.pending() == b.pending();
    }

    template <class Archive>
    void describe(Archive& archive);

    /// "" or the first broken invariant.
    [[nodiscard]] const char* check_invariants() const;

private:
    using Index = std::uint32_t;
    static constexpr Index kNil = std::numeric_limits<Index>::max();
    static constexpr std::uint64_t kEndOfTime = std::numeric_limits<std::uint64_t>::max();
    static constexpr unsigned kDigitBits = 11;
    static constexpr unsigned kSlots = 1U << kDigitBits;
    static constexpr unsigned kLevels = (64 + kDigitBits - 1) / kDigitBits;
    static constexpr unsigned kWords = kSlots / 64;
    static constexpr unsigned kBlockBits = 4;
    static constexpr unsigned kBlockEntries = 1U << kBlockBits;

    /// An event of the lowest level, or one that is due.
    struct Node {
        Entry entry{};
        Index next = kNil;
    };
    /// Part of a higher slot's run of events, in order of insertion.
    struct Block {
        std::array<Entry, kBlockEntries> entries{};
    };
    /// Which slots of a level have events: a bit a slot, and a bit a word of these.
    struct Occupied {
        std::uint64_t words = 0;
        std::array<std::uint64_t, kWords> slots{};
    };

    static std::size_t run_index(unsigned level, unsigned slot) { return std::size_t{level} * kSlots + slot; }
    static unsigned slot_of(std::uint64_t at, unsigned level) {
        return static_cast<unsigned>(at >> (level * kDigitBits)) & (kSlots - 1);
    }
    static unsigned level_of(std::uint64_t differing) {
        return static_cast<unsigned>(63 - std::countl_zero(differing)) / kDigitBits;
    }
    /// First time of a slot: the digits above those of now, its own digit, zeros below.
    [[nodiscard]] std::uint64_t start_of(unsigned level, unsigned slot) const {
        const unsigned low = level * kDigitBits;
        const unsigned above = low + kDigitBits;
        const std::uint64_t kept = above >= 64 ? 0 : now_ >> above << above;
        return kept | static_cast<std::uint64_t>(slot) << low;
    }
    [[nodiscard]] unsigned lowest_level() const { return static_cast<unsigned>(std::countr_zero(used_levels_)); }
    [[nodiscard]] unsigned first_slot(unsigned level) const {
        const Occupied& occupied = occupied_[level];
        const auto word = static_cast<unsigned>(std::countr_zero(occupied.words));
        return word * 64 + static_cast<unsigned>(std::countr_zero(occupied.slots[word]));
    }
    [[nodiscard]] bool is_marked(unsigned level, unsigned slot) const {
        return (occupied_[level].slots[slot / 64] >> (slot % 64) & 1) != 0;
    }
    void mark(unsigned level, unsigned slot) {
        Occupied& occupied = occupied_[level];
        occupied.slots[slot / 64] |= std::uint64_t{1} << (slot % 64);
        occupied.words |= std::uint64_t{1} << (slot / 64);
        used_levels_ |= 1U << level;
    }
    void unmark(unsigned level, unsigned slot) {
        Occupied& occupied = occupied_[level];
        occupied.slots[slot / 64] &= ~(std::uint64_t{1} << (slot % 64));
        if (occupied.slots[slot / 64] == 0) occupied.words &= ~(std::uint64_t{1} << (slot / 64));
        if (occupied.words == 0) used_levels_ &= ~(1U << level);
    }

    void place(const Entry& entry) {
        const std::uint64_t differing = entry.at.count() ^ now_;
        if (differing >= kSlots) {
            const unsigned level = level_of(differing);
            add_to_run(level, slot_of(entry.at.count(), level), entry);
        } else if (differing != 0) {
            add_to_list(slot_of(entry.at.count(), 0), entry);
        } else {
            add_due(entry);
        }
    }

    Index new_node(const Entry& entry, Index next) {
        Index index = free_nodes_;
        if (index == kNil) {
            index = static_cast<Index>(nodes_.size());
            nodes_.push_back({entry, next});
            return index;
        }
        Node& node = nodes_.mut(index);
        free_nodes_ = node.next;
        node = {entry, next};
        return index;
    }
    void add_due(const Entry& entry) {
        const Index index = new_node(entry, kNil);
        if (due_first_ == kNil)
            due_first_ = index;
        else
            nodes_.mut(due_last_).next = index;
        due_last_ = index;
    }
    void add_to_list(unsigned slot, const Entry& entry) {
        Index& newest = lists_.mut(slot);
        newest = new_node(entry, newest);
        mark(0, slot);
    }

    /// The end of a run: its last block, and how many of that block's entries are used, less one.
    static Index run_end(Index block, unsigned used) { return block << kBlockBits | (used - 1); }
    static Index block_of(Index end) { return end >> kBlockBits; }
    static unsigned used_of(Index end) { return (end & (kBlockEntries - 1)) + 1; }

    Index new_block(Index previous) {
        Index block = free_blocks_;
        if (block == kNil) {
            block = static_cast<Index>(blocks_.size());
            blocks_.resize(blocks_.size() + 1);
            previous_.push_back(previous);
            return block;
        }
        free_blocks_ = std::exchange(previous_.mut(block), previous);
        return block;
    }
    void add_to_run(unsigned level, unsigned slot, const Entry& entry) {
        Index& end = runs_.mut(run_index(level, slot));
        if (end != kNil && used_of(end) < kBlockEntries) [[likely]] {
            ++end;
        } else {
            if (end == kNil) mark(level, slot);
            end = run_end(new_block(end), 1);
        }
        blocks_.mut(block_of(end)).entries[used_of(end) - 1] = entry;
    }

    /// True if an event is due now, at a time of at most `limit`; moves now to it.
    bool advance(std::uint64_t limit) {
        while (due_first_ == kNil) {
            if (used_levels_ == 0) return false;
            const unsigned level = lowest_level();
            const unsigned slot = first_slot(level);
            const std::uint64_t start = start_of(level, slot);
            if (start > limit) return false;
            now_ = start;
            unmark(level, slot);
            if (level == 0)
                make_due(std::exchange(lists_.mut(slot), kNil));
            else
                spread(std::exchange(runs_.mut(run_index(level, slot)), kNil));
        }
        return now_ <= limit;
    }

    /// All events of a list are due now.
    void make_due(Index newest) {
        due_last_ = newest;
        while (newest != kNil) {
            const Index older = std::exchange(nodes_.mut(newest).next, due_first_);
            due_first_ = std::exchange(newest, older);
        }
    }

    /// Moves a run's events, oldest first, to where they belong now, and frees its blocks.
    void spread(Index end) {
        const unsigned used_in_last = used_of(end);
        Index oldest = kNil;
        while (end != kNil) {
            const Index block = block_of(end);
            end = std::exchange(previous_.mut(block), oldest);
            oldest = block;
        }
        while (oldest != kNil) {
            const Index next = previous_[oldest];
            const unsigned used = next == kNil ? used_in_last : kBlockEntries;
            for (unsigned i = 0; i < used; ++i) {
                const Entry entry = blocks_[oldest].entries[i]; // a copy: placing it may move the blocks
                place(entry);
            }
            previous_.mut(oldest) = std::exchange(free_blocks_, oldest);
            oldest = next;
        }
    }

    Entry pop_due() {
        const Index index = due_first_;
        Node& node = nodes_.mut(index);
        due_first_ = std::exchange(node.next, free_nodes_);
        free_nodes_ = index;
        --size_;
        return node.entry;
    }

    /// Calls visit(entry) for a run's events, newest first.
    template <class Visit>
    void visit_run(Index end, Visit&& visit) const {
        while (end != kNil) {
            for (unsigned i = used_of(end); i-- > 0;) visit(blocks_[block_of(end)].entries[i]);
            end = previous_[block_of(end)];
        }
    }

    /// Ends of all runs, in order of time.
    [[nodiscard]] std::vector<Index> run_ends() const {
        std::vector<Index> ends;
        for (unsigned level = 1; level < kLevels; ++level) {
            for (unsigned slot = 0; slot < kSlots; ++slot) {
                if (is_marked(level, slot)) ends.push_back(runs_[run_index(level, slot)]);
            }
        }
        return ends;
    }

    std::uint64_t now_ = 0;
    std::size_t size_ = 0;
    Index due_first_ = kNil;
    Index due_last_ = kNil; ///< meaningful while due_first_ is not kNil
    Index free_nodes_ = kNil;
    Index free_blocks_ = kNil;
    std::uint32_t used_levels_ = 0;
    std::array<Occupied, kLevels> occupied_{};
    core::CowArray<Index, 256> lists_; ///< newest node of each slot of level 0
    core::CowArray<Index, 256> runs_;  ///< run_end of each slot of the levels above
    core::CowArray<Node, 64> nodes_;
    core::CowArray<Block, 16> blocks_;
    core::CowArray<Index, 256> previous_; ///< of a block in its run: the run_end of the block before
};

template <core::PlainState Payload, class Time>
Time EventQueue<Payload, Time>::next_time() const {
    KSL_ASSERT(!empty(), "an event to look at");
    if (due_first_ != kNil) return Time{now_};
    const unsigned level = lowest_level();
    const unsigned slot = first_slot(level);
    if (level == 0) return Time{start_of(level, slot)};
    Time earliest{kEndOfTime};
    visit_run(runs_[run_index(level, slot)], [&](const Entry& entry) { earliest = std::min(earliest, entry.at); });
    return earliest;
}

template <core::PlainState Payload, class Time>
std::vector<typename EventQueue<Payload, Time>::Entry> EventQueue<Payload, Time>::pending() const {
    std::vector<Entry> all;
    all.reserve(size_);
    for (Index i = due_first_; i != kNil; i = nodes_[i].next) all.push_back(nodes_[i].entry);
    for (unsigned slot = 0; slot < kSlots; ++slot) {
        const auto start = static_cast<std::ptrdiff_t>(all.size());
        for (Index i = lists_[slot]; i != kNil; i = nodes_[i].next) all.push_back(nodes_[i].entry);
        std::reverse(all.begin() + start, all.end());
    }
    for (const Index end : run_ends()) {
        const auto start = static_cast<std::ptrdiff_t>(all.size());
        visit_run(end, [&](const Entry& entry) { all.push_back(entry); });
        std::reverse(all.begin() + start, all.end());
        std::stable_sort(all.begin() + start, all.end(), [](const Entry& a, const Entry& b) { return a.at < b.at; });
    }
    return all;
}

template <core::PlainState Payload, class Time>
template <class Archive>
void EventQueue<Payload, Time>::describe(Archive& archive) {
    std::vector<std::uint64_t> times;
    std::vector<Payload> payloads;
    if constexpr (!Archive::kReads) {
        for (const Entry& entry : pending()) {
            times.push_back(entry.at.count());
            payloads.push_back(entry.what);
        }
    }
    archive(now_, times, payloads);
    if constexpr (Archive::kReads) {
        const std::uint64_t now = now_;
        *this = EventQueue{};
        now_ = now;
        if (times.size() != payloads.size() || !std::ranges::is_sorted(times) ||
            (!times.empty() && times.front() < now)) {
            archive.fail();
            return;
        }
        for (std::size_t i = 0; i < times.size(); ++i) push(Time{times[i]}, payloads[i]);
    }
}

template <core::PlainState Payload, class Time>
const char* EventQueue<Payload, Time>::check_invariants() const {
    std::size_t events = 0;
    for (Index i = due_first_; i != kNil; i = nodes_[i].next, ++events) {
        if (nodes_[i].entry.at.count() != now_) return "an event that is due is due now";
        if (nodes_[i].next == kNil && i != due_last_) return "the last event that is due is known";
    }
    for (unsigned slot = 0; slot < kSlots; ++slot) {
        if (is_marked(0, slot) != (lists_[slot] != kNil)) return "the bit of a slot says whether it has events";
        for (Index i = lists_[slot]; i != kNil; i = nodes_[i].next, ++events) {
            if (nodes_[i].entry.at.count() != start_of(0, slot)) return "a list has events of its slot's time";
        }
    }
    std::size_t nodes = events;
    for (Index i = free_nodes_; i != kNil; i = nodes_[i].next) ++nodes;
    if (nodes != nodes_.size()) return "every node is pending or free";
    std::size_t blocks = 0;
    for (unsigned level = 1; level < kLevels; ++level) {
        for (unsigned slot = 0; slot < kSlots; ++slot) {
            const Index run = runs_[run_index(level, slot)];
            if (is_marked(level, slot) != (run != kNil)) return "the bit of a slot says whether it has events";
            bool is_misplaced = false;
            visit_run(run, [&](const Entry& entry) {
                const std::uint64_t at = entry.at.count();
                is_misplaced |= at <= now_ || level_of(at ^ now_) != level || slot_of(at, level) != slot;
                ++events;
            });
            if (is_misplaced) return "an event lies in the slot of its highest differing digit";
            for (Index end = run; end != kNil; end = previous_[block_of(end)]) ++blocks;
        }
    }
    for (Index i = free_blocks_; i != kNil; i = previous_[i]) ++blocks;
    if (blocks != blocks_.size()) return "every block is in a run or free";
    return events == size_ ? "" : "every event is counted";
}

} // namespace ksl::sim
