// SPDX-License-Identifier: MIT
//
// Recorded states: reading them, starting the engine from them, comparing with them.
#include "sim/import/capture_folder.h"
#include "sim/replay/page_replay.h"
#include "sim/replay/slab_replay.h"
#include "sim/replay/vmap_replay.h"

#include <cstdint>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace ksl::sim;
    const auto state = capture::parse_state("input", {reinterpret_cast<const char*>(data), size});
    if (!state) return 0;
    capture::Capture capture;
    capture.folder = "input";
    capture.states = {*state, *state};
    for (capture::State& each : capture.states) each.events_before = 0;
    std::ignore = replay_pages(capture);
    std::ignore = replay_vmap(capture);
    std::ignore = replay_slabs(capture);
    return 0;
}
