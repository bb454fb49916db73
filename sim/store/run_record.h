// SPDX-License-Identifier: MIT
//
// What the lab database keeps about a run beside its operations: the recipe it was computed from, and its results. What
// each column means stands in sim/store/schema.sql.
#pragma once

#include "core/types/ids.h"
#include "sim/store/operation_row.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace ksl::sim {

/// A run in one database: 1, 2, 3, ...
using RunId = core::Id<struct RunTag, std::uint32_t>;

enum class RunStatus : std::uint8_t { complete, interrupted, invalid };
inline constexpr std::array kRunStatusNames{std::string_view{"complete"}, std::string_view{"interrupted"},
                                            std::string_view{"invalid"}};
[[nodiscard]] constexpr std::string_view name_of(RunStatus status) {
    return kRunStatusNames[static_cast<std::size_t>(status)];
}

struct PriceRecord {
    std::string step;
    std::uint32_t instructions = 0;
    std::uint32_t stall_cycles = 0;
    std::uint32_t cycles = 0;
    std::string source;
    std::string tag;
    friend bool operator==(const PriceRecord&, const PriceRecord&) = default;
};

struct PriceListRecord {
    std::string name;
    std::uint32_t cpi_milli = 1000;
    std::vector<PriceRecord> prices;
    friend bool operator==(const PriceListRecord&, const PriceListRecord&) = default;
};

/// A text that the run started from: a copy of a file of /proc, a trace.
struct InputRecord {
    std::string name;
    std::string text;
    friend bool operator==(const InputRecord&, const InputRecord&) = default;
};

/// The recipe of a run: all that is needed to repeat it.
struct RunRecord {
    std::string scenario;
    std::string scenario_text;
    std::string overrides; ///< a line KEY=VALUE each
    std::string design;
    std::string design_text;
    std::string kernel;
    std::string processor;
    std::string processor_text;
    std::optional<PriceListRecord> prices;
    std::vector<InputRecord> inputs;
    std::uint32_t clock_mhz = 0;
    std::uint32_t cpus = 0;
    std::uint64_t memory_bytes = 0;
    std::uint64_t seed = 0; ///< at most 2^63 - 1
    std::string engine;
    /// Position, among the runs that are begun together, of the one to compare with.
    std::optional<std::size_t> baseline;
    friend bool operator==(const RunRecord&, const RunRecord&) = default;
};

struct StepTotal {
    OperationKind kind{};
    std::string step;
    std::uint64_t times = 0;
    std::uint64_t cycles = 0;
    friend bool operator==(const StepTotal&, const StepTotal&) = default;
};

struct Metric {
    std::string name;
    double value = 0;
    std::string unit;
    friend bool operator==(const Metric&, const Metric&) = default;
};

struct SeriesPoint {
    std::string name;
    std::uint64_t at_ns = 0;
    double value = 0;
    friend bool operator==(const SeriesPoint&, const SeriesPoint&) = default;
};

struct RecordedEvent {
    std::uint64_t at_ns = 0;
    std::uint16_t cpu = 0;
    std::string kind;
    std::string detail; ///< a JSON object
    friend bool operator==(const RecordedEvent&, const RecordedEvent&) = default;
};

/// How a run ended.
struct RunEnd {
    RunStatus status = RunStatus::complete;
    std::uint64_t simulated_ns = 0;
    std::optional<std::uint64_t> state_digest;
};

/// A run as lists show it.
struct RunInfo {
    RunId id;
    std::optional<RunId> baseline;
    std::string scenario;
    std::string design;
    std::string kernel;
    std::string processor;
    std::uint64_t seed = 0;
    std::string engine;
    RunStatus status = RunStatus::interrupted;
    std::uint64_t simulated_ns = 0;
    std::uint64_t operations = 0;
    std::optional<std::uint64_t> state_digest;
    std::string wall_started;
};

/// One latency and how many operations took exactly that long.
struct LatencyCount {
    std::uint64_t latency_ns = 0;
    std::uint64_t operations = 0;
    friend bool operator==(const LatencyCount&, const LatencyCount&) = default;
};

/// Sums over the operations of one kind and outcome.
struct OperationTotal {
    OperationKind kind{};
    Outcome outcome{};
    std::uint64_t operations = 0;
    std::array<std::uint64_t, kOperationCosts> sums{}; ///< in the order of kOperationCostNames
    friend bool operator==(const OperationTotal&, const OperationTotal&) = default;
};

} // namespace ksl::sim
