// SPDX-License-Identifier: MIT
#include "sim/store/run_writer.h"

#include "core/types/assert.h"
#include "sim/store/run_tally.h"
#include "sim/store/store_writer.h"

#include <chrono>
#include <utility>

namespace ksl::sim {

namespace {
/// Events and points that wait for a transaction.
constexpr std::size_t kManyEvents = 8192;
} // namespace

struct RunWriter::State {
    State(std::shared_ptr<StoreWriter> writer, RunId run_id) : store(std::move(writer)), id(run_id) { begin_batch(); }

    void begin_batch() {
        batch = RunBatch{};
        batch.run = id;
        batch.rows = RecordPages{store->take_buffer()};
        batch.first_event = events;
    }
    Result<void> hand_over() {
        if (batch.is_empty()) return {};
        KSL_TRY(store->submit(std::move(batch)));
        begin_batch();
        return {};
    }

    std::shared_ptr<StoreWriter> store;
    RunId id;
    RunBatch batch;
    RunTally tally;
    std::uint64_t events = 0;
    std::vector<StepTotal> steps;
    std::vector<Metric> metrics;
    std::chrono::steady_clock::time_point started = std::chrono::steady_clock::now();
    bool is_finished = false;
};

RunWriter::RunWriter(std::shared_ptr<StoreWriter> store, RunId id)
    : state_(std::make_unique<State>(std::move(store), id)) {}
RunWriter::RunWriter(RunWriter&&) noexcept = default;
RunWriter& RunWriter::operator=(RunWriter&& other) noexcept {
    std::swap(state_, other.state_); // the old run ends with `other`
    return *this;
}

RunWriter::~RunWriter() {
    if (state_ == nullptr || state_->is_finished) return;
    // An error here is the store's first or has been reported already; RunStore::flush() and close() return it.
    [[maybe_unused]] const auto reported =
        finish({.status = RunStatus::interrupted, .simulated_ns = 0, .state_digest = {}});
}

RunId RunWriter::id() const {
    return state_->id;
}

Result<void> RunWriter::append(std::span<const OperationRow> rows) {
    KSL_ASSERT(!state_->is_finished, "a run that goes on");
    const auto run = static_cast<std::int64_t>(state_->id.raw());
    for (const OperationRow& row : rows) {
        const OperationColumns columns = columns_of(row, run, static_cast<std::int64_t>(state_->tally.operations()));
        if (!state_->batch.rows.append(columns)) {
            KSL_TRY(state_->hand_over());
            state_->batch.rows.append(columns);
        }
        state_->tally.add(row);
    }
    return {};
}

void RunWriter::add_life(const OperationRow& life) {
    state_->tally.add_without_row(life);
}

Result<void> RunWriter::add_event(RecordedEvent event) {
    KSL_ASSERT(!state_->is_finished, "a run that goes on");
    ++state_->events;
    state_->batch.events.push_back(std::move(event));
    if (state_->batch.events.size() < kManyEvents) return {};
    return state_->hand_over();
}

Result<void> RunWriter::add_point(SeriesPoint point) {
    KSL_ASSERT(!state_->is_finished, "a run that goes on");
    state_->batch.series.push_back(std::move(point));
    if (state_->batch.series.size() < kManyEvents) return {};
    return state_->hand_over();
}

void RunWriter::add_step_totals(std::span<const StepTotal> totals) {
    state_->steps.insert(state_->steps.end(), totals.begin(), totals.end());
}

void RunWriter::add_metric(Metric metric) {
    state_->metrics.push_back(std::move(metric));
}

Result<void> RunWriter::flush() {
    return state_->hand_over();
}

Result<void> RunWriter::finish(const RunEnd& end) {
    KSL_ASSERT(!state_->is_finished, "a run ends once");
    state_->is_finished = true;
    const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - state_->started;
    auto closing = std::make_unique<RunClosing>();
    *closing = {.end = end,
                .totals = state_->tally.totals(),
                .latencies = state_->tally.latencies(),
                .steps = std::move(state_->steps),
                .metrics = std::move(state_->metrics),
                .wall_seconds = elapsed.count()};
    state_->batch.closing = std::move(closing);
    return state_->store->submit(std::move(state_->batch));
}

} // namespace ksl::sim
