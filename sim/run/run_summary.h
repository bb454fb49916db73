// SPDX-License-Identifier: MIT
//
// What came out of one run, as tables, JSON and expectations name it:
//
//     clone_exit.latency_ns.p99     a kind of operation, a latency of it
//     clone.stlb_misses_mean        a kind of operation, a mean over its operations
//     stack_cache_hit_rate          a result of the run as a whole
//
// Units:   in the names: _ns, _cycles, _rate and _share (0 to 1); everything else is a count.
#pragma once

#include "sim/run/overflow_report.h"
#include "sim/stats/distribution.h"
#include "sim/store/operation_row.h"
#include "sim/store/run_record.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ksl::sim {

class RunTally;

/// Successful operations of one kind.
struct KindSummary {
    OperationKind kind{};
    std::uint64_t failures = 0;
    Summary latency_ns;
    /// In the order of kOperationCostNames; the mean of each.
    std::array<double, kOperationCosts> means{};
    [[nodiscard]] double mean(std::string_view cost) const;
};

struct RunSummary {
    std::optional<RunId> run_id; ///< in the database, if it was recorded
    std::string design;
    std::uint64_t seed = 0;
    RunStatus status = RunStatus::complete;
    std::uint64_t simulated_ns = 0;
    std::uint64_t state_digest = 0;
    std::uint64_t failures = 0;
    std::optional<double> stack_cache_hit_rate; ///< none if no stack was asked for
    std::vector<KindSummary> kinds;             ///< those that occurred
    std::vector<Metric> metrics;
    std::vector<StepTotal> steps;
    std::vector<OverflowStory> overflows; ///< stacks that were left

    [[nodiscard]] const KindSummary* kind(OperationKind kind) const;
    /// The value of a name as above; nothing if this run has none such.
    [[nodiscard]] std::optional<double> value(std::string_view name) const;
};

[[nodiscard]] std::vector<KindSummary> summarise(const RunTally& tally);

} // namespace ksl::sim
