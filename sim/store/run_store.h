// SPDX-License-Identifier: MIT
//
// The lab database: what experiments were run, and what came out. Its tables are described in sim/store/schema.sql, for
// us and for whoever opens the file with the sqlite3 shell. Only sim/store knows SQLite.
//
//     KSL_TRY_ASSIGN(store, RunStore::open("lab.sqlite", OpenMode::append));
//     KSL_TRY_ASSIGN(runs, store.begin_runs(recipes));          // ids in this order
//     KSL_TRY(runs[0].append(rows)); ... KSL_TRY(runs[0].finish({...}));
//     KSL_TRY(store.close());
//
// Errors:  see sim/store/database.h for those of opening. While recording, the first error ends it; what was saved
//          before is safe and readable. No exception leaves.
// Same:    one recipe gives the same rows on every computer, in every build and with any number of threads, but for
//          the columns whose names begin with wall_.
// Threads: recording as in RunWriter and StoreWriter; queries one at a time.
#pragma once

#include "sim/base/error.h"
#include "sim/store/open_options.h"
#include "sim/store/run_record.h"
#include "sim/store/run_writer.h"
#include "sim/text/table.h"

#include <filesystem>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

namespace ksl::sim {

class RunStore {
public:
    static Result<RunStore> open(const std::filesystem::path& path, OpenMode mode, const OpenOptions& options = {});
    RunStore(const RunStore&) = delete;
    RunStore& operator=(const RunStore&) = delete;
    RunStore(RunStore&&) noexcept;
    RunStore& operator=(RunStore&&) noexcept;
    ~RunStore();

    /// New runs, with ids in the order of `records`; all are begun or none. Runs that are to be compared, or computed
    /// by several workers, are begun together.
    Result<std::vector<RunWriter>> begin_runs(std::span<const RunRecord> records);
    Result<RunWriter> begin_run(const RunRecord& record);
    /// Copies all runs of another database behind those of this one, in their order; all or none. Returns their new
    /// ids.
    Result<std::vector<RunId>> merge(const std::filesystem::path& shard);
    /// Returns when all that was handed over is on the disk.
    Result<void> flush();
    /// As flush(); then nothing more can be recorded. Every RunWriter must be gone or finished.
    Result<void> close();

    Result<std::vector<RunInfo>> runs();
    Result<RunRecord> recipe(RunId run);
    /// Rows [first, first + count) of a run, by seq.
    Result<std::vector<OperationRow>> operations(RunId run, std::uint64_t first, std::uint64_t count);
    Result<std::vector<OperationTotal>> totals(RunId run);
    /// Distribution of the latencies of one kind, by latency.
    Result<std::vector<LatencyCount>> latencies(RunId run, OperationKind kind, Outcome outcome = Outcome::ok);
    Result<std::vector<StepTotal>> step_totals(RunId run);
    Result<std::vector<Metric>> metrics(RunId run);
    Result<std::vector<SeriesPoint>> series(RunId run, std::string_view name);
    Result<std::vector<RecordedEvent>> events(RunId run);

    /// Any query, as a table; columns whose names end in _ns, _bytes, _ratio or share get these units. A statement that
    /// would write is refused.
    Result<Table> query(std::string_view select);

private:
    struct State;
    explicit RunStore(std::unique_ptr<State> state);

    std::unique_ptr<State> state_;
};

} // namespace ksl::sim
