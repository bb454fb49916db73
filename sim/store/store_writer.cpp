// SPDX-License-Identifier: MIT
#include "sim/store/store_writer.h"

#include "sim/store/run_inserts.h"
#include "sim/store/run_merge.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace ksl::sim {

namespace {

constexpr std::size_t kFreeBuffers = StoreWriter::kQueuedBatches + 4;

std::size_t bytes_of(const RunBatch& batch) {
    std::size_t bytes = batch.rows.bytes() + batch.series.size() * sizeof(SeriesPoint);
    for (const RecordedEvent& event : batch.events) bytes += sizeof event + event.detail.size();
    return bytes;
}

} // namespace

Result<std::unique_ptr<StoreWriter>> StoreWriter::start(Database database, std::size_t held_bytes) {
    std::unique_ptr<StoreWriter> writer{new StoreWriter{std::move(database), held_bytes}};
    KSL_TRY(writer->database_.guarded([&] {
        SQLite::Database& sql = writer->database_.sql();
        writer->database_.in_transaction(SQLite::TransactionBehavior::IMMEDIATE,
                                         [&] { complete_interrupted_runs(sql); });
        writer->operations_.emplace(sql, "operation");
    }));
    writer->thread_ = std::thread{[pointer = writer.get()] { pointer->run(); }};
    return writer;
}

StoreWriter::StoreWriter(Database database, std::size_t held_bytes)
    : held_limit_(held_bytes), database_(std::move(database)) {}

StoreWriter::~StoreWriter() {
    {
        const std::lock_guard lock{mutex_};
        is_stopping_ = true;
    }
    work_.notify_all();
    if (thread_.joinable()) thread_.join();
}

Result<std::vector<RunId>> StoreWriter::begin(std::span<const RunRecord> records) {
    const std::lock_guard database_lock{database_mutex_};
    {
        const std::lock_guard lock{mutex_};
        if (error_) return std::unexpected(*error_);
    }
    auto ids = database_.guarded([&] {
        std::vector<RunId> inserted;
        database_.in_transaction(SQLite::TransactionBehavior::DEFERRED, [&] {
            // Not IMMEDIATE: the batch that BulkInsert attached cannot be written to. This locks our own file alone.
            database_.sql().exec("UPDATE run SET id = id WHERE id = 0");
            inserted = insert_runs(database_.sql(), records);
        });
        return inserted;
    });
    if (ids) {
        const std::lock_guard lock{mutex_};
        for (const RunId id : *ids) queues_[id];
    }
    return ids;
}

Result<std::vector<RunId>> StoreWriter::merge(const std::filesystem::path& shard, const OpenOptions& options) {
    KSL_TRY(flush());
    KSL_TRY(Database::open(shard, OpenMode::read, options)); // the checks that every database gets
    const std::lock_guard database_lock{database_mutex_};
    SQLite::Database& sql = database_.sql();
    KSL_TRY(database_.guarded([&] { sql.exec(fmt::format("ATTACH '{}' AS shard", file_uri(shard, "?mode=ro"))); }));
    auto merged = database_.guarded([&] {
        std::vector<RunId> ids;
        database_.in_transaction(SQLite::TransactionBehavior::DEFERRED, [&] {
            sql.exec("UPDATE run SET id = id WHERE id = 0"); // as in begin()
            ids = merge_shard(sql);
        });
        return ids;
    });
    sql.tryExec("DETACH shard");
    return merged;
}

bool StoreWriter::has_room(RunId run) const {
    const auto queue = queues_.find(run);
    if (queue == queues_.begin()) return queue->second.size() < kQueuedBatches;
    // What is held above the limit is being saved out of turn.
    return held_bytes_ <= held_limit_ + kQueuedBatches * RecordPages::kMaxPages * RecordPages::kPageBytes;
}

Result<void> StoreWriter::submit(RunBatch batch) {
    std::unique_lock lock{mutex_};
    progress_.wait(lock, [&] { return error_ || has_room(batch.run); });
    if (error_) return std::unexpected(*error_);
    held_bytes_ += bytes_of(batch);
    queues_[batch.run].push_back(std::move(batch));
    lock.unlock();
    work_.notify_one();
    return {};
}

std::vector<std::byte> StoreWriter::take_buffer() {
    const std::lock_guard lock{mutex_};
    if (free_buffers_.empty()) return {};
    std::vector<std::byte> buffer = std::move(free_buffers_.back());
    free_buffers_.pop_back();
    return buffer;
}

Result<void> StoreWriter::flush() {
    std::unique_lock lock{mutex_};
    ++flushes_;
    work_.notify_one();
    progress_.wait(lock, [&] {
        return !is_saving_ && std::ranges::all_of(queues_, [](const auto& queue) { return queue.second.empty(); });
    });
    --flushes_;
    if (error_) return std::unexpected(*error_);
    return {};
}

/// The queue whose first batch is to be saved now; end() if there is none.
StoreWriter::Queues::iterator StoreWriter::next_queue() {
    if (queues_.empty() || !queues_.begin()->second.empty()) return queues_.begin();
    const bool may_break_turn = held_bytes_ > held_limit_ || flushes_ != 0 || is_stopping_ || error_;
    if (!may_break_turn) return queues_.end();
    return std::ranges::find_if(queues_, [](const auto& queue) { return !queue.second.empty(); });
}

void StoreWriter::run() {
    std::unique_lock lock{mutex_};
    for (;;) {
        auto queue = queues_.end();
        work_.wait(lock, [&] { return (queue = next_queue()) != queues_.end() || is_stopping_; });
        if (queue == queues_.end()) return;
        save_next(lock, queue);
    }
}

void StoreWriter::save_next(std::unique_lock<std::mutex>& lock, Queues::iterator queue) {
    RunBatch batch = std::move(queue->second.front());
    queue->second.pop_front();
    is_saving_ = true;
    const bool is_lost = error_.has_value();
    lock.unlock();
    Result<void> saved = is_lost ? Result<void>{} : save(batch);
    lock.lock();
    is_saving_ = false;
    if (!saved) error_ = std::move(saved).error();
    held_bytes_ -= bytes_of(batch);
    if (batch.closing != nullptr) queues_.erase(batch.run);
    if (free_buffers_.size() < kFreeBuffers) free_buffers_.push_back(batch.rows.take_buffer());
    progress_.notify_all();
}

Result<void> StoreWriter::save(const RunBatch& batch) {
    const std::lock_guard database_lock{database_mutex_};
    return database_.guarded([&] { save_or_throw(batch); });
}

void StoreWriter::save_or_throw(const RunBatch& batch) {
    SQLite::Database& sql = database_.sql();
    // A power failure may cost the last batches of a run that is going on, never a run that has ended: its last commit
    // waits for the disk, and with it all before.
    sql.exec(batch.closing == nullptr ? "PRAGMA synchronous = NORMAL" : "PRAGMA synchronous = FULL");
    database_.in_transaction(SQLite::TransactionBehavior::DEFERRED, [&] {
        if (batch.rows.rows() != 0) {
            announce_operations(sql, batch.run, batch.rows.rows());
            operations_->insert(batch.rows);
        }
        if (!batch.events.empty()) insert_events(sql, batch);
        if (!batch.series.empty()) insert_series(sql, batch);
        if (batch.closing != nullptr) insert_closing(sql, batch.run, *batch.closing);
    });
}

} // namespace ksl::sim
