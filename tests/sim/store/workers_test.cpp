// SPDX-License-Identifier: MIT
//
// Several threads record at once; the database must not tell.
#include "sim/store/store_writer.h"
#include "tests/sim/store/lab_samples.h"
#include "tests/sim/support/scratch.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

namespace ksl::sim {
namespace {

using testing::answer;
using testing::contents_of;
using testing::record_sample;
using testing::sample_recipe;
using testing::sample_rows;

class WorkersTest : public ::testing::Test {
protected:
    static constexpr std::size_t kRuns = 7;

    static std::vector<RunRecord> recipes() {
        std::vector<RunRecord> all;
        all.reserve(kRuns);
        for (std::uint64_t seed = 0; seed < kRuns; ++seed) all.push_back(sample_recipe(seed));
        return all;
    }
    /// Some runs are long, so that later ones end before them.
    static std::size_t rows_of(std::size_t run) { return run % 3 == 0 ? 30'000 : 3'000; }

    static void record(const std::filesystem::path& file, unsigned workers) {
        auto store = RunStore::open(file, OpenMode::append);
        ASSERT_TRUE(store);
        auto runs = store->begin_runs(recipes());
        ASSERT_TRUE(runs);
        std::atomic<std::size_t> next = 0;
        std::atomic<unsigned> failures = 0;
        std::vector<std::thread> threads;
        threads.reserve(workers);
        for (unsigned i = 0; i < workers; ++i) {
            threads.emplace_back([&] {
                for (std::size_t run = next++; run < kRuns; run = next++) {
                    if (!record_sample(std::move((*runs)[run]), run, rows_of(run))) ++failures;
                }
            });
        }
        for (std::thread& thread : threads) thread.join();
        EXPECT_EQ(failures, 0U);
        ASSERT_TRUE(store->close());
    }

    testing::Scratch scratch_;
};

TEST_F(WorkersTest, OneWorkerOrManyGiveTheSameDatabase) {
    const auto serial = scratch_.path("serial.sqlite");
    record(serial, 1);
    for (const unsigned workers : {2U, 5U}) {
        const auto parallel = scratch_.path("parallel" + std::to_string(workers) + ".sqlite");
        record(parallel, workers);
        EXPECT_EQ(contents_of(parallel), contents_of(serial)) << workers;
    }
}

TEST_F(WorkersTest, RunsRecordedInTurnsByOneThreadGiveTheSameDatabaseToo) {
    const auto serial = scratch_.path("serial.sqlite");
    record(serial, 1);
    const auto interleaved = scratch_.path("interleaved.sqlite");
    auto store = RunStore::open(interleaved, OpenMode::append);
    auto runs = store->begin_runs(recipes());
    ASSERT_TRUE(runs);
    for (std::size_t run = kRuns; run-- > 0;) { // the last first
        ASSERT_TRUE(record_sample(std::move((*runs)[run]), run, rows_of(run)));
    }
    ASSERT_TRUE(store->close());
    EXPECT_EQ(contents_of(interleaved), contents_of(serial));
}

/// With no memory to hold rows back, they are saved out of turn: other places in the table, the same rows.
TEST_F(WorkersTest, WithoutMemoryToWaitForTheirTurnRowsAreSavedAllTheSame) {
    const auto file = scratch_.path("lab.sqlite");
    {
        auto database = Database::open(file, OpenMode::append, {});
        ASSERT_TRUE(database);
        auto started = StoreWriter::start(std::move(*database), 0);
        ASSERT_TRUE(started);
        const std::shared_ptr<StoreWriter> writer = std::move(*started);
        const auto ids = writer->begin(recipes());
        ASSERT_TRUE(ids);
        std::vector<RunWriter> runs;
        for (const RunId id : *ids) runs.emplace_back(writer, id);
        for (std::size_t run = kRuns; run-- > 0;) ASSERT_TRUE(runs[run].append(sample_rows(run, 40'000)));
        for (RunWriter& run : runs) ASSERT_TRUE(run.finish({}));
        ASSERT_TRUE(writer->flush());
    }
    EXPECT_EQ(answer(file, "PRAGMA integrity_check"), "ok");
    EXPECT_EQ(answer(file, "SELECT count(*) FROM (SELECT DISTINCT run, seq FROM operation)"), "280000");
    EXPECT_EQ(answer(file, "SELECT run FROM operation LIMIT 1"), "7") << "the first run's turn did not come first";
    auto store = RunStore::open(file, OpenMode::read);
    EXPECT_EQ(store->operations(RunId{3}, 0, 100'000), sample_rows(2, 40'000));
}

TEST_F(WorkersTest, AStoreMayGoBeforeItsRuns) {
    const auto file = scratch_.path("lab.sqlite");
    {
        std::vector<RunWriter> runs;
        {
            auto store = RunStore::open(file, OpenMode::append);
            runs = std::move(*store->begin_runs(recipes()));
        }
        ASSERT_TRUE(runs[1].append(sample_rows(1, 10)));
    }
    EXPECT_EQ(answer(file, "SELECT count(*) FROM operation WHERE run = 2"), "10");
    EXPECT_EQ(answer(file, "SELECT count(*) FROM run WHERE status = 'interrupted'"), "7");
}

} // namespace
} // namespace ksl::sim
