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
        : PageListOps(state, zone, state.lists_of(cpu, zone.id), cpu, fx, owners) {}
    PageListOps(PageState& state, Zone& zone, PageLists& lists, CpuId cpu, Fx& fx, PageOwners* owners)
        : state_(state), frames_(state.frames), rings_(state.page_rings), zone_(zone), lists_(lists), cpu_(cpu),
          fx_(fx), owners_(owners) {}

    /// The next page of the list for (order, type), refilled where it is empty; kNone if that cannot be done. The
    /// block's record is left to the caller.
    [[nodiscard]] Node take(unsigned order, MigrateType type, Temperature temperature, AllocFlags flags);

    /// Puts a block on its list and drains if there are too many. `remembered` is the pageblock's type when the free
    /// began; the block goes back to that type's buddy list one day.
    void put(Node node, unsigned order, MigrateType remembered, Temperature temperature);

    /// drain_pages_zone: all pages back to the buddy lists.
    void drain_all();

private:
    /// Everything that refill needs to know about a request.
    struct Wanted {
        std::uint8_t order;
        MigrateType type;
        Temperature temperature;
        AllocFlags flags;
    };
    // The rare ways out of the hot functions begin with what those were given, not with this view: a view whose address
    // nobody needs stays in registers.
    [[nodiscard, gnu::noinline]] static bool refill(PageState& state, Zone& zone, CpuId cpu, Fx& fx, PageOwners* owners,
                                                    Wanted wanted);
    [[gnu::noinline]] static void drain_after_put(PageState& state, Zone& zone, CpuId cpu, Fx& fx, unsigned index,
                                                  bool empties);

    [[nodiscard]] bool refill(const Wanted& wanted);
    void drain(std::uint32_t pages, unsigned index);
    void drain_round_robin(std::uint32_t pages);
    void drain_last_list_first(std::uint32_t pages, unsigned index);
    void drain_oldest(std::size_t from, unsigned order);
    [[nodiscard]] std::uint32_t pages_to_drain(bool empties);
    [[nodiscard]] Buddy<Fx> buddy() { return {state_, zone_, fx_, owners_}; }
    [[nodiscard]] std::size_t ring(unsigned index) const { return lists_.first_ring + index; }

    void touch(Node node) { fx_.write(fx_.data().page_struct(Pfn{node})); }
    /// The neighbour at one end, whose link changes when a page comes or goes there.
    void touch_end(std::size_t ring, Temperature end) {
        if (rings_.is_empty(ring)) return;
        touch(end == Temperature::hot ? rings_.front(ring) : rings_.back(ring));
    }
    void touch_lists() { fx_.write(fx_.data().pcp(cpu_, zone_.id)); }
    LockHold take_zone_lock() {
        fx_.charge(Step::zone_lock);
        fx_.write(fx_.data().zone_lock(zone_.id));
        return fx_.hold(lock_of(zone_.id));
    }

    PageState& state_;
    FrameTable& frames_;
    PageRings& rings_;
    Zone& zone_;
    PageLists& lists_;
    CpuId cpu_;
    Fx& fx_;
    PageOwners* owners_;
};

template <class Fx>
inline auto PageListOps<Fx>::take(unsigned order, MigrateType type, Temperature temperature, AllocFlags flags) -> Node {
    const std::size_t from = ring(state_.page_list_index(order, type));
    touch_lists();
    if (rings_.is_empty(from)) [[unlikely]] {
        const Wanted wanted{
            .order = static_cast<std::uint8_t>(order), .type = type, .temperature = temperature, .flags = flags};
        if (!refill(state_, zone_, cpu_, fx_, owners_, wanted)) return kNone;
    }
    const Node node = temperature == Temperature::hot ? rings_.pop_front(from) : rings_.pop_back(from);
    fx_.charge(Step::pcp_take);
    touch(node);
    touch_end(from, temperature);
    lists_.count -= 1U << order;
    return node;
}

template <class Fx>
inline void PageListOps<Fx>::put(Node node, unsigned order, MigrateType remembered, Temperature temperature) {
    // Pages of a high-atomic pageblock share the movable list, and remember where they belong.
    const MigrateType type = remembered == MigrateType::highatomic ? MigrateType::movable : remembered;
    const unsigned index = state_.page_list_index(order, type);
    frames_.set_block(node, BlockState::page_list, order, remembered);
    touch_lists();
    touch(node);
    touch_end(ring(index), temperature);
    if (temperature == Temperature::hot)
        rings_.push_front(ring(index), node);
    else
        rings_.push_back(ring(index), node);
    lists_.count += 1U << order;
    fx_.charge(Step::pcp_put);
    // 6.1: a block of order 1 to 3 freed while frees outnumber allocations empties everything.
    const bool empties = lists_.free_factor != 0 && order != 0 && order <= 3;
    if (lists_.count >= lists_.high || empties) [[unlikely]]
        drain_after_put(state_, zone_, cpu_, fx_, index, empties);
}

extern template class PageListOps<Effects>;
extern template class PageListOps<SilentEffects>;

} // namespace ksl::core
