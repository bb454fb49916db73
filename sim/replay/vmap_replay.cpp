// SPDX-License-Identifier: MIT
#include "sim/replay/vmap_replay.h"

#include "sim/replay/hypotheses.h"
#include "sim/replay/vmap_state.h"
#include "sim/replay/vmap_world.h"

#include <algorithm>

namespace ksl::sim {

Result<ReplayResult> replay_vmap(const capture::Capture& capture) {
    const capture::State& start = capture.states.front();
    KSL_TRY_ASSIGN(allocator, allocator_of(capture.folder + "/state_00", start));
    const VmapReplayContext context{capture, StackFates{capture.log}};
    Hypotheses<VmapWorld> worlds{VmapWorld{context, std::move(allocator), start}};

    ReplayResult result;
    result.capture = capture.folder;
    const auto& events = capture.log.events;
    auto next = static_cast<std::size_t>(
        std::ranges::lower_bound(events, start.events_before.value_or(0), {}, &capture::Event::index) - events.begin());
    const auto play_until = [&](std::uint64_t index) {
        for (; next < events.size() && events[next].index < index; ++next, ++result.events) {
            worlds.advance([&](VmapWorld& world, VmapWorld::Alternatives& others) { world.play(next, others); });
        }
    };
    for (std::size_t state = 1; state < capture.states.size(); ++state, ++result.states) {
        play_until(capture.states[state].events_before.value_or(0));
        worlds.advance([&](VmapWorld& world, VmapWorld::Alternatives& others) { world.compare(state, others); });
    }
    play_until(UINT64_MAX);
    worlds.advance([](VmapWorld& world, VmapWorld::Alternatives&) { world.finish(); });
    result.parts = worlds.best().parts();
    result.own_releases = worlds.best().own_releases();
    return result;
}

} // namespace ksl::sim
