// SPDX-License-Identifier: MIT
//
// A trace that is told twice: by the rows of events.csv and by the lines of the kernel's own text. Every row is held
// against its line, also in what no engine answers: times, contexts, what was asked for.
//
// Counting: one difference a row that is not as its line. Where the replay objects to the row, it is counted there and
//           not here. Of two tellings of a request, the one that explains more of what follows is believed, and the
//           replays go on with it, so that a false request is one difference.
// Apart:    what the text does not say (`path`), and what the rows do not say (the CPU, names of tasks).
#pragma once

#include "sim/base/error.h"
#include "sim/import/capture_folder.h"
#include "sim/replay/replay_result.h"

#include <cstdint>
#include <functional>

namespace ksl::sim {

/// How many differences the replays find in a capture; of more than `enough`, any such number.
using CountDifferences = std::function<Result<std::uint64_t>(const capture::Capture&, std::uint64_t enough)>;

/// Judges, and makes `capture` the one to be replayed. `text`: of the same trace.
[[nodiscard]] Result<void> settle_trace(capture::Capture& capture, const capture::EventLog& text,
                                        const CountDifferences& count, PartResult& part);

} // namespace ksl::sim
