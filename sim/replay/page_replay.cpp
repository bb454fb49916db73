// SPDX-License-Identifier: MIT
#include "sim/replay/page_replay.h"

#include "core/types/assert.h"
#include "sim/replay/hypotheses.h"
#include "sim/replay/page_replay_paths.h"
#include "sim/replay/page_replay_state.h"
#include "sim/replay/page_world.h"

#include <algorithm>
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

} // namespace

Result<ReplayResult> replay_pages(const capture::Capture& capture) {
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
        while (next < events.size() && events[next].index < index) {
            worlds.advance([&](PageWorld& world, PageWorld::Alternatives& others) { world.play(next, others); });
            const std::size_t end = request_end(capture.log, next);
            result.events += end - next;
            next = end;
        }
    };
    for (std::size_t state = 1; state < capture.states.size(); ++state, ++result.states) {
        play_until(capture.states[state].events_before.value_or(0));
        worlds.advance([&](PageWorld& world, PageWorld::Alternatives& others) { world.compare(state, others); });
    }
    play_until(UINT64_MAX);
    result.parts = worlds.best().parts();
    result.own_frames = worlds.best().own_frames();
    return result;
}

} // namespace ksl::sim
