// SPDX-License-Identifier: MIT
//
// A trace with anything in it, replayed from a real state: every event is somebody's claim.
#include "sim/import/capture_folder.h"
#include "sim/replay/page_replay.h"
#include "sim/replay/slab_replay.h"
#include "sim/replay/vmap_replay.h"

#include <cstdint>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace ksl::sim;
    static const auto kReal =
        capture::read_capture(std::filesystem::path{KSL_TEST_DATA} / "captures/2016/replay-4.7-512M");
    auto log = capture::parse_events_csv("input", {reinterpret_cast<const char*>(data), size});
    if (!kReal || !log) return 0;
    capture::Capture capture = *kReal;
    capture.log = std::move(*log);
    std::ignore = replay_pages(capture);
    std::ignore = replay_vmap(capture);
    std::ignore = replay_slabs(capture);
    return 0;
}
