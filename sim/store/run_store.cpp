// SPDX-License-Identifier: MIT
#include "sim/store/run_store.h"

#include "core/types/assert.h"
#include "sim/store/database.h"
#include "sim/store/run_queries.h"
#include "sim/store/store_writer.h"

#include <fmt/format.h>
#include <sqlite3.h>

#include <utility>

namespace ksl::sim {

struct RunStore::State {
    std::shared_ptr<StoreWriter> writer; ///< null if opened for reading, or closed
    OpenOptions options;
    Database reader; ///< a connection of its own: queries see what has been saved so far
};

RunStore::RunStore(std::unique_ptr<State> state) : state_(std::move(state)) {}
RunStore::RunStore(RunStore&&) noexcept = default;
RunStore& RunStore::operator=(RunStore&&) noexcept = default;
RunStore::~RunStore() = default;

Result<RunStore> RunStore::open(const std::filesystem::path& path, OpenMode mode, const OpenOptions& options) {
    std::shared_ptr<StoreWriter> writer;
    if (mode == OpenMode::append) {
        KSL_TRY_ASSIGN(database, Database::open(path, OpenMode::append, options));
        KSL_TRY_ASSIGN(started, StoreWriter::start(std::move(database)));
        writer = std::move(started);
    }
    KSL_TRY_ASSIGN(reader, Database::open(path, OpenMode::read, options));
    return RunStore{std::make_unique<State>(std::move(writer), options, std::move(reader))};
}

Result<std::vector<RunWriter>> RunStore::begin_runs(std::span<const RunRecord> records) {
    KSL_ASSERT(state_->writer != nullptr, "a store that was opened for recording");
    KSL_TRY_ASSIGN(ids, state_->writer->begin(records));
    std::vector<RunWriter> writers;
    writers.reserve(ids.size());
    for (const RunId id : ids) writers.emplace_back(state_->writer, id);
    return writers;
}

Result<RunWriter> RunStore::begin_run(const RunRecord& record) {
    KSL_TRY_ASSIGN(writers, begin_runs({&record, 1}));
    return std::move(writers.front());
}

Result<std::vector<RunId>> RunStore::merge(const std::filesystem::path& shard) {
    KSL_ASSERT(state_->writer != nullptr, "a store that was opened for recording");
    return state_->writer->merge(shard, state_->options);
}

Result<void> RunStore::flush() {
    if (state_->writer == nullptr) return {};
    return state_->writer->flush();
}

Result<void> RunStore::close() {
    Result<void> saved = flush();
    state_->writer.reset();
    return saved;
}

Result<std::vector<RunInfo>> RunStore::runs() {
    return state_->reader.guarded([&] { return read_runs(state_->reader.sql()); });
}

Result<RunRecord> RunStore::recipe(RunId run) {
    KSL_TRY_ASSIGN(record, state_->reader.guarded([&] { return read_recipe(state_->reader.sql(), run); }));
    if (!record) return fail(state_->reader.file(), 0, fmt::format("there is no run {}", run.raw()));
    return std::move(*record);
}

Result<std::vector<OperationRow>> RunStore::operations(RunId run, std::uint64_t first, std::uint64_t count) {
    return state_->reader.guarded([&] { return read_operations(state_->reader.sql(), run, first, count); });
}
Result<std::vector<OperationTotal>> RunStore::totals(RunId run) {
    return state_->reader.guarded([&] { return read_totals(state_->reader.sql(), run); });
}
Result<std::vector<LatencyCount>> RunStore::latencies(RunId run, OperationKind kind, Outcome outcome) {
    return state_->reader.guarded([&] { return read_latencies(state_->reader.sql(), run, kind, outcome); });
}
Result<std::vector<StepTotal>> RunStore::step_totals(RunId run) {
    return state_->reader.guarded([&] { return read_step_totals(state_->reader.sql(), run); });
}
Result<std::vector<Metric>> RunStore::metrics(RunId run) {
    return state_->reader.guarded([&] { return read_metrics(state_->reader.sql(), run); });
}
Result<std::vector<SeriesPoint>> RunStore::series(RunId run, std::string_view name) {
    return state_->reader.guarded([&] { return read_series(state_->reader.sql(), run, name); });
}
Result<std::vector<RecordedEvent>> RunStore::events(RunId run) {
    return state_->reader.guarded([&] { return read_events(state_->reader.sql(), run); });
}

Result<Table> RunStore::query(std::string_view select) {
    // The connection is read-only, so a statement that writes fails with "attempt to write a readonly database".
    return state_->reader.guarded([&] { return read_table(state_->reader.sql(), std::string{select}); });
}

} // namespace ksl::sim
