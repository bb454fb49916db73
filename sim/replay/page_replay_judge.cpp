// SPDX-License-Identifier: MIT
#include "sim/replay/page_replay_judge.h"

#include "sim/replay/page_replay.h"

#include <fmt/format.h>

#include <algorithm>

namespace ksl::sim {

namespace {

unsigned number(core::MigrateType type) {
    return static_cast<unsigned>(type);
}

std::string_view purpose(bool is_refill) {
    return is_refill ? ", for a page list" : "";
}
std::string text_of(const capture::ZoneLockedAlloc& block) {
    return fmt::format("pfn {} of order {}, type {}{}", block.pfn.raw(), block.order.raw(), number(block.type),
                       purpose(block.is_refill));
}
std::string text_of(const core::BlockRemoved& block) {
    return fmt::format("pfn {} of order {}, type {}{}", block.pfn, block.order, number(block.type),
                       purpose(block.for_pcp));
}
std::string_view kind_of(bool is_fragmenting) {
    return is_fragmenting ? "fragmenting" : "not fragmenting";
}
std::string text_of(const capture::Fallback& fallback) {
    return fmt::format("pfn {} of order {} from type {} for order {}, type {}, {}, pageblock {}", fallback.pfn.raw(),
                       fallback.fallback_order.raw(), number(fallback.fallback_type), fallback.order.raw(),
                       number(fallback.type), kind_of(fallback.is_fragmenting),
                       fallback.changes_type ? "claimed" : "not claimed");
}
/// A fallback of the engine and the order of the request that it was for.
struct OwnFallback {
    core::FallbackTaken taken;
    core::Order order;
};
std::string text_of(const OwnFallback& fallback) {
    const core::FallbackTaken& taken = fallback.taken;
    return fmt::format("pfn {} of order {} from type {} for order {}, type {}, {}, pageblock {}", taken.pfn,
                       taken.block_order, number(taken.taken_from), fallback.order.raw(), number(taken.wanted),
                       kind_of(taken.block_order < core::kPageblockOrder.raw()),
                       taken.type_changed ? "claimed" : "not claimed");
}
std::string text_of(const capture::PcpDrain& drain) {
    return fmt::format("pfn {} of order {}, type {}", drain.pfn.raw(), drain.order.raw(), number(drain.type));
}
std::string text_of(const core::PcpDrained& drain) {
    return fmt::format("pfn {} of order {}, type {}", drain.pfn, drain.order, number(drain.type));
}

/// Judges two sequences position by position; the longer one's rest differs.
template <class Recorded, class Engine>
void judge_sequence(PartResult& part, std::string_view where, std::uint64_t event,
                    const std::vector<Recorded>& recorded, const std::vector<Engine>& engine) {
    for (std::size_t i = 0; i < std::max(recorded.size(), engine.size()); ++i) {
        const std::string is = i < recorded.size() ? text_of(recorded[i]) : "nothing";
        const std::string ours = i < engine.size() ? text_of(engine[i]) : "nothing";
        if (is == ours)
            part.add_exact();
        else
            part.add_difference(
                {.event = event, .where = std::string{where}, .recorded = is, .engine = ours, .around = {}});
    }
}

} // namespace

PageJudge::PageJudge() {
    for (const std::string_view name :
         {kPageFrames, kZoneChoices, kBlocksTaken, kFallbacks, kPageblockClaims, kDrains, kPageStates}) {
        parts_.emplace_back(std::string{name});
    }
}

PartResult& PageJudge::part(std::string_view name) {
    return *std::ranges::find(parts_, name, &PartResult::name);
}

std::uint64_t PageJudge::differences() const {
    std::uint64_t sum = 0;
    for (const PartResult& part : parts_) sum += part.differing();
    return sum;
}

bool PageJudge::goes_on_like(const PageJudge& other) const {
    const auto is_same = [](const core::PcpDrained& a, const core::PcpDrained& b) {
        return a.pfn == b.pfn && a.order == b.order && a.type == b.type;
    };
    return recorded_blocks_ == other.recorded_blocks_ && recorded_fallbacks_ == other.recorded_fallbacks_ &&
           std::ranges::equal(drains_, other.drains_, is_same);
}

void PageJudge::on_event(const core::Event& event) {
    if (const auto* block = std::get_if<core::BlockRemoved>(&event.body)) blocks_.push_back(*block);
    if (const auto* fallback = std::get_if<core::FallbackTaken>(&event.body)) fallbacks_.push_back(*fallback);
    if (const auto* drain = std::get_if<core::PcpDrained>(&event.body)) drains_.push_back(*drain);
}

void PageJudge::judge_request(std::uint64_t event, core::Order order) {
    judge_sequence(part(kBlocksTaken), "mm_page_alloc_zone_locked", event, recorded_blocks_, blocks_);
    std::vector<OwnFallback> own;
    own.reserve(fallbacks_.size());
    for (const core::FallbackTaken& fallback : fallbacks_) own.push_back({.taken = fallback, .order = order});
    judge_sequence(part(kFallbacks), "mm_page_alloc_extfrag", event, recorded_fallbacks_, own);
    recorded_blocks_.clear();
    recorded_fallbacks_.clear();
    blocks_.clear();
    fallbacks_.clear();
}

bool PageJudge::claims_pageblock(core::Pfn /*block*/, core::MigrateType /*wanted*/, bool by_rule) {
    const std::size_t position = fallbacks_.size();
    if (position >= recorded_fallbacks_.size()) return by_rule;
    const bool recorded = recorded_fallbacks_[position].changes_type;
    if (recorded == by_rule) {
        part(kPageblockClaims).add_exact();
        return recorded;
    }
    was_claim_in_doubt_ = true;
    if (claims_by_rule_) return by_rule; // The fallback will differ.
    part(kPageblockClaims).add_undetermined("how many used pages of a pageblock are movable");
    return recorded;
}

void PageJudge::judge_drain(std::uint64_t event, const capture::PcpDrain& recorded) {
    const std::string is = text_of(recorded);
    const std::string ours = drains_.empty() ? "nothing" : text_of(drains_.front());
    if (!drains_.empty()) drains_.pop_front();
    if (is == ours)
        part(kDrains).add_exact();
    else
        part(kDrains).add_difference(
            {.event = event, .where = "mm_page_pcpu_drain", .recorded = is, .engine = ours, .around = {}});
}

void PageJudge::expect_no_more_drains(std::uint64_t event) {
    for (const core::PcpDrained& drain : drains_) {
        part(kDrains).add_difference({.event = event,
                                      .where = "mm_page_pcpu_drain",
                                      .recorded = "nothing",
                                      .engine = text_of(drain),
                                      .around = {}});
    }
    drains_.clear();
}

void PageJudge::judge_state(std::size_t number, std::uint64_t events_before, const StateComparison& comparison) {
    part(kPageStates).add_exact(comparison.compared - comparison.differences.size());
    for (const StateDifference& difference : comparison.differences) {
        part(kPageStates)
            .add_difference({.event = events_before,
                             .where = fmt::format("state_{:02}: {}", number, difference.where),
                             .recorded = difference.recorded,
                             .engine = difference.engine,
                             .around = {}});
    }
}

} // namespace ksl::sim
