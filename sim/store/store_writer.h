// SPDX-License-Identifier: MIT
//
// The one thread that writes into a lab database. Runs hand it batches; each batch is one transaction. Internal to
// sim/store.
//
// Order:   rows of runs that are recorded at the same time are saved run after run, in the order of their ids, so
//          that the database is the same whether one worker or many computed them. A run whose turn has not come
//          waits in memory. Only when that is more than kHeldBytes, or on flush(), are rows saved out of turn; they
//          are then in another order in the table, but the same rows.
// Memory:  a run whose turn it is may be kQueuedBatches ahead of the disk; then its thread waits.
// Errors:  the first one ends the recording: its transaction is rolled back, what was saved before stays, and every
//          later call returns it.
// Threads: all public functions may be called from any thread.
#pragma once

#include "sim/base/error.h"
#include "sim/store/bulk_insert.h"
#include "sim/store/database.h"
#include "sim/store/run_batch.h"

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <thread>
#include <vector>

namespace ksl::sim {

class StoreWriter {
public:
    static constexpr std::size_t kQueuedBatches = 8;
    static constexpr std::size_t kHeldBytes = std::size_t{128} << 20;

    static Result<std::unique_ptr<StoreWriter>> start(Database database, std::size_t held_bytes = kHeldBytes);
    StoreWriter(const StoreWriter&) = delete;
    StoreWriter& operator=(const StoreWriter&) = delete;
    /// Saves what is still waiting.
    ~StoreWriter();

    /// New runs, all in one transaction and in this order; from now on they have their turns.
    Result<std::vector<RunId>> begin(std::span<const RunRecord> records);

    /// Copies another database's runs behind ours; all or none.
    Result<std::vector<RunId>> merge(const std::filesystem::path& shard, const OpenOptions& options);

    Result<void> submit(RunBatch batch);
    /// Memory of a batch that was saved, to be used again.
    [[nodiscard]] std::vector<std::byte> take_buffer();
    /// Returns when everything submitted so far is saved, in turn or not.
    Result<void> flush();

private:
    using Queues = std::map<RunId, std::deque<RunBatch>>; // open runs, in the order of their turns

    explicit StoreWriter(Database database, std::size_t held_bytes);

    void run();
    [[nodiscard]] Queues::iterator next_queue();
    [[nodiscard]] bool has_room(RunId run) const;
    void save_next(std::unique_lock<std::mutex>& lock, Queues::iterator queue);
    Result<void> save(const RunBatch& batch);
    void save_or_throw(const RunBatch& batch);

    const std::size_t held_limit_;

    std::mutex database_mutex_; ///< held during a transaction
    Database database_;
    std::optional<BulkInsert> operations_;

    std::mutex mutex_; ///< guards what follows; never held while waiting for the database
    std::condition_variable work_;
    std::condition_variable progress_;
    Queues queues_;
    std::vector<std::vector<std::byte>> free_buffers_;
    std::size_t held_bytes_ = 0;
    unsigned flushes_ = 0; ///< calls of flush() that wait
    bool is_saving_ = false;
    bool is_stopping_ = false;
    std::optional<Error> error_;
    std::thread thread_;
};

} // namespace ksl::sim
