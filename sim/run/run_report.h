// SPDX-License-Identifier: MIT
//
// Results of an experiment for people and for programs. docs/json.md describes the schema kstacklab.run/1.
#pragma once

#include "sim/run/expectations.h"
#include "sim/run/run_summary.h"
#include "sim/text/table.h"

#include <span>
#include <string>

namespace ksl::sim {

/// A row a design and kind of operation: percentiles, ratio and difference to the baseline, misses.
[[nodiscard]] Table comparison_table(std::span<const RunSummary> runs, std::size_t baseline);
/// A row a design: hit rate, failures, purges, out-of-memory kills.
[[nodiscard]] Table result_table(std::span<const RunSummary> runs);

/// {"schema":"kstacklab.run/1","runs":[...],"expectations":[...]}
[[nodiscard]] std::string run_json(std::span<const RunSummary> runs, std::size_t baseline,
                                   std::span<const Verdict> verdicts);

} // namespace ksl::sim
