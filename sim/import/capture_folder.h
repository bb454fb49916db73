// SPDX-License-Identifier: MIT
//
// A replay capture as one value: the recorded states of a real kernel and every request and answer between them.
#pragma once

#include "sim/base/error.h"
#include "sim/import/capture_events.h"
#include "sim/import/capture_state.h"

#include <filesystem>
#include <optional>
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

/// The second telling of a trace whose rows were read: trace.txt[.gz|.zst] beside an events.csv[.gz]. None if there is
/// only one.
[[nodiscard]] Result<std::optional<EventLog>> read_trace_text(const std::filesystem::path& folder);

} // namespace ksl::sim::capture
