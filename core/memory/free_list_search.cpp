// SPDX-License-Identifier: MIT
#include "core/memory/free_list_search.h"

namespace ksl::core {

template <class Fx>
auto FreeListSearch<Fx>::take_from_buddy(Zone& zone, AllocFlags flags) -> Node {
    [[maybe_unused]] const LockHold held = fx_.hold(lock_of(zone.id));
    fx_.charge(Step::zone_lock);
    fx_.write(fx_.data().zone_lock(zone.id));
    Buddy<Fx> buddy(state_, zone, fx_, owners_);
    const bool is_late_reserve = state_.rules.reserves == ReserveRule::non_block;
    const bool reserve_first = flags.has(is_late_reserve ? AllocFlags::kHighatomic : AllocFlags::kHarder);
    Node node = kNone;
    if (reserve_first) node = buddy.take_smallest(order_, MigrateType::highatomic, TakeFor::caller);
    if (node == kNone) node = buddy.take(order_, type_, flags, TakeFor::caller);
    // Failing now would be worse than failing a later high-order atomic request.
    if (node == kNone && is_late_reserve && (flags.has(AllocFlags::kOomVictim) || flags.has(AllocFlags::kHarder)))
        node = buddy.take_smallest(order_, MigrateType::highatomic, TakeFor::caller);
    if (node == kNone) return kNone;
    if (state_.rules.fair_zones) turn_of(zone).use(order_, zone.stat_threshold);
    buddy.count_free(-(std::int64_t{1} << order_));
    hand_over(node, zone.id, false);
    return node;
}

template <class Fx>
void FreeListSearch<Fx>::begin_turns() {
    for (unsigned index = 0; index <= static_cast<unsigned>(preferred_); ++index) {
        Zone& zone = state_.zones[index];
        turn_of(zone).begin(turn_pages(zone), zone.stat_threshold);
    }
}

template <class Fx>
void FreeListSearch<Fx>::reserve_highatomic(Zone& zone, Node node) {
    const auto most = static_cast<std::int64_t>(zone.managed / 100 + kPageblockFrames);
    if (zone.reserved_highatomic >= most) return;
    if (state_.pageblock_type(node) == MigrateType::highatomic) return;
    zone.reserved_highatomic += static_cast<std::int64_t>(kPageblockFrames);
    state_.set_pageblock_type(node, MigrateType::highatomic);
    Buddy<Fx>(state_, zone, fx_, owners_).move_pageblock(node, MigrateType::highatomic);
}

/// The zones from `index` down.
template <class Fx>
auto FreeListSearch<Fx>::scan(int index, AllocFlags flags) -> Node {
    for (; index >= 0; --index) {
        Zone& zone = state_.zones[static_cast<std::size_t>(index)];
        if (!zone.is_populated() || is_passed_over(zone, flags)) continue;
        const bool is_enough = is_above_mark(zone, zone.mark(flags.mark()), reserve_for(), flags);
        if (!is_enough && !flags.has(AllocFlags::kIgnoresWatermarks)) continue;
        const Node node = take_from(zone, flags);
        if (node == kNone) continue;
        if (flags.has(AllocFlags::kHighatomic)) reserve_highatomic(zone, node);
        return node;
    }
    return kNone;
}

template <class Fx>
auto FreeListSearch<Fx>::run_from(int index, AllocFlags flags) -> Node {
    const int first = static_cast<int>(preferred_);
    Node node = scan(index, flags);
    if (node != kNone) return node;
    if (is_any_used_up(flags)) {
        // Every zone had its turn, or cannot take it: all get a new one and are tried regardless of it.
        begin_turns();
        flags = flags.without(AllocFlags::kFair);
        node = scan(first, flags);
    }
    if (node == kNone && flags.has(AllocFlags::kNoFragment)) node = scan(first, flags.without(AllocFlags::kNoFragment));
    return node;
}

template <class Fx>
bool FreeListSearch<Fx>::is_any_used_up(AllocFlags flags) const {
    bool is_any = false;
    for (unsigned index = 0; index <= static_cast<unsigned>(preferred_); ++index) {
        const Zone& zone = state_.zones[index];
        is_any = is_any || (zone.is_populated() && is_passed_over(zone, flags));
    }
    return is_any;
}

template <class Fx>
std::optional<ZoneId> FreeListSearch<Fx>::preview(AllocFlags flags) {
    for (auto index = static_cast<int>(preferred_); index >= 0; --index) {
        const Zone& zone = state_.zones[static_cast<std::size_t>(index)];
        if (!zone.is_populated() || is_passed_over(zone, flags)) continue;
        if (flags.has(AllocFlags::kIgnoresWatermarks) ||
            is_above_mark(zone, zone.mark(flags.mark()), reserve_for(), flags))
            return zone.id;
    }
    if (!is_any_used_up(flags)) return std::nullopt;
    return preview(flags.without(AllocFlags::kFair));
}

template <class Fx>
std::size_t FreeListSearch<Fx>::run_bulk(std::span<Pfn> out) {
    const AllocFlags flags{Watermark::low};
    fx_.charge(Step::bulk_alloc_entry);
    for (auto index = static_cast<int>(preferred_); index >= 0; --index) {
        Zone& zone = state_.zones[static_cast<std::size_t>(index)];
        if (!zone.is_populated()) continue;
        const std::int64_t mark = zone.mark(Watermark::low) + static_cast<std::int64_t>(out.size());
        if (!is_above_mark(zone, mark, preferred_, flags)) continue;
        PageListOps<Fx> lists(state_, zone, fx_, owners_);
        std::size_t count = 0;
        for (; count < out.size(); ++count) {
            const Node node = lists.take(0, type_, Temperature::hot, flags);
            if (node == kNone) break;
            fx_.charge(Step::bulk_alloc_page);
            hand_over(node, zone.id, true);
            out[count] = Pfn{node};
        }
        return count;
    }
    return 0;
}

template class FreeListSearch<Effects>;
template class FreeListSearch<SilentEffects>;

} // namespace ksl::core
