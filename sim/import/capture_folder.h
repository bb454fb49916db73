// SPDX-License-Identifier: MIT
//
// A replay capture as one value: the recorded states of a real kernel and every request and answer between them.
#pragma once

#include "sim/base/error.h"
#include "sim/import/capture_events.h"
#include "sim/import/capture_state.h"

#include <filesystem>
#include <string>
#include <vector>

namespace ksl::sim::capture {

struct Capture {
    std::string folder;
    std::vector<State> states; ///< at least one: the start; by events_before, which all of them have
    EventLog log;
};

/// Reads state_NN.json[.gz] and events.csv[.gz], or trace.txt[.gz|.zst] where there are no events.csv.
[[nodiscard]] Result<Capture> read_capture(const std::filesystem::path& folder);

} // namespace ksl::sim::capture
