// SPDX-License-Identifier: MIT
//
// Records one run. Rows are laid out for the database on the caller's thread and saved by the store's own.
//
// Errors:  a call returns the first error of the whole store, also one that another run met; nothing after it is
//          saved.
// Threads: one at a time; different runs may be recorded by different threads.
#pragma once

#include "sim/base/error.h"
#include "sim/store/run_record.h"

#include <memory>
#include <span>
#include <vector>

namespace ksl::sim {

class StoreWriter;

class RunWriter {
public:
    /// Made by RunStore::begin_runs().
    RunWriter(std::shared_ptr<StoreWriter> store, RunId id);
    RunWriter(const RunWriter&) = delete;
    RunWriter& operator=(const RunWriter&) = delete;
    RunWriter(RunWriter&&) noexcept;
    RunWriter& operator=(RunWriter&&) noexcept;
    /// A run that was not finished is saved as interrupted, with its rows.
    ~RunWriter();

    [[nodiscard]] RunId id() const;

    Result<void> append(std::span<const OperationRow> rows);
    Result<void> append(const OperationRow& row) { return append(std::span{&row, 1}); }
    /// A life that has ended: counted in totals and latencies, stored in no row.
    void add_life(const OperationRow& life);
    Result<void> add_event(RecordedEvent event);
    /// `name` at one time has one value.
    Result<void> add_point(SeriesPoint point);
    void add_step_totals(std::span<const StepTotal> totals);
    void add_metric(Metric metric);

    /// Hands over what is not yet on its way to the disk.
    Result<void> flush();
    /// The run ends; nothing can be added afterwards. It is saved when its turn comes: RunStore::flush() waits for
    /// that.
    Result<void> finish(const RunEnd& end);

private:
    struct State;

    std::unique_ptr<State> state_;
};

} // namespace ksl::sim
