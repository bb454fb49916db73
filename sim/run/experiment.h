// SPDX-License-Identifier: MIT
//
// Runs a scenario: every design on the same memory with the same workload and seed, each on a thread of its own if
// there are several.
//
// Same:    one scenario, seed and start of memory give the same results with any number of workers.
// Errors:  what only shows on the memory that there is; the database's. What the simulated kernel does is a result.
#pragma once

#include "sim/run/run_summary.h"
#include "sim/scenario/memory_start.h"
#include "sim/scenario/scenario.h"
#include "sim/simulation/simulation.h"
#include "sim/store/run_store.h"

#include <span>
#include <string>
#include <vector>

namespace ksl::sim {

struct ExperimentOptions {
    RunStore* store = nullptr; ///< where to record; null = nowhere
    unsigned jobs = 1;         ///< designs that run at a time
    bool keeps_events = false; ///< coarse events go into the database
};

struct Experiment {
    std::vector<RunSummary> runs; ///< in the order of the scenario's designs
    /// What was assumed about a real machine's memory; which designs could not begin.
    std::vector<std::string> warnings;
};

[[nodiscard]] Result<Experiment> run_scenario(const Assets& assets, const Scenario& scenario,
                                              const ExperimentOptions& options = {});

/// A design of a scenario, ready to run.
[[nodiscard]] Result<Simulation> simulation_of(const Assets& assets, const Scenario& scenario, std::size_t design,
                                               const MemoryStart& start);

/// Name and version of this engine, as recipes have it.
[[nodiscard]] std::string_view engine_name();

} // namespace ksl::sim
