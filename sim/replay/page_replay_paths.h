// SPDX-License-Identifier: MIT
//
// The way each freed page took. Rows of events.csv say it; the kernel's own text does not, so there it is derived.
#pragma once

#include "sim/import/capture_events.h"
#include "sim/replay/page_replay_state.h"

#include <vector>

namespace ksl::sim {

/// One entry an event: PagePath of PageFree and PageFreeBatched, unknown for all other events.
[[nodiscard]] std::vector<capture::PagePath> free_paths(const capture::EventLog& log, PageKernel kernel);

} // namespace ksl::sim
