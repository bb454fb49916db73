// SPDX-License-Identifier: MIT
//
// Results of a run that belong to no operation: counters of the machine, and samples of its state over time.
#pragma once

#include "sim/simulation/simulation.h"
#include "sim/store/run_record.h"

#include <vector>

namespace ksl::sim {

/// At the end of a run.
[[nodiscard]] std::vector<Metric> metrics_of(const core::Machine& machine);
/// Now.
[[nodiscard]] std::vector<SeriesPoint> sample_of(const Simulation& simulation);

} // namespace ksl::sim
