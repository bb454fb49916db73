// SPDX-License-Identifier: MIT
//
// Whether a scenario's [[expect]] blocks hold for its results.
#pragma once

#include "sim/run/run_summary.h"
#include "sim/scenario/scenario.h"

#include <span>
#include <string>
#include <vector>

namespace ksl::sim {

struct Verdict {
    Expectation expectation;
    std::string design;          ///< whose value was looked at
    std::optional<double> value; ///< as expected of: a value, difference or ratio; nothing if there is none
    bool holds = false;
    /// "linux-4.9: clone_exit.latency_ns.mean - that of linux-4.7 = -512.3; at least -1200, at most -300 expected"
    std::string text;
};

/// One verdict for each design that an expectation speaks of. `runs`: in any order.
[[nodiscard]] std::vector<Verdict> judge(const Scenario& scenario, std::span<const RunSummary> runs);

} // namespace ksl::sim
