// SPDX-License-Identifier: MIT
#include "core/memory/compaction.h"

#include "core/memory/fragmentation.h"

#include <algorithm>

namespace ksl::core {

namespace {

using Node = FrameTable::Node;

constexpr unsigned kCostlyOrder = 3;
constexpr unsigned kMostDeferShift = 6;
constexpr int kIndexThreshold = 500; ///< vm.extfrag_threshold
constexpr auto kPageblock = static_cast<Node>(kPageblockFrames);

Node pageblock_start(Node frame) {
    return frame & ~(kPageblock - 1);
}
Node block_top(Node frame, unsigned order) {
    return (frame | ((Node{1} << order) - 1)) + 1;
}

} // namespace

CompactResult compaction_suitable(const PageState& state, const Zone& zone, unsigned order, ZoneId reserve_for,
                                  AllocFlags flags, std::int64_t free) {
    const PageRules& rules = state.rules;
    // 4.7 always asks for the low watermark, later kernels for the attempt's own.
    const Watermark own = rules.compaction_needs_low_watermark ? Watermark::low : flags.mark();
    if (watermark_ok(state, zone, order, zone.mark(own), reserve_for, flags, zone.free_pages))
        return CompactResult::success;
    // Copies need room while pages are moved.
    const bool needs_low = rules.compaction_needs_low_watermark || order > kCostlyOrder;
    const std::int64_t room = zone.mark(needs_low ? Watermark::low : Watermark::min) + (std::int64_t{2} << order);
    const AllocFlags plain = rules.compaction_needs_low_watermark ? flags : AllocFlags{Watermark::min};
    if (!watermark_ok(state, zone, 0, room, reserve_for, plain, free)) return CompactResult::skipped;
    if (order >= rules.compaction_index_from_order) {
        const int index = fragmentation_index(zone, Order{order});
        if (index >= 0 && index <= kIndexThreshold) return CompactResult::skipped;
    }
    return CompactResult::keep_going;
}

bool is_compaction_deferred(CompactionMemory& memory, unsigned order) {
    if (order < memory.order_failed) return false;
    const std::uint32_t limit = 1U << memory.defer_shift;
    memory.considered = std::min(memory.considered + 1, limit);
    return memory.considered < limit;
}

void defer_compaction(CompactionMemory& memory, unsigned order) {
    memory.considered = 0;
    memory.defer_shift = static_cast<std::uint8_t>(std::min<unsigned>(memory.defer_shift + 1U, kMostDeferShift));
    memory.order_failed = static_cast<std::uint8_t>(std::min<unsigned>(memory.order_failed, order));
}

void reset_compaction_deferral(CompactionMemory& memory, unsigned order, bool was_allocated) {
    if (was_allocated) {
        memory.considered = 0;
        memory.defer_shift = 0;
    }
    if (order >= memory.order_failed) memory.order_failed = static_cast<std::uint8_t>(order + 1);
}

void forget_skipped_pageblocks(PageState& state, Zone& zone) {
    zone.compaction.forgets_skips = false;
    zone.compaction.migrate_from = {};
    zone.compaction.free_from = 0;
    for (std::uint64_t frame = zone.start; frame < zone.top(); frame += kPageblockFrames) {
        if (state.is_pageblock_skipped(frame)) state.set_pageblock_skipped(frame, false);
    }
}

Compaction::Compaction(PageState& state, Zone& zone, const Goal& goal, Effects& fx, PageOwners* owners)
    : state_(state), frames_(state.frames), zone_(zone), goal_(goal), fx_(fx), owners_(owners) {}

Node Compaction::last_pageblock() const {
    return pageblock_start(zone_.top() - 1);
}

CompactResult Compaction::run() {
    fx_.charge(Step::compact_entry);
    const CompactResult suitable =
        compaction_suitable(state_, zone_, goal_.order, goal_.reserve_for, goal_.flags, zone_.free_pages);
    if (suitable != CompactResult::keep_going) return suitable;
    const CompactionMemory& memory = zone_.compaction;
    const bool restarts = goal_.order >= memory.order_failed && memory.defer_shift == kMostDeferShift &&
                          memory.considered >= 1U << memory.defer_shift;
    if (restarts) forget_skipped_pageblocks(state_, zone_);
    start();
    CompactResult result = CompactResult::keep_going;
    while ((result = check_finished()) == CompactResult::keep_going) {
        isolate_movable();
        if (!movable_.empty() && !migrate() && is_async()) {
            // The block cannot become free any more; its rest is not worth a scan.
            migrate_at_ = block_top(migrate_at_ - 1, goal_.order);
            first_migrated_ = 0;
        }
        drain_behind();
    }
    release_free();
    fx_.report(EventLevel::fine, [&] {
        return Compacted{.order = static_cast<std::uint8_t>(goal_.order),
                         .succeeded = result == CompactResult::success,
                         .scanned = scanned_,
                         .migrated = migrated_};
    });
    return result;
}

void Compaction::start() {
    CompactionMemory& memory = zone_.compaction;
    is_whole_zone_ = ignores_skips();
    if (is_whole_zone_) {
        migrate_at_ = zone_.start;
        free_at_ = last_pageblock();
        return;
    }
    migrate_at_ = memory.migrate_from[is_async() ? 0 : 1];
    free_at_ = memory.free_from;
    if (!zone_.spans(free_at_)) free_at_ = memory.free_from = last_pageblock();
    if (!zone_.spans(migrate_at_)) {
        migrate_at_ = zone_.start;
        memory.migrate_from.fill(migrate_at_);
    }
    is_whole_zone_ = migrate_at_ == zone_.start;
}

void Compaction::forget_positions() {
    zone_.compaction.migrate_from.fill(zone_.start);
    zone_.compaction.free_from = last_pageblock();
}

CompactResult Compaction::check_finished() {
    if (have_met()) {
        forget_positions();
        zone_.compaction.forgets_skips = true;
        return is_whole_zone_ ? CompactResult::complete : CompactResult::partial_skipped;
    }
    if (state_.rules.slow_path == SlowPathRule::reclaim_then_compact_unmovable) {
        // 6.1 finishes the pageblock, so that a steal finds it as free as can be.
        if (migrate_at_ % kPageblock != 0) return CompactResult::keep_going;
    } else {
        const Watermark own = state_.rules.compaction_needs_low_watermark ? Watermark::low : goal_.flags.mark();
        if (!watermark_ok(state_, zone_, goal_.order, zone_.mark(own), goal_.reserve_for, goal_.flags,
                          zone_.free_pages))
            return CompactResult::keep_going;
    }
    return has_suitable_block_free() ? CompactResult::success : CompactResult::keep_going;
}

/// A block of the wanted type, or one of another type that would be stolen with its pageblock.
bool Compaction::has_suitable_block_free() const {
    const bool is_greedy = goal_.type != MigrateType::movable;
    for (unsigned order = goal_.order; order < kOrders; ++order) {
        const bool can_steal = is_greedy || order >= kPageblockOrder.raw() / 2;
        for (unsigned type = 0; type < kPcpMigrateTypes; ++type) {
            const auto migrate_type = static_cast<MigrateType>(type);
            if (migrate_type != goal_.type && !can_steal) continue;
            if (!frames_.is_empty(PageState::free_list(zone_.id, order, migrate_type))) return true;
        }
    }
    return false;
}

} // namespace ksl::core
