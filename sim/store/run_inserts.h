// SPDX-License-Identifier: MIT
//
// The statements that put a run into the database. Internal to sim/store; all functions throw SQLite::Exception, and
// all belong into a transaction of the caller's.
#pragma once

#include "sim/store/run_batch.h"

#include <SQLiteCpp/SQLiteCpp.h>

#include <span>
#include <vector>

namespace ksl::sim {

/// Inserts the rows of new runs, with their inputs and prices, as interrupted. Ids follow the highest in use.
[[nodiscard]] std::vector<RunId> insert_runs(SQLite::Database& sql, std::span<const RunRecord> records);

/// Notes in the run's row that its next `count` operations follow at the end of the table. Being a write, it also takes
/// the database's write lock in a transaction that begins with it.
void announce_operations(SQLite::Database& sql, RunId run, std::uint64_t count);
void insert_events(SQLite::Database& sql, const RunBatch& batch);
void insert_series(SQLite::Database& sql, const RunBatch& batch);
/// Totals, distributions, steps, metrics, and the end of the run's own row.
void insert_closing(SQLite::Database& sql, RunId run, const RunClosing& closing);

/// Totals and distributions of runs whose program was killed before it could save them, from the rows that it saved.
void complete_interrupted_runs(SQLite::Database& sql);

} // namespace ksl::sim
