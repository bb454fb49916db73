// SPDX-License-Identifier: MIT
#include "sim/replay/page_replay.h"

#include "core/types/assert.h"
#include "sim/replay/hypotheses.h"
#include "sim/replay/page_replay_paths.h"
#include "sim/replay/page_replay_state.h"
#include "sim/replay/page_world.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace ksl::sim {

namespace {

/// After two ticks (HZ=100) without an event the CPU was idle and had stopped its tick; quiet_vmstat() then reports its
/// counters.
constexpr core::Nanoseconds kIdle{20'000'000};

/// mm_page_alloc of a request that was refused.
constexpr core::Pfn kRefused{0};

/// Requests whose zone is followed: one a request, a bulk request as one.
std::vector<TurnStep> turn_steps(const capture::EventLog& log) {
    std::vector<TurnStep> steps;
    core::Nanoseconds last_time;
    bool was_idle = false;
    for (const capture::Event& event : log.events) {
        was_idle = was_idle || event.time - last_time > kIdle;
        last_time = event.time;
        const auto* body = std::get_if<capture::PageAlloc>(&event.body);
        if (body == nullptr || body->pfn == kRefused || body->is_bulk) continue;
        steps.push_back({.zone = core::zone_of(body->pfn),
                         .order = static_cast<std::uint8_t>(body->order.raw()),
                         .is_reported_before = std::exchange(was_idle, false)});
    }
    return steps;
}

/// The single page request that the interrupt which begins at `first` may have come in the middle of: a request is
/// recorded last of all, after its pages were taken and cleared, and what an interrupt frees in between is recorded
/// before it. `first` if there is none, if no interrupt begins there, or if it asked for pages itself.
std::size_t interrupted_request(const capture::EventLog& log, std::size_t first) {
    const auto& events = log.events;
    if (first > 0 && is_interrupt(events[first - 1]) && events[first - 1].pid == events[first].pid) return first;
    bool frees = false;
    std::size_t at = first;
    for (; at < events.size() && is_interrupt(events[at]) && events[at].pid == events[first].pid; ++at) {
        if (std::holds_alternative<capture::PageAlloc>(events[at].body)) return first;
        frees = frees || std::holds_alternative<capture::PageFree>(events[at].body);
    }
    if (!frees || at == events.size() || events[at].pid != events[first].pid) return first;
    const auto* request = std::get_if<capture::PageAlloc>(&events[at].body);
    return request != nullptr && !request->is_bulk ? at : first;
}

/// The world after these events, in this order, followed by those that it may be instead.
std::vector<PageWorld> played(const PageWorld& start, const std::vector<std::size_t>& positions) {
    std::vector<PageWorld> worlds{start};
    for (const std::size_t position : positions) {
        PageWorld::Alternatives others;
        for (PageWorld& world : worlds) world.play(position, others);
        std::ranges::move(others, std::back_inserter(worlds));
    }
    return worlds;
}

/// What the request took from the buddy lists was recorded just before the interrupt.
bool has_begun(const capture::EventLog& log, std::size_t first, std::size_t request) {
    return first > 0 && log.events[first - 1].pid == log.events[request].pid &&
           std::holds_alternative<capture::ZoneLockedAlloc>(log.events[first - 1].body);
}

/// An interrupt and the request at `request`, in the likelier order and, if that does not explain the answer, in the
/// other: the request's record may stand behind what an interrupt did that came after it.
void play_interrupted(const capture::EventLog& log, PageWorld& world, std::size_t first, std::size_t request,
                      PageWorld::Alternatives& others) {
    std::vector<std::size_t> order;
    order.reserve(request + 1 - first);
    for (std::size_t position = first; position <= request; ++position) order.push_back(position);
    std::vector<std::size_t> other_order = order;
    std::ranges::rotate(other_order, std::prev(other_order.end()));
    if (has_begun(log, first, request)) std::swap(order, other_order);

    std::vector<PageWorld> likely = played(world, order);
    if (likely.front().differences() != world.differences()) {
        for (PageWorld& other : played(world, other_order)) {
            if (other.differences() < likely.front().differences()) others.push_back(std::move(other));
        }
    }
    world = std::move(likely.front());
    others.insert(others.end(), std::move_iterator{std::next(likely.begin())}, std::move_iterator{likely.end()});
}

} // namespace

Result<ReplayResult> replay_pages(const capture::Capture& capture, std::uint64_t enough) {
    for (const capture::State& state : capture.states) {
        if (!state.buddy) return fail(capture.folder, 0, "a state has no page allocator in it; \"buddy\" is needed");
    }
    const capture::State& first = capture.states.front();
    KSL_ASSERT(first.buddy.has_value(), "every state has been looked at");
    core::PageRules rules = replay_rules(page_kernel_of(first));
    if (first.buddy->watermark_boost_factor)
        rules.watermark_boost_factor = static_cast<std::uint32_t>(*first.buddy->watermark_boost_factor);
    auto start = make_state(explicit_memory(*first.buddy), rules);
    if (!start) return fail(capture.folder, 0, "the first state cannot be: " + start.error());

    const PageReplayContext context{capture, free_paths(capture.log, page_kernel_of(first)), turn_steps(capture.log)};
    const auto& events = capture.log.events;
    PageWorld start_world{context, std::move(*start)};
    std::size_t next = 0;
    while (next < events.size() && events[next].index < first.events_before.value_or(0)) start_world.rehearse(next++);
    start_world.begin();

    ReplayResult result;
    result.capture = capture.folder;
    Hypotheses<PageWorld> worlds{std::move(start_world)};
    const auto play_until = [&](std::uint64_t index) {
        while (next < events.size() && events[next].index < index && worlds.best().explained_by() <= enough) {
            const std::size_t request = interrupted_request(capture.log, next);
            const bool is_in_request = request != next && events[request].index < index;
            worlds.advance([&](PageWorld& world, PageWorld::Alternatives& others) {
                if (is_in_request)
                    play_interrupted(capture.log, world, next, request, others);
                else
                    world.play(next, others);
            });
            const std::size_t end = is_in_request ? request + 1 : request_end(capture.log, next);
            result.events += end - next;
            next = end;
        }
    };
    for (std::size_t state = 1; state < capture.states.size(); ++state, ++result.states) {
        play_until(capture.states[state].events_before.value_or(0));
        if (worlds.best().explained_by() > enough) break;
        worlds.advance([&](PageWorld& world, PageWorld::Alternatives& others) { world.compare(state, others); });
    }
    play_until(UINT64_MAX);
    const PageWorld& best = worlds.best_by(&PageWorld::explained_by);
    result.parts = best.parts();
    result.own_frames = best.own_frames();
    return result;
}

} // namespace ksl::sim
