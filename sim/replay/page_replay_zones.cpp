// SPDX-License-Identifier: MIT
#include "sim/replay/page_replay_zones.h"

#include <algorithm>
#include <optional>
#include <tuple>
#include <utility>

namespace ksl::sim {

namespace {

using core::PageState;
using core::ZoneId;

constexpr core::CpuId kCpu{0};
/// How far back a report is looked for, and how many later steps it has to agree with.
constexpr std::size_t kStepsBack = 1000;
constexpr std::size_t kStepsAhead = 100;

/// Moves one page between the reported and the unreported part of the zone's free pages; false at the limit.
bool shift_free_pages(PageState& state, ZoneId id, int step) {
    core::Zone& zone = state.zone(id);
    core::PageLists& lists = state.lists_of(kCpu, id);
    const int unreported = lists.free_pages_diff - step;
    if (unreported > zone.stat_threshold || unreported < -zone.stat_threshold) return false;
    zone.free_pages += step;
    lists.free_pages_diff = static_cast<std::int8_t>(unreported);
    return true;
}

/// The zone is at its watermark: its known free pages are moved within what a CPU may not have reported.
bool explain_by_free_pages(core::PageAllocator& allocator, const core::AllocRequest& request, ZoneId recorded,
                           std::optional<ZoneId> chosen) {
    // A higher zone than the engine's had more than the engine believes; of a lower one, the engine's had less.
    const bool is_higher = !chosen || *chosen < recorded;
    const ZoneId wrong = is_higher ? recorded : *chosen;
    PageState& state = allocator.mutable_state();
    const core::Zone zone_before = state.zone(wrong);
    const core::PageLists lists_before = state.lists_of(kCpu, wrong);
    while (shift_free_pages(state, wrong, is_higher ? 1 : -1)) {
        if (allocator.zone_for(request, kCpu) == recorded) return true;
    }
    state.zone(wrong) = zone_before;
    state.lists_of(kCpu, wrong) = lists_before;
    return false;
}

} // namespace

ZoneFollower::Turns ZoneFollower::turns_of(const PageState& state) {
    Turns turns;
    for (std::size_t i = 0; i < core::kZones; ++i) {
        turns.left[i] = state.zones[i].fair_batch;
        turns.unreported[i] = state.lists_of(kCpu, state.zones[i].id).fair_batch_diff;
        turns.is_used_up[i] = state.zones[i].is_fair_depleted;
    }
    return turns;
}

void ZoneFollower::set_turns(PageState& state, const Turns& turns) {
    for (std::size_t i = 0; i < core::kZones; ++i) {
        state.zones[i].fair_batch = turns.left[i];
        state.lists_of(kCpu, state.zones[i].id).fair_batch_diff = turns.unreported[i];
        state.zones[i].is_fair_depleted = turns.is_used_up[i];
    }
}

void ZoneFollower::report(Turns& turns) {
    for (std::size_t i = 0; i < core::kZones; ++i) turns.left[i] += std::exchange(turns.unreported[i], std::int8_t{0});
}

bool ZoneFollower::advance(const PageState& state, Turns& turns, const TurnStep& step) {
    if (step.is_reported_before) report(turns);
    const auto turn = [&](std::size_t zone) {
        return core::ZoneTurn{
            .left = turns.left[zone], .unreported = turns.unreported[zone], .is_used_up = turns.is_used_up[zone]};
    };
    std::size_t highest = core::kZones - 1;
    while (highest > 0 && !state.zones[highest].is_populated()) --highest;
    std::size_t zone = highest;
    while (zone > 0 && (turns.is_used_up[zone] || !state.zones[zone].is_populated())) --zone;
    if (turns.is_used_up[zone] || !state.zones[zone].is_populated()) {
        for (std::size_t i = 0; i <= highest; ++i)
            turn(i).begin(turn_pages(state.zones[i]), state.zones[i].stat_threshold);
        zone = highest;
    }
    turn(zone).use(step.order, state.zones[zone].stat_threshold);
    return zone == static_cast<std::size_t>(step.zone);
}

/// How many of the steps from `from` to `end` went to another zone than recorded; `turns` are those before `from`, and
/// then those before the next step. None if the next step's zone is not the recorded one.
std::optional<std::size_t> ZoneFollower::disagreements(const PageState& state, Turns& turns, std::size_t from,
                                                       std::size_t end, std::size_t most) const {
    Turns at_next = turns;
    std::size_t wrong = 0;
    for (std::size_t step = from; step < end; ++step) {
        if (step == next_) at_next = turns;
        if (advance(state, turns, (*steps_)[step])) continue;
        if (step == next_ || ++wrong >= most) return std::nullopt;
    }
    turns = at_next;
    return wrong;
}

/// Looks for the latest step before which one report makes most of the steps up to the next one, and of some after it,
/// as recorded: not all, because a recorded zone may be wrong. It has to explain more than that the next one is.
bool ZoneFollower::explain(PageState& state) {
    if (next_ >= steps_->size()) return false;
    const std::size_t end = std::min(next_ + kStepsAhead, steps_->size());
    Turns unchanged = before_.back();
    std::size_t fewest = 1; // the next one
    std::ignore = advance(state, unchanged, (*steps_)[next_]);
    for (std::size_t step = next_ + 1; step < end; ++step)
        fewest += advance(state, unchanged, (*steps_)[step]) ? 0U : 1U;
    std::optional<Turns> best;
    for (std::size_t back = 0; back < before_.size() && fewest > 0; ++back) {
        Turns turns = before_[before_.size() - 1 - back];
        report(turns);
        const auto wrong = disagreements(state, turns, next_ - back, end, fewest);
        if (!wrong) continue;
        fewest = *wrong;
        best = turns;
    }
    if (!best) return false;
    set_turns(state, *best);
    before_.back() = *best;
    return true;
}

/// The first zone that is not the expected one shows where the turns are: a lower zone's turn begins when the higher
/// one's is used up, the highest one's when all get a new batch.
void ZoneFollower::learn(PageState& state, ZoneId chosen, ZoneId recorded) {
    Turns turns;
    for (std::size_t i = 0; i < core::kZones; ++i) {
        turns.is_used_up[i] = state.zones[i].id > recorded && state.zones[i].id <= chosen;
        turns.left[i] = turns.is_used_up[i] ? 0 : turn_pages(state.zones[i]);
    }
    set_turns(state, turns);
    before_.assign(1, turns);
    // The very first request may come in the middle of a turn: it is no border.
    is_known_ = next_ != 0;
}

ZoneChoice ZoneFollower::follow(core::PageAllocator& allocator, const core::AllocRequest& request,
                                std::optional<ZoneId> recorded) {
    PageState& state = allocator.mutable_state();
    const bool has_turns = state.rules.fair_zones;
    if (has_turns) {
        before_.push_back(turns_of(state));
        if (before_.size() > kStepsBack) before_.pop_front();
    }
    const std::optional<ZoneId> chosen = allocator.zone_for(request, kCpu);
    ZoneChoice choice = ZoneChoice::as_recorded;
    if (!recorded) {
        choice = ZoneChoice::impossible;
    } else if (chosen != recorded) {
        if (has_turns && is_known_) std::ignore = explain(state);
        if (has_turns && !is_known_) learn(state, chosen.value_or(*recorded), *recorded);
        const bool is_explained = allocator.zone_for(request, kCpu) == recorded ||
                                  explain_by_free_pages(allocator, request, *recorded, chosen);
        choice = is_explained ? ZoneChoice::inferred : ZoneChoice::impossible;
    }
    if (has_turns) ++next_;
    return choice;
}

} // namespace ksl::sim
