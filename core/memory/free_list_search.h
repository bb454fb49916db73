// SPDX-License-Identifier: MIT
//
// One attempt at a request: the zones in order of preference, each with its watermark test, its page lists and its
// buddy lists.
//
// Source:  get_page_from_freelist, buffered_rmqueue (4.x), rmqueue (6.1), zone_watermark_fast, reset_alloc_batches,
//          reserve_highatomic_pageblock (mm/page_alloc.c).
#pragma once

#include "core/memory/page_allocator.h"
#include "core/memory/page_list_ops.h"

namespace ksl::core {

template <class Fx>
class FreeListSearch {
public:
    using Node = FrameTable::Node;
    static constexpr Node kNone = FrameTable::kNoNode;

    FreeListSearch(PageState& state, const AllocRequest& request, Fx& fx, PageOwners* owners)
        : state_(state), request_(request), fx_(fx), owners_(owners), type_(migrate_type_of(request.gfp)),
          highest_(highest_zone_of(request.gfp)), preferred_(state.preferred_zone[static_cast<std::size_t>(highest_)]),
          order_(request.order.raw()) {}

    /// The flags of a first attempt. Only from Normal is it worth while to spread over zones rather than to fragment
    /// one.
    [[nodiscard]] AllocFlags first_flags() const {
        const bool avoids = state_.rules.avoids_fragmentation && preferred_ == ZoneId::normal;
        return {request_.gfp, state_.rules.fair_zones, avoids};
    }
    /// run(first_flags()), with the common case short: the preferred zone has plenty and a page list.
    [[nodiscard]] Node run_first();
    /// The block, already its owner's; kNone if no zone can give one at this watermark.
    [[nodiscard]] Node run(AllocFlags flags) { return run_from(static_cast<int>(preferred_), flags); }
    /// The zone that run() would turn to first; nothing if none may give.
    [[nodiscard]] std::optional<ZoneId> preview(AllocFlags flags);
    /// Pages for a bulk request, from the first zone that stays above its low watermark; 0 if there is none.
    [[nodiscard]] std::size_t run_bulk(std::span<Pfn> out);

    [[nodiscard]] MigrateType type() const { return type_; }
    [[nodiscard]] ZoneId highest() const { return highest_; }
    /// Index into lowmem_reserve.
    [[nodiscard]] ZoneId reserve_for() const { return state_.rules.reserve_by_preferred_zone ? preferred_ : highest_; }
    /// The block is the request's from here on.
    void hand_over(Node node, ZoneId zone, bool from_pcp);

private:
    [[nodiscard]] Node scan(int index, AllocFlags flags);
    [[nodiscard]] Node run_from(int index, AllocFlags flags);
    /// Zones that had their turn are passed over (4.7).
    [[nodiscard]] static bool is_passed_over(const Zone& zone, AllocFlags flags) {
        return zone.is_fair_depleted && flags.has(AllocFlags::kFair);
    }
    [[nodiscard]] bool is_any_used_up(AllocFlags flags) const;
    [[nodiscard]] bool is_above_mark(const Zone& zone, std::int64_t mark, ZoneId reserve_for, AllocFlags flags);
    [[nodiscard]] Node take_from(Zone& zone, AllocFlags flags);
    [[nodiscard]] Node take_from_buddy(Zone& zone, AllocFlags flags);
    void begin_turns();
    void reserve_highatomic(Zone& zone, Node node);
    // The rare ways out of run_first() begin anew, see PageListOps.
    [[nodiscard, gnu::noinline]] static Node run_from(PageState& state, const AllocRequest& request, Fx& fx,
                                                      PageOwners* owners, int index, AllocFlags flags) {
        return FreeListSearch(state, request, fx, owners).run_from(index, flags);
    }
    [[nodiscard, gnu::noinline]] static Node take_from_buddy(PageState& state, const AllocRequest& request, Fx& fx,
                                                             PageOwners* owners, Zone& zone, AllocFlags flags) {
        return FreeListSearch(state, request, fx, owners).take_from_buddy(zone, flags);
    }
    [[nodiscard]] ZoneTurn turn_of(Zone& zone) {
        return {.left = zone.fair_batch,
                .unreported = state_.lists_of(fx_.cpu(), zone.id).fair_batch_diff,
                .is_used_up = zone.is_fair_depleted};
    }

    PageState& state_;
    const AllocRequest& request_;
    Fx& fx_;
    PageOwners* owners_;
    MigrateType type_;
    ZoneId highest_;
    ZoneId preferred_;
    unsigned order_;
};

/// zone_watermark_fast.
template <class Fx>
inline bool FreeListSearch<Fx>::is_above_mark(const Zone& zone, std::int64_t mark, ZoneId reserve_for,
                                              AllocFlags flags) {
    fx_.read(fx_.data().zone(zone.id));
    const ReserveRule rule = state_.rules.reserves;
    if (order_ == 0) {
        // The common case first, against the whole mark, whatever the caller's rights.
        const bool counts_reserve = rule == ReserveRule::harder || reaches_highatomic(flags, rule);
        const std::int64_t usable = counts_reserve ? zone.free_pages : zone.free_pages - zone.reserved_highatomic;
        if (usable > mark + zone.lowmem_reserve[static_cast<std::size_t>(reserve_for)]) [[likely]]
            return true;
    } else {
        fx_.charge(Step::watermark_high_order);
    }
    if (watermark_ok(state_, zone, order_, mark, reserve_for, flags, zone.free_pages)) return true;
    // 6.1: at the min watermark an atomic request for a single page does not mind the boost.
    if (order_ == 0 && request_.gfp.has(gfp::kAtomicFlag) && zone.boost != 0 && flags.mark() == Watermark::min)
        return watermark_ok(state_, zone, 0, mark - zone.boost, reserve_for, flags, zone.free_pages);
    return false;
}

template <class Fx>
inline auto FreeListSearch<Fx>::take_from(Zone& zone, AllocFlags flags) -> Node {
    if (state_.rules.uses_pcp(order_)) [[likely]] {
        const Temperature temperature =
            state_.rules.pcp_cold_end && request_.gfp.has(gfp::kCold) ? Temperature::cold : Temperature::hot;
        const CpuId cpu = fx_.cpu();
        PageLists& lists = state_.lists_of(cpu, zone.id);
        // 6.1: fewer pages are drained at once when there is allocation in between.
        lists.free_factor >>= 1;
        const Node node =
            PageListOps<Fx>(state_, zone, lists, cpu, fx_, owners_).take(order_, type_, temperature, flags);
        if (node != kNone) [[likely]] {
            if (state_.rules.fair_zones) [[unlikely]]
                turn_of(zone).use(0, zone.stat_threshold);
            hand_over(node, zone.id, true);
            return node;
        }
        if (!state_.rules.pcp_refused_tries_buddy) return kNone;
    }
    return take_from_buddy(state_, request_, fx_, owners_, zone, flags);
}

template <class Fx>
inline void FreeListSearch<Fx>::hand_over(Node node, ZoneId zone, bool from_pcp) {
    state_.frames.set_block(node, BlockState::in_use, order_, type_, request_.use);
    if (request_.owner != FrameOwner{}) state_.frames.set_owner(node, request_.owner);
    fx_.charge(Step::page_prepare, 1U << order_);
    for (Node page = node; page < node + (Node{1} << order_); ++page) fx_.write(fx_.data().page_struct(Pfn{page}));
    fx_.report(EventLevel::fine, [&] {
        return PagesAllocated{
            .pfn = node, .order = static_cast<std::uint8_t>(order_), .type = type_, .zone = zone, .from_pcp = from_pcp};
    });
}

template <class Fx>
inline auto FreeListSearch<Fx>::run_first() -> Node {
    const AllocFlags flags = first_flags();
    Zone& zone = state_.zone(preferred_);
    int next = static_cast<int>(preferred_);
    if (!is_passed_over(zone, flags)) [[likely]] {
        --next;
        if (is_above_mark(zone, zone.mark(Watermark::low), reserve_for(), flags)) [[likely]] {
            const Node node = take_from(zone, flags);
            if (node != kNone) [[likely]]
                return node;
        }
    }
    return run_from(state_, request_, fx_, owners_, next, flags);
}

extern template class FreeListSearch<Effects>;
extern template class FreeListSearch<SilentEffects>;

} // namespace ksl::core
