// SPDX-License-Identifier: MIT
#include "core/memory/slow_path.h"

#include "core/memory/reclaim.h"

#include <algorithm>

namespace ksl::core {

namespace {

constexpr unsigned kCostlyOrder = 3;
constexpr unsigned kMostReclaimRounds = 16;  ///< MAX_RECLAIM_RETRIES
constexpr unsigned kMostCompactRetries = 16; ///< MAX_COMPACT_RETRIES

} // namespace

SlowPath::SlowPath(PageAllocator& allocator, const AllocRequest& request, Effects& fx, PageOwners* owners)
    : allocator_(allocator), state_(allocator.mutable_state()), request_(request), fx_(fx), owners_(owners),
      search_(state_, request, fx, owners), order_(request.order.raw()), rule_(state_.rules.slow_path),
      flags_(slow_path_flags(request.gfp, order_, state_.rules)),
      priority_(rule_ == SlowPathRule::compact_then_reclaim ? CompactPriority::async : CompactPriority::sync_light) {}

std::expected<Pfn, AllocFailure> SlowPath::run() {
    fx_.charge(Step::slow_path);
    const Gfp gfp = request_.gfp;
    const bool may_reclaim = gfp.has(gfp::kDirectReclaim) && !request_.is_reclaiming;
    if (request_.is_reclaiming && !gfp.has(gfp::kNoMemalloc)) flags_ = flags_.with(AllocFlags::kIgnoresWatermarks);
    if (request_.is_oom_victim && !gfp.has(gfp::kNoMemalloc)) {
        // 4.x lets a victim have everything, 6.1 half of the reserve.
        flags_ = flags_.with(state_.rules.reserves == ReserveRule::harder ? AllocFlags::kIgnoresWatermarks
                                                                          : AllocFlags::kOomVictim);
    }
    wake_kswapd();
    if (const Node node = attempt(flags_); node != kNone) return Pfn{node};
    if (!may_reclaim) return fail(AllocFailure::no_memory);
    if (request_.is_oom_victim && state_.rules.reserves == ReserveRule::harder) return fail(AllocFailure::no_memory);

    const bool compacts_first =
        (rule_ != SlowPathRule::compact_then_reclaim && order_ > kCostlyOrder) ||
        (rule_ == SlowPathRule::reclaim_then_compact_unmovable && search_.type() != MigrateType::movable);
    if (compacts_first) {
        if (const Node node = compact(CompactPriority::async); node != kNone) return Pfn{node};
    }
    do {
        if (const Node node = try_harder(); node != kNone) return Pfn{node};
        if (gfp.has(gfp::kNoRetry)) return fail(AllocFailure::no_memory);
        if (order_ > kCostlyOrder && !gfp.has(gfp::kRetryMayFail)) return fail(AllocFailure::no_memory);
    } while (may_retry());

    // One last look, for memory that somebody else's victim gave back meanwhile.
    if (const Node node = attempt(AllocFlags{Watermark::high}); node != kNone) return Pfn{node};
    if (request_.is_oom_victim || must_not_kill()) return fail(AllocFailure::no_memory);
    return fail(AllocFailure::would_oom);
}

bool SlowPath::must_not_kill() const {
    if (order_ > kCostlyOrder) return true;
    // Requests for low zones only do not get everybody killed; since 4.9 neither do those that said they may fail.
    const bool may_fail = request_.gfp.has(gfp::kRetryMayFail) && rule_ != SlowPathRule::compact_then_reclaim;
    return may_fail || search_.highest() != ZoneId::normal;
}

std::expected<Pfn, AllocFailure> SlowPath::fail(AllocFailure failure) {
    if (failure == AllocFailure::no_memory)
        fx_.report(EventLevel::coarse,
                   [&] { return PagesRefused{.order = static_cast<std::uint8_t>(order_), .type = search_.type()}; });
    return std::unexpected(failure);
}

void SlowPath::wake_kswapd() {
    if (!flags_.has(AllocFlags::kWakesKswapd)) return;
    for (Zone& zone : state_.zones) {
        if (!zone.is_populated() || zone.id > search_.highest()) continue;
        zone.wants_kswapd = true;
        zone.kswapd_order = static_cast<std::uint8_t>(std::max<unsigned>(zone.kswapd_order, order_));
    }
}

FrameTable::Node SlowPath::try_harder() {
    if (rule_ == SlowPathRule::compact_then_reclaim) {
        if (const Node node = compact(priority_); node != kNone) return node;
        if (order_ != 0 && compacted_ == CompactResult::success) ++compaction_retries_;
        return reclaim();
    }
    if (const Node node = attempt(flags_); node != kNone) return node;
    if (const Node node = reclaim(); node != kNone) return node;
    return compact(priority_);
}

FrameTable::Node SlowPath::compact(CompactPriority priority) {
    if (order_ == 0 || !state_.rules.compaction) return kNone;
    compacted_ = CompactResult::skipped;
    for (int index = static_cast<int>(search_.highest()); index >= 0; --index) {
        Zone& zone = state_.zones[static_cast<std::size_t>(index)];
        if (!zone.is_populated()) continue;
        const bool heeds_deferral = priority != CompactPriority::sync_full;
        if (heeds_deferral && is_compaction_deferred(zone.compaction, order_)) {
            compacted_ = std::max(compacted_, CompactResult::deferred);
            continue;
        }
        const Compaction::Goal goal{.order = order_,
                                    .type = search_.type(),
                                    .reserve_for = search_.reserve_for(),
                                    .flags = flags_,
                                    .priority = priority};
        const CompactResult result = Compaction(state_, zone, goal, fx_, owners_).run();
        compacted_ = std::max(compacted_, result);
        if (result == CompactResult::success) {
            reset_compaction_deferral(zone.compaction, order_, false);
            break;
        }
        const bool is_exhausted = result == CompactResult::complete || result == CompactResult::partial_skipped;
        if (priority != CompactPriority::async && is_exhausted) defer_compaction(zone.compaction, order_);
    }
    if (compacted_ == CompactResult::skipped) return kNone;
    const Node node = attempt(flags_);
    if (node != kNone) {
        Zone& zone = state_.zone(zone_of(Pfn{node}));
        zone.compaction.forgets_skips = false;
        reset_compaction_deferral(zone.compaction, order_, true);
    }
    return node;
}

FrameTable::Node SlowPath::reclaim() {
    progress_ = reclaim_pages(allocator_, search_.highest(), kReclaimAtOnce, fx_, owners_).pages;
    if (progress_ == 0) return kNone;
    const Node node = attempt(flags_);
    if (node != kNone) return node;
    // Pages may be stuck on page lists or in the high-atomic reserve.
    unreserve_highatomic(false);
    for (std::uint16_t cpu = 0; cpu < state_.cpus; ++cpu) allocator_.drain(CpuId{cpu}, fx_);
    return attempt(flags_);
}

void SlowPath::unreserve_highatomic(bool is_forced) {
    for (int index = static_cast<int>(search_.highest()); index >= 0; --index) {
        Zone& zone = state_.zones[static_cast<std::size_t>(index)];
        const auto kept = is_forced ? std::int64_t{0} : static_cast<std::int64_t>(kPageblockFrames);
        if (zone.reserved_highatomic <= kept) continue;
        for (unsigned order = 0; order < kOrders; ++order) {
            const ListId list = PageState::free_list(zone.id, order, MigrateType::highatomic);
            const Node node = state_.frames.next(state_.frames.sentinel(list));
            if (!state_.frames.is_frame(node)) continue;
            if (state_.pageblock_type(node) == MigrateType::highatomic)
                zone.reserved_highatomic -=
                    std::min(zone.reserved_highatomic, static_cast<std::int64_t>(kPageblockFrames));
            state_.set_pageblock_type(node, search_.type());
            if (Buddy<Effects>(state_, zone, fx_, owners_).move_pageblock(node, search_.type()) != 0) return;
        }
    }
}

bool SlowPath::may_retry() {
    return may_retry_reclaim() || (progress_ > 0 && may_retry_compaction());
}

bool SlowPath::may_retry_reclaim() {
    no_progress_rounds_ = progress_ > 0 && order_ <= kCostlyOrder ? 0 : no_progress_rounds_ + 1;
    if (no_progress_rounds_ <= kMostReclaimRounds) {
        for (const Zone& zone : state_.zones) {
            if (!zone.is_populated() || zone.id > search_.highest()) continue;
            std::int64_t reclaimable = state_.rules.reclaim ? zone.lru_pages : 0;
            // 4.7 and 4.9 believe in it less with every round.
            if (rule_ != SlowPathRule::reclaim_then_compact_unmovable) {
                const std::int64_t doubted = reclaimable * no_progress_rounds_;
                reclaimable -= (doubted + kMostReclaimRounds - 1) / kMostReclaimRounds;
            }
            const std::int64_t available = reclaimable + free_pages_exact(state_, zone.id);
            if (watermark_ok(state_, zone, order_, zone.mark(Watermark::min), search_.reserve_for(), flags_, available))
                return true;
        }
    }
    if (rule_ == SlowPathRule::reclaim_then_compact_unmovable) {
        // Before the last resort the high-atomic reserve is given up.
        const Zone& zone = state_.zone(search_.highest());
        const std::int64_t before = zone.reserved_highatomic;
        unreserve_highatomic(true);
        return zone.reserved_highatomic != before;
    }
    return false;
}

bool SlowPath::is_any_zone_suitable() const {
    return std::ranges::any_of(state_.zones, [&](const Zone& zone) {
        if (!zone.is_populated() || zone.id > search_.highest()) return false;
        const std::int64_t available = zone.lru_pages / order_ + free_pages_exact(state_, zone.id);
        return compaction_suitable(state_, zone, order_, search_.reserve_for(), flags_, available) !=
               CompactResult::skipped;
    });
}

bool SlowPath::raise_priority() {
    if (rule_ == SlowPathRule::compact_then_reclaim) {
        if (priority_ != CompactPriority::async) return false;
        priority_ = CompactPriority::sync_light;
        return true;
    }
    const CompactPriority most = order_ > kCostlyOrder ? CompactPriority::sync_light : CompactPriority::sync_full;
    if (priority_ == most) return false;
    priority_ = priority_ == CompactPriority::async ? CompactPriority::sync_light : CompactPriority::sync_full;
    compaction_retries_ = 0;
    return true;
}

bool SlowPath::may_retry_compaction() {
    if (order_ == 0 || !state_.rules.compaction) return false;
    const bool is_late = rule_ != SlowPathRule::compact_then_reclaim;
    if (is_late && compacted_ == CompactResult::success) ++compaction_retries_;
    if (compacted_ == CompactResult::complete) return raise_priority();
    if (compacted_ == CompactResult::skipped) return is_any_zone_suitable();
    const bool has_withdrawn = compacted_ == CompactResult::deferred || compacted_ == CompactResult::partial_skipped;
    if (has_withdrawn && rule_ == SlowPathRule::reclaim_then_compact_unmovable) return raise_priority();
    if (has_withdrawn) return is_any_zone_suitable();
    const unsigned most = order_ > kCostlyOrder ? kMostCompactRetries / 4 : kMostCompactRetries;
    if (compaction_retries_ <= most) return true;
    return is_late && raise_priority();
}

} // namespace ksl::core
