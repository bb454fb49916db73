// SPDX-License-Identifier: MIT
#include "core/memory/buddy.h"

#include <algorithm>
#include <array>

namespace ksl::core {

namespace {

/// fallbacks[] of mm/page_alloc.c: which types a type without free blocks takes from, in this order.
constexpr std::array<std::array<MigrateType, 2>, kPcpMigrateTypes> kFallbacks{{
    {MigrateType::reclaimable, MigrateType::movable},   // unmovable
    {MigrateType::reclaimable, MigrateType::unmovable}, // movable
    {MigrateType::unmovable, MigrateType::movable},     // reclaimable
}};

/// can_steal_fallback: large blocks, and any block for requests that would pollute a pageblock for good.
bool can_steal(unsigned order, MigrateType wanted) {
    return order >= kPageblockOrder.raw() / 2 || wanted == MigrateType::reclaimable || wanted == MigrateType::unmovable;
}

constexpr std::uint32_t kHalfPageblock = kPageblockFrames / 2;

} // namespace

template <class Fx>
auto Buddy<Fx>::find_fallback(unsigned order, MigrateType type) -> std::optional<FallbackChoice> {
    if (zone_.free_blocks[order] == 0 || type == MigrateType::highatomic) return std::nullopt;
    for (const MigrateType other : kFallbacks[static_cast<std::size_t>(type)]) {
        fx_.read(fx_.data().free_list(zone_.id, Order{order}, other));
        if (frames_.is_empty(PageState::free_list(zone_.id, order, other))) continue;
        return FallbackChoice{.type = other, .can_steal = can_steal(order, type)};
    }
    return std::nullopt;
}

template <class Fx>
auto Buddy<Fx>::take_fallback(unsigned order, MigrateType type, AllocFlags flags, TakeFor reason) -> Node {
    fx_.charge(Step::fallback_search);
    if (state_.rules.steal == StealRule::split_at_once) {
        const Node node = split_fallback(order, type, flags);
        if (node == kNone) return kNone;
        fx_.charge(reason == TakeFor::caller ? Step::buddy_take : Step::pcp_refill_block);
        fx_.report(EventLevel::micro, [&] {
            return BlockRemoved{.pfn = node,
                                .order = static_cast<std::uint8_t>(order),
                                .type = type,
                                .for_pcp = reason == TakeFor::page_list};
        });
        return node;
    }
    while (move_fallback(order, type, flags)) {
        const Node node = take_smallest(order, type, reason);
        if (node != kNone) return node;
    }
    return kNone;
}

template <class Fx>
auto Buddy<Fx>::split_fallback(unsigned order, MigrateType type, AllocFlags flags) -> Node {
    for (unsigned at = kOrders; at-- > order;) {
        const std::optional<FallbackChoice> choice = find_fallback(at, type);
        if (!choice) continue;
        const Node node = frames_.next(frames_.sentinel(PageState::free_list(zone_.id, at, choice->type)));
        if (choice->can_steal) steal(node, at, type, flags, true);
        remove(node, at);
        split(node, order, at, type);
        report_fallback(node, at, type, choice->type, choice->can_steal);
        return node;
    }
    return kNone;
}

template <class Fx>
bool Buddy<Fx>::move_fallback(unsigned order, MigrateType type, AllocFlags flags) {
    const unsigned least =
        flags.has(AllocFlags::kNoFragment) && order < kPageblockOrder.raw() ? kPageblockOrder.raw() : order;
    std::optional<FallbackChoice> choice;
    unsigned at = kOrders;
    while (!choice && at-- > least) choice = find_fallback(at, type);
    if (!choice) return false;
    if (state_.rules.steal_smallest_for_movable && !choice->can_steal && type == MigrateType::movable && at > order) {
        choice.reset();
        for (at = order; !choice; ++at) choice = find_fallback(at, type);
        --at;
    }
    const Node node = frames_.next(frames_.sentinel(PageState::free_list(zone_.id, at, choice->type)));
    const bool whole = steal(node, at, type, flags, choice->can_steal);
    report_fallback(node, at, type, choice->type, whole);
    return true;
}

/// steal_suitable_fallback. True if the pageblock's free pages moved with the block.
template <class Fx>
bool Buddy<Fx>::steal(Node node, unsigned order, MigrateType type, AllocFlags flags, bool whole_pageblock) {
    const bool moves_block = state_.rules.steal == StealRule::move_and_retry;
    const MigrateType before = state_.pageblock_type(node);
    fx_.read(fx_.data().pageblock_flags(Pfn{node}));
    const auto move_single = [&] {
        if (!moves_block) return false;
        remove(node, order);
        add(node, order, type, state_.rules.steal_to);
        return false;
    };
    if (moves_block && before == MigrateType::highatomic) return move_single();
    if (order >= kPageblockOrder.raw()) {
        set_pageblock_types(node, order, type);
        return move_single();
    }
    boost_watermark(flags.has(AllocFlags::kWakesKswapd));
    if (!whole_pageblock) return move_single();

    const std::uint32_t movable = state_.rules.steal_counts_alike_pages ? movable_pages_around(node, before) : 0;
    const std::uint32_t moved = move_pageblock(node, type);
    // A pageblock that reaches over the zone's end stays as it is.
    if (moved == 0) return move_single();
    claim(node, type, before, moved, movable);
    return true;
}

template <class Fx>
bool Buddy<Fx>::claim(Node node, MigrateType type, MigrateType before, std::uint32_t moved, std::uint32_t movable) {
    std::uint32_t alike = 0;
    if (state_.rules.steal_counts_alike_pages) {
        if (type == MigrateType::movable)
            alike = movable;
        else if (before == MigrateType::movable)
            alike = static_cast<std::uint32_t>(kPageblockFrames) - (moved + movable);
    }
    const bool by_rule = moved + alike >= kHalfPageblock;
    const bool claims = owners_ == nullptr ? by_rule : owners_->claims_pageblock(Pfn{node}, type, by_rule);
    if (claims) set_pageblock_types(node, kPageblockOrder.raw(), type);
    return claims;
}

template <class Fx>
std::uint32_t Buddy<Fx>::movable_pages_around(Node node, MigrateType pageblock_type) const {
    const Node first = std::max<Node>(node & ~(kHalfPageblock * 2 - 1), zone_.start);
    const Node top = (node | (kHalfPageblock * 2 - 1)) + 1;
    std::uint32_t movable = 0;
    for (Node frame = first; frame < top;) {
        const BlockState state = frames_.state(frame);
        if (state == BlockState::none) {
            // In use since before the simulation knew: as a rule what the pageblock is for.
            const std::optional<FrameTable::Block> block = frames_.block_of(Pfn{frame});
            if (!block && pageblock_type == MigrateType::movable && state_.map.find(Pfn{frame}) != nullptr) ++movable;
            ++frame;
            continue;
        }
        const std::uint32_t pages = 1U << frames_.order(frame);
        const bool is_used = state == BlockState::in_use || state == BlockState::lru;
        if (is_used && is_movable(frames_.use(frame))) movable += pages;
        if (is_used && frames_.use(frame) == FrameUse::unknown && pageblock_type == MigrateType::movable)
            movable += pages;
        frame += pages;
    }
    return movable;
}

template <class Fx>
std::uint32_t Buddy<Fx>::move_pageblock(Node node, MigrateType type) {
    fx_.charge(Step::pageblock_move);
    Node frame = node & ~(kHalfPageblock * 2 - 1);
    const Node last = frame + (kHalfPageblock * 2 - 1);
    if (!zone_.spans(frame)) frame = node;
    if (!zone_.spans(last)) return 0;
    std::uint32_t moved = 0;
    while (frame <= last) {
        fx_.charge(Step::pageblock_scan_frame);
        fx_.read(fx_.data().page_struct(Pfn{frame}));
        if (frames_.state(frame) != BlockState::free) {
            ++frame;
            continue;
        }
        const unsigned order = frames_.order(frame);
        remove(frame, order);
        add(frame, order, type, state_.rules.steal_to);
        fx_.charge(Step::pageblock_move_block);
        frame += Node{1} << order;
        moved += 1U << order;
    }
    return moved;
}

template <class Fx>
void Buddy<Fx>::set_pageblock_types(Node node, unsigned order, MigrateType type) {
    const Node first = node & ~(kHalfPageblock * 2 - 1);
    for (Node at = first; at < first + (Node{1} << order); at += kHalfPageblock * 2) {
        state_.set_pageblock_type(at, type);
        fx_.write(fx_.data().pageblock_flags(Pfn{at}));
    }
}

template <class Fx>
void Buddy<Fx>::boost_watermark(bool wakes_kswapd) {
    if (state_.rules.watermark_boost_factor == 0) return;
    // Zones that are unlikely to produce results are left alone.
    if (kPageblockFrames * 4 > zone_.managed) return;
    const std::int64_t high = zone_.watermark[static_cast<std::size_t>(Watermark::high)];
    const std::int64_t scaled = high * state_.rules.watermark_boost_factor / 10000;
    if (scaled == 0) return;
    const std::int64_t most = std::max<std::int64_t>(kPageblockFrames, scaled);
    zone_.boost = std::min<std::int64_t>(zone_.boost + static_cast<std::int64_t>(kPageblockFrames), most);
    zone_.wants_kswapd = zone_.wants_kswapd || wakes_kswapd;
    fx_.report(EventLevel::fine,
               [&] { return WatermarkBoosted{.zone = zone_.id, .pages = static_cast<std::uint32_t>(zone_.boost)}; });
}

template <class Fx>
void Buddy<Fx>::report_fallback(Node node, unsigned order, MigrateType type, MigrateType from, bool whole) {
    fx_.report(EventLevel::fine, [&] {
        return FallbackTaken{.pfn = node,
                             .block_order = static_cast<std::uint8_t>(order),
                             .wanted = type,
                             .taken_from = from,
                             .whole_pageblock = whole,
                             .type_changed = state_.pageblock_type(node) == type};
    });
}

template class Buddy<Effects>;
template class Buddy<SilentEffects>;

} // namespace ksl::core
