// SPDX-License-Identifier: MIT
//
// Reading a lab database. Internal to sim/store; all functions throw SQLite::Exception.
#pragma once

#include "sim/store/run_record.h"
#include "sim/text/table.h"

#include <SQLiteCpp/SQLiteCpp.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ksl::sim {

[[nodiscard]] std::vector<RunInfo> read_runs(SQLite::Database& sql);
/// Empty if there is no such run.
[[nodiscard]] std::optional<RunRecord> read_recipe(SQLite::Database& sql, RunId run);
[[nodiscard]] std::vector<OperationRow> read_operations(SQLite::Database& sql, RunId run, std::uint64_t first,
                                                        std::uint64_t count);
[[nodiscard]] std::vector<OperationTotal> read_totals(SQLite::Database& sql, RunId run);
[[nodiscard]] std::vector<LatencyCount> read_latencies(SQLite::Database& sql, RunId run, OperationKind kind,
                                                       Outcome outcome);
[[nodiscard]] std::vector<StepTotal> read_step_totals(SQLite::Database& sql, RunId run);
[[nodiscard]] std::vector<Metric> read_metrics(SQLite::Database& sql, RunId run);
[[nodiscard]] std::vector<SeriesPoint> read_series(SQLite::Database& sql, RunId run, std::string_view name);
[[nodiscard]] std::vector<RecordedEvent> read_events(SQLite::Database& sql, RunId run);
[[nodiscard]] Table read_table(SQLite::Database& sql, const std::string& select);

} // namespace ksl::sim
