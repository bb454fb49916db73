// SPDX-License-Identifier: MIT
//
// What a run hands to the writer thread at once; it is saved in one transaction. Internal to sim/store.
#pragma once

#include "sim/store/record_pages.h"
#include "sim/store/run_record.h"
#include "sim/store/run_tally.h"

#include <cstdint>
#include <memory>
#include <vector>

namespace ksl::sim {

/// The last thing that is saved of a run.
struct RunClosing {
    RunEnd end;
    std::vector<OperationTotal> totals;
    std::vector<LatencyCounts> latencies;
    std::vector<StepTotal> steps;
    std::vector<Metric> metrics;
    double wall_seconds = 0;
};

struct RunBatch {
    RunId run;
    RecordPages rows;
    std::uint64_t first_event = 0; ///< number of events[0] within the run
    std::vector<RecordedEvent> events;
    std::vector<SeriesPoint> series;
    std::unique_ptr<RunClosing> closing; ///< null while the run goes on

    [[nodiscard]] bool is_empty() const {
        return rows.rows() == 0 && events.empty() && series.empty() && closing == nullptr;
    }
};

} // namespace ksl::sim
