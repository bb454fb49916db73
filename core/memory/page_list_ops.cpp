// SPDX-License-Identifier: MIT
#include "core/memory/page_list_ops.h"

namespace ksl::core {

template <class Fx>
bool PageListOps<Fx>::refill(PageState& state, Zone& zone, CpuId cpu, Fx& fx, PageOwners* owners, Wanted wanted) {
    return PageListOps(state, zone, cpu, fx, owners).refill(wanted);
}

template <class Fx>
bool PageListOps<Fx>::refill(const Wanted& wanted) {
    const unsigned order = wanted.order;
    // Larger blocks come in smaller batches; a batch of one belongs to a zone too small to keep pages at all.
    const bool scales = state_.rules.pcp_drain == PcpDrainRule::last_list_first && lists_.batch > 1;
    const std::uint32_t blocks = scales ? std::max(lists_.batch >> order, 2U) : lists_.batch;
    const std::size_t to = ring(state_.page_list_index(order, wanted.type));
    fx_.charge(Step::pcp_refill);
    [[maybe_unused]] const LockHold held = take_zone_lock();
    Buddy<Fx> lists = buddy();
    std::uint32_t obtained = 0;
    for (; obtained < blocks; ++obtained) {
        const Node node = lists.take(order, wanted.type, wanted.flags, TakeFor::page_list);
        if (node == kNone) break;
        frames_.set_block(node, BlockState::page_list, order, wanted.type);
        touch(node);
        // The end that will be taken from gets the first block obtained.
        if (wanted.temperature == Temperature::hot)
            rings_.push_back(to, node);
        else
            rings_.push_front(to, node);
    }
    lists.count_free(-(std::int64_t{obtained} << order));
    lists_.count += obtained << order;
    if (obtained == 0) return false;
    fx_.report(EventLevel::fine, [&] {
        return PcpRefilled{.zone = zone_.id,
                           .order = static_cast<std::uint8_t>(order),
                           .type = wanted.type,
                           .blocks = static_cast<std::uint16_t>(obtained)};
    });
    return true;
}

template <class Fx>
void PageListOps<Fx>::drain_after_put(PageState& state, Zone& zone, CpuId cpu, Fx& fx, unsigned index, bool empties) {
    PageListOps ops(state, zone, cpu, fx);
    const bool is_round_robin = state.rules.pcp_drain == PcpDrainRule::round_robin;
    ops.drain(is_round_robin ? ops.lists_.batch : ops.pages_to_drain(empties), index);
}

/// nr_pcp_free.
template <class Fx>
std::uint32_t PageListOps<Fx>::pages_to_drain(bool empties) {
    if (empties) return lists_.count;
    if (lists_.high < lists_.batch) return 1;
    const std::uint32_t most = lists_.high - lists_.batch;
    const std::uint32_t scaled = lists_.batch << lists_.free_factor;
    if (scaled < most && lists_.free_factor < state_.rules.pcp_most_free_factor) ++lists_.free_factor;
    return std::min(std::max(scaled, lists_.batch), most);
}

template <class Fx>
void PageListOps<Fx>::drain(std::uint32_t pages, unsigned index) {
    fx_.charge(Step::pcp_drain);
    [[maybe_unused]] const LockHold held = take_zone_lock();
    if (state_.rules.pcp_drain == PcpDrainRule::round_robin)
        drain_round_robin(std::min(pages, lists_.count));
    else
        drain_last_list_first(std::min(pages, lists_.count), index);
}

template <class Fx>
void PageListOps<Fx>::drain_oldest(std::size_t from, unsigned order) {
    const Node node = rings_.pop_back(from);
    const MigrateType remembered = frames_.type(node);
    touch(node);
    touch_end(from, Temperature::cold);
    lists_.count -= 1U << order;
    fx_.charge(Step::pcp_drain_block);
    buddy().put(node, order, remembered);
    fx_.report(EventLevel::fine,
               [&] { return PcpDrained{.pfn = node, .order = static_cast<std::uint8_t>(order), .type = remembered}; });
}

template <class Fx>
void PageListOps<Fx>::drain_round_robin(std::uint32_t pages) {
    auto left = static_cast<std::int64_t>(pages);
    const std::uint32_t lists = state_.rules.pcp_lists();
    std::uint32_t index = 0;
    std::uint32_t turn = 0;
    while (left > 0) {
        do {
            ++turn;
            index = (index + 1) % lists;
        } while (rings_.is_empty(ring(index)));
        // All round in one go: this is the only list that has pages.
        if (turn == lists) turn = pages;
        const unsigned order = state_.page_list_order(index);
        do {
            drain_oldest(ring(index), order);
            left -= std::int64_t{1} << order;
            --turn;
        } while (left > 0 && turn > 0 && !rings_.is_empty(ring(index)));
    }
}

template <class Fx>
void PageListOps<Fx>::drain_last_list_first(std::uint32_t pages, unsigned index) {
    auto left = static_cast<std::int64_t>(pages);
    unsigned first = 0;
    unsigned last = state_.rules.pcp_lists() - 1;
    unsigned at = index;
    while (left > 0) {
        while (rings_.is_empty(ring(at))) {
            // Lists found empty at either end are not looked at again.
            if (at == last) --last;
            if (at == first) ++first;
            at = at + 1 > last ? first : at + 1;
        }
        const unsigned order = state_.page_list_order(at);
        do {
            drain_oldest(ring(at), order);
            left -= std::int64_t{1} << order;
        } while (left > 0 && !rings_.is_empty(ring(at)));
        at = at + 1 > last ? first : at + 1;
    }
}

template <class Fx>
void PageListOps<Fx>::drain_all() {
    if (state_.rules.pcp_drain == PcpDrainRule::round_robin) {
        if (lists_.count != 0) drain(lists_.count, 0);
        return;
    }
    while (lists_.count != 0) drain(std::min(lists_.count, lists_.batch << state_.rules.pcp_most_free_factor), 0);
}

template class PageListOps<Effects>;
template class PageListOps<SilentEffects>;

} // namespace ksl::core
