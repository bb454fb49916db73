// SPDX-License-Identifier: MIT
//
// The per-CPU page lists of one zone and CPU, in front of its buddy lists: allocation from the head, refill in batches,
// frees to the head, drains of the oldest pages.
//
// Source:  4.x: rmqueue_bulk, buffered_rmqueue, free_hot_cold_page, free_pcppages_bulk; 6.1: rmqueue_bulk,
//          __rmqueue_pcplist, free_unref_page_commit, nr_pcp_free, nr_pcp_high, free_pcppages_bulk, drain_pages_zone
//          (all mm/page_alloc.c). Which of them holds is PageRules' to say.
#pragma once

#include "core/memory/buddy.h"

#include <algorithm>

namespace ksl::core {

/// Which end of a page list a page is taken from or put to. 6.1 knows the hot end only.
enum class Temperature : std::uint8_t { hot, cold };

template <class Fx>
class PageListOps {
public:
    using Node = FrameTable::Node;
    static constexpr Node kNone = FrameTable::kNoNode;

    PageListOps(PageState& state, Zone& zone, Fx& fx, PageOwners* owners = nullptr)
        : PageListOps(state, zone, fx.cpu(), fx, owners) {}
    /// The lists of any CPU.
    PageListOps(PageState& state, Zone& zone, CpuId cpu, Fx& fx, PageOwners* owners = nullptr)
        : state_(state), frames_(state.frames), zone_(zone), lists_(state.lists_of(cpu, zone.id)), cpu_(cpu), fx_(fx),
          buddy_(state, zone, fx, owners) {}

    /// The next page of the list for (order, type), refilled where it is empty; kNone if that cannot be done. The
    /// block's record is left to the caller.
    [[nodiscard]] Node take(unsigned order, MigrateType type, Temperature temperature, AllocFlags flags);

    /// Puts a block on its list and drains if there are too many. `remembered` is the pageblock's type when the free
    /// began; the block goes back to that type's buddy list one day.
    void put(Node node, unsigned order, MigrateType remembered, Temperature temperature);

    /// drain_pages_zone: all pages back to the buddy lists.
    void drain_all();

private:
    [[nodiscard]] bool refill(unsigned order, MigrateType type, Temperature temperature, AllocFlags flags);
    void drain(std::uint32_t pages, unsigned index);
    void drain_round_robin(std::uint32_t pages);
    void drain_last_list_first(std::uint32_t pages, unsigned index);
    void drain_oldest(ListId list, unsigned order);
    [[nodiscard]] std::uint32_t pages_to_drain(bool empties);
    [[nodiscard]] ListId list(unsigned index) const { return state_.page_list(cpu_, zone_.id, index); }

    void touch(Node node) {
        if (frames_.is_frame(node)) fx_.write(fx_.data().page_struct(Pfn{node}));
    }
    void touch_lists() { fx_.write(fx_.data().pcp(cpu_, zone_.id)); }
    void take_zone_lock() {
        fx_.charge(Step::zone_lock);
        fx_.write(fx_.data().zone_lock(zone_.id));
    }

    PageState& state_;
    FrameTable& frames_;
    Zone& zone_;
    PageLists& lists_;
    CpuId cpu_;
    Fx& fx_;
    Buddy<Fx> buddy_;
};

template <class Fx>
inline auto PageListOps<Fx>::take(unsigned order, MigrateType type, Temperature temperature, AllocFlags flags) -> Node {
    const ListId from = list(state_.page_list_index(order, type));
    const Node sentinel = frames_.sentinel(from);
    touch_lists();
    Node node = temperature == Temperature::hot ? frames_.next(sentinel) : frames_.prev(sentinel);
    if (node == sentinel) [[unlikely]] {
        if (!refill(order, type, temperature, flags)) return kNone;
        node = temperature == Temperature::hot ? frames_.next(sentinel) : frames_.prev(sentinel);
    }
    fx_.charge(Step::pcp_take);
    touch(node);
    touch(frames_.next(node));
    touch(frames_.prev(node));
    frames_.unlink(node);
    lists_.count -= 1U << order;
    return node;
}

template <class Fx>
inline void PageListOps<Fx>::put(Node node, unsigned order, MigrateType remembered, Temperature temperature) {
    // Pages of a high-atomic pageblock share the movable list, and remember where they belong.
    const MigrateType type = remembered == MigrateType::highatomic ? MigrateType::movable : remembered;
    const unsigned index = state_.page_list_index(order, type);
    const Node sentinel = frames_.sentinel(list(index));
    frames_.set_block(node, BlockState::page_list, order, remembered);
    touch_lists();
    touch(node);
    if (temperature == Temperature::hot) {
        touch(frames_.next(sentinel));
        frames_.insert_between(sentinel, node, frames_.next(sentinel));
    } else {
        touch(frames_.prev(sentinel));
        frames_.insert_between(frames_.prev(sentinel), node, sentinel);
    }
    lists_.count += 1U << order;
    fx_.charge(Step::pcp_put);
    if (state_.rules.pcp_drain == PcpDrainRule::round_robin) {
        if (lists_.count >= lists_.high) drain(lists_.batch, index);
        return;
    }
    // A block of order 1 to 3 freed while frees outnumber allocations empties everything.
    const bool empties = lists_.free_factor != 0 && order != 0 && order <= 3;
    const std::uint32_t high = empties ? 0 : lists_.high;
    if (lists_.count >= high) drain(pages_to_drain(empties), index);
}

extern template class PageListOps<Effects>;
extern template class PageListOps<SilentEffects>;

} // namespace ksl::core
