// SPDX-License-Identifier: MIT
//
// The buddy lists of one zone: splitting, merging, and taking from other migrate types. What the kernel does under the
// zone lock.
//
// Units:     a block is named by its first frame, orders 0 to 10.
// Contract:  take() leaves the block's record in the frame table to the caller, who knows what it becomes; put() takes
//            a block in any state that is on no list.
// Source:    __rmqueue_smallest, expand, __rmqueue_fallback, find_suitable_fallback, steal_suitable_fallback,
//            move_freepages_block, boost_watermark, __free_one_page (mm/page_alloc.c of 4.7, 4.9, 6.1).
// Fidelity:  no CMA, no memory isolation, no page reporting, no shuffling; grouping by mobility is always on (machines
//            of less than 8 MiB would turn it off).
#pragma once

#include "core/effects/effects.h"
#include "core/effects/silent_effects.h"
#include "core/memory/page_owners.h"
#include "core/memory/page_state.h"
#include "core/memory/watermark.h"

#include <optional>

namespace ksl::core {

/// For whom a block leaves the buddy lists.
enum class TakeFor : std::uint8_t { caller, page_list };

template <class Fx>
class Buddy {
public:
    using Node = FrameTable::Node;
    static constexpr Node kNone = FrameTable::kNoNode;

    Buddy(PageState& state, Zone& zone, Fx& fx, PageOwners* owners = nullptr)
        : state_(state), frames_(state.frames), zone_(zone), fx_(fx), owners_(owners) {}

    /// A block of exactly this order, from the wanted type's lists or by fallback; kNone if there is none.
    /// The zone's count of free pages is the caller's to change, once for many blocks.
    [[nodiscard]] Node take(unsigned order, MigrateType type, AllocFlags flags, TakeFor reason) {
        Node node = take_smallest(order, type, reason);
        if (node == kNone) [[unlikely]]
            node = take_fallback(order, type, flags, reason);
        return node;
    }
    /// The first block of the smallest order that has one, split down; no fallback.
    [[nodiscard]] Node take_smallest(unsigned order, MigrateType type, TakeFor reason);

    /// Frees a block: merges it as far as it goes and puts the result on `type`'s list. Counts the pages as free.
    /// Without `end` the kernel's rule decides between head and tail.
    void put(Node node, unsigned order, MigrateType type, std::optional<ListEnd> end = std::nullopt);

    /// Takes one particular free block off its list, without splitting.
    void remove(Node node, unsigned order);
    /// Moves all free blocks of the pageblock around `node` to `type`'s lists; returns the pages moved, 0 if the
    /// pageblock reaches over the zone's end.
    std::uint32_t move_pageblock(Node node, MigrateType type);

    /// NR_FREE_PAGES, seen from this CPU.
    void count_free(std::int64_t change) {
        PageLists& lists = state_.lists_of(fx_.cpu(), zone_.id);
        change_counter(zone_.free_pages, lists.free_pages_diff, change, zone_.stat_threshold);
    }

private:
    struct FallbackChoice {
        MigrateType type;
        bool can_steal;
    };

    void split(Node node, unsigned low, unsigned high, MigrateType type);
    void add(Node node, unsigned order, MigrateType type, ListEnd end);
    [[nodiscard]] bool may_merge(Node buddy, MigrateType type) const;
    [[nodiscard]] bool merge_is_likely(Node node, unsigned order) const;

    [[nodiscard]] Node take_fallback(unsigned order, MigrateType type, AllocFlags flags, TakeFor reason);
    [[nodiscard]] Node split_fallback(unsigned order, MigrateType type, AllocFlags flags);
    [[nodiscard]] bool move_fallback(unsigned order, MigrateType type, AllocFlags flags);
    [[nodiscard]] std::optional<FallbackChoice> find_fallback(unsigned order, MigrateType type);
    bool steal(Node node, unsigned order, MigrateType type, AllocFlags flags, bool whole_pageblock);
    bool claim(Node node, MigrateType type, MigrateType before, std::uint32_t moved, std::uint32_t movable);
    [[nodiscard]] std::uint32_t movable_pages_around(Node node, MigrateType pageblock_type) const;
    void set_pageblock_types(Node node, unsigned order, MigrateType type);
    void boost_watermark(bool wakes_kswapd);
    void report_fallback(Node node, unsigned order, MigrateType type, MigrateType from, bool whole);

    void touch(Node node, unsigned order, MigrateType type) {
        if (frames_.is_frame(node))
            fx_.write(fx_.data().page_struct(Pfn{node}));
        else
            fx_.write(fx_.data().free_list(zone_.id, Order{order}, type));
    }

    PageState& state_;
    FrameTable& frames_;
    Zone& zone_;
    Fx& fx_;
    PageOwners* owners_;
};

template <class Fx>
inline void Buddy<Fx>::add(Node node, unsigned order, MigrateType type, ListEnd end) {
    frames_.set_block(node, BlockState::free, order, type);
    const Node sentinel = frames_.sentinel(PageState::free_list(zone_.id, order, type));
    const Node neighbour = end == ListEnd::head ? frames_.next(sentinel) : frames_.prev(sentinel);
    if (end == ListEnd::head)
        frames_.insert_between(sentinel, node, neighbour);
    else
        frames_.insert_between(neighbour, node, sentinel);
    ++zone_.free_blocks[order];
    touch(node, order, type);
    touch(neighbour, order, type);
    touch(sentinel, order, type);
}

template <class Fx>
inline void Buddy<Fx>::remove(Node node, unsigned order) {
    const MigrateType type = frames_.type(node);
    touch(node, order, type);
    touch(frames_.next(node), order, type);
    touch(frames_.prev(node), order, type);
    frames_.unlink(node);
    --zone_.free_blocks[order];
}

template <class Fx>
inline void Buddy<Fx>::split(Node node, unsigned low, unsigned high, MigrateType type) {
    while (high > low) {
        --high;
        const Node half = node + (Node{1} << high);
        add(half, high, type, ListEnd::head);
        fx_.charge(Step::buddy_split);
        fx_.report(EventLevel::fine, [&] { return BlockSplit{.pfn = half, .order = static_cast<std::uint8_t>(high)}; });
    }
}

template <class Fx>
inline auto Buddy<Fx>::take_smallest(unsigned order, MigrateType type, TakeFor reason) -> Node {
    for (unsigned at = order; at < kOrders; ++at) {
        const Node sentinel = frames_.sentinel(PageState::free_list(zone_.id, at, type));
        const Node node = frames_.next(sentinel);
        fx_.read(fx_.data().free_list(zone_.id, Order{at}, type));
        if (node == sentinel) {
            fx_.charge(Step::buddy_list_probe);
            continue;
        }
        fx_.charge(reason == TakeFor::caller ? Step::buddy_take : Step::pcp_refill_block);
        remove(node, at);
        split(node, order, at, type);
        fx_.report(EventLevel::micro, [&] {
            return BlockRemoved{.pfn = node,
                                .order = static_cast<std::uint8_t>(order),
                                .type = type,
                                .for_pcp = reason == TakeFor::page_list};
        });
        return node;
    }
    return kNone;
}

template <class Fx>
inline bool Buddy<Fx>::may_merge(Node buddy, MigrateType type) const {
    if (!state_.rules.merges_only_fallback_types) return true;
    const MigrateType other = state_.pageblock_type(buddy);
    return other == type || (other != MigrateType::highatomic && type != MigrateType::highatomic);
}

template <class Fx>
inline bool Buddy<Fx>::merge_is_likely(Node node, unsigned order) const {
    if (order >= kMaxOrder.raw() - 1) return false;
    const Node pair = node & ~(Node{1} << order);
    const Node higher_buddy = pair ^ (Node{2} << order);
    fx_.read(fx_.data().page_struct(Pfn{higher_buddy}));
    return frames_.is_free(higher_buddy, order + 1);
}

template <class Fx>
inline void Buddy<Fx>::put(Node node, unsigned order, MigrateType type, std::optional<ListEnd> end) {
    count_free(std::int64_t{1} << order);
    while (order < kMaxOrder.raw()) {
        const Node buddy = node ^ (Node{1} << order);
        fx_.read(fx_.data().page_struct(Pfn{buddy}));
        if (!frames_.is_free(buddy, order)) break;
        if (order >= kPageblockOrder.raw() && !may_merge(buddy, type)) break;
        remove(buddy, order);
        frames_.clear_block(node | (Node{1} << order));
        node &= ~(Node{1} << order);
        ++order;
        fx_.charge(Step::buddy_merge);
        fx_.report(EventLevel::fine,
                   [&] { return BlocksMerged{.pfn = node, .order = static_cast<std::uint8_t>(order)}; });
    }
    const ListEnd where = end.value_or(merge_is_likely(node, order) ? ListEnd::tail : ListEnd::head);
    add(node, order, type, where);
}

extern template class Buddy<Effects>;
extern template class Buddy<SilentEffects>;

} // namespace ksl::core
