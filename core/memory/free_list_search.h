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
          highest_(highest_zone_of(request.gfp)), order_(request.order.raw()) {
        preferred_ = highest_populated();
    }

    /// The flags of a first attempt.
    [[nodiscard]] AllocFlags first_flags() const;
    /// The block, already its owner's; kNone if no zone can give one at this watermark.
    [[nodiscard]] Node run(AllocFlags flags);
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
    [[nodiscard]] ZoneId highest_populated() const;
    [[nodiscard]] Node scan(AllocFlags flags);
    [[nodiscard]] bool is_above_mark(const Zone& zone, std::int64_t mark, ZoneId reserve_for, AllocFlags flags);
    [[nodiscard]] Node take_from(Zone& zone, AllocFlags flags);
    [[nodiscard]] Node take_from_buddy(Zone& zone, AllocFlags flags);
    [[nodiscard]] ZoneTurn turn_of(Zone& zone) {
        return {.left = zone.fair_batch,
                .unreported = state_.lists_of(fx_.cpu(), zone.id).fair_batch_diff,
                .is_used_up = zone.is_fair_depleted};
    }
    void begin_turns();
    void reserve_highatomic(Zone& zone, Node node);

    PageState& state_;
    const AllocRequest& request_;
    Fx& fx_;
    PageOwners* owners_;
    MigrateType type_;
    ZoneId highest_;
    ZoneId preferred_ = ZoneId::dma;
    unsigned order_;
};

template <class Fx>
inline ZoneId FreeListSearch<Fx>::highest_populated() const {
    auto index = static_cast<unsigned>(highest_);
    while (index > 0 && !state_.zones[index].is_populated()) --index;
    return static_cast<ZoneId>(index);
}

template <class Fx>
inline AllocFlags FreeListSearch<Fx>::first_flags() const {
    AllocFlags flags;
    flags.fair = state_.rules.fair_zones;
    flags.wakes_kswapd = request_.gfp.has(gfp::kKswapdReclaim);
    // Spreading over Normal and DMA32 rather than fragmenting; from any other zone the next one is too small for that.
    flags.no_fragment = state_.rules.avoids_fragmentation && preferred_ == ZoneId::normal;
    return flags;
}

/// zone_watermark_fast.
template <class Fx>
inline bool FreeListSearch<Fx>::is_above_mark(const Zone& zone, std::int64_t mark, ZoneId reserve_for,
                                              AllocFlags flags) {
    fx_.read(fx_.data().zone(zone.id));
    const std::int64_t free = known_free_pages(zone);
    const ReserveRule rule = state_.rules.reserves;
    if (order_ == 0) {
        // The common case first, against the whole mark, whatever the caller's rights.
        const bool counts_reserve = rule == ReserveRule::harder || reaches_highatomic(flags, rule);
        const std::int64_t usable = counts_reserve ? free : free - zone.reserved_highatomic;
        if (usable > mark + zone.lowmem_reserve[static_cast<std::size_t>(reserve_for)]) [[likely]]
            return true;
    } else {
        fx_.charge(Step::watermark_high_order);
    }
    if (watermark_ok(state_, zone, order_, mark, reserve_for, flags, free)) return true;
    // 6.1: at the min watermark an atomic request for a single page does not mind the boost.
    if (order_ == 0 && request_.gfp.has(gfp::kAtomicFlag) && zone.boost != 0 && flags.mark == Watermark::min)
        return watermark_ok(state_, zone, 0, mark - zone.boost, reserve_for, flags, free);
    return false;
}

template <class Fx>
inline auto FreeListSearch<Fx>::take_from(Zone& zone, AllocFlags flags) -> Node {
    if (state_.rules.uses_pcp(order_)) [[likely]] {
        const Temperature temperature =
            state_.rules.pcp_cold_end && request_.gfp.has(gfp::kCold) ? Temperature::cold : Temperature::hot;
        state_.lists_of(fx_.cpu(), zone.id).free_factor >>= 1;
        const Node node = PageListOps<Fx>(state_, zone, fx_, owners_).take(order_, type_, temperature, flags);
        if (node != kNone) [[likely]] {
            if (state_.rules.fair_zones) turn_of(zone).use(0, zone.stat_threshold);
            hand_over(node, zone.id, true);
            return node;
        }
        if (!state_.rules.pcp_refused_tries_buddy) return kNone;
    }
    return take_from_buddy(zone, flags);
}

template <class Fx>
inline void FreeListSearch<Fx>::hand_over(Node node, ZoneId zone, bool from_pcp) {
    state_.frames.set_block(node, BlockState::in_use, order_, type_, request_.use);
    state_.frames.set_owner(node, request_.owner);
    fx_.charge(Step::page_prepare, 1U << order_);
    for (Node page = node; page < node + (Node{1} << order_); ++page) fx_.write(fx_.data().page_struct(Pfn{page}));
    if (request_.gfp.has(gfp::kZero)) fx_.charge(Step::page_clear, 1U << order_);
    fx_.report(EventLevel::fine, [&] {
        return PagesAllocated{
            .pfn = node, .order = static_cast<std::uint8_t>(order_), .type = type_, .zone = zone, .from_pcp = from_pcp};
    });
}

template <class Fx>
inline auto FreeListSearch<Fx>::scan(AllocFlags flags) -> Node {
    bool is_fair_skipped = false;
    for (auto index = static_cast<int>(preferred_); index >= 0; --index) {
        Zone& zone = state_.zones[static_cast<std::size_t>(index)];
        if (!zone.is_populated()) continue;
        if (flags.fair && zone.is_fair_depleted) {
            is_fair_skipped = true;
            continue;
        }
        if (!is_above_mark(zone, zone.mark(flags.mark), reserve_for(), flags) && !flags.ignores_watermarks) continue;
        const Node node = take_from(zone, flags);
        if (node != kNone) [[likely]] {
            if (flags.highatomic) reserve_highatomic(zone, node);
            return node;
        }
    }
    if (!is_fair_skipped) return kNone;
    // Every zone had its turn, or cannot take it: all get a new batch and are tried regardless of it.
    begin_turns();
    flags.fair = false;
    return scan(flags);
}

template <class Fx>
inline auto FreeListSearch<Fx>::run(AllocFlags flags) -> Node {
    const Node node = scan(flags);
    if (node != kNone || !flags.no_fragment) [[likely]]
        return node;
    flags.no_fragment = false;
    return scan(flags);
}

extern template class FreeListSearch<Effects>;
extern template class FreeListSearch<SilentEffects>;

} // namespace ksl::core
