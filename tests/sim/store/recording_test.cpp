// SPDX-License-Identifier: MIT
#include "sim/base/sha256.h"
#include "sim/store/run_store.h"
#include "tests/sim/store/lab_samples.h"
#include "tests/sim/support/scratch.h"

#include <gtest/gtest.h>

namespace ksl::sim {
namespace {

using testing::answer;
using testing::contents_of;
using testing::record_sample;
using testing::sample_recipe;
using testing::sample_rows;

class RecordingTest : public ::testing::Test {
protected:
    /// Records runs with seeds 1, 2, ... of `rows` operations each.
    static void record(const std::filesystem::path& file, unsigned runs, std::size_t rows) {
        auto store = RunStore::open(file, OpenMode::append);
        ASSERT_TRUE(store) << to_string(store.error());
        for (unsigned seed = 1; seed <= runs; ++seed) {
            auto run = store->begin_run(sample_recipe(seed));
            ASSERT_TRUE(run) << to_string(run.error());
            ASSERT_TRUE(record_sample(std::move(*run), seed, rows));
        }
        ASSERT_TRUE(store->close());
    }

    testing::Scratch scratch_;
    std::filesystem::path file_ = scratch_.path("lab.sqlite");
};

TEST_F(RecordingTest, WhatWasRecordedIsReadBack) {
    constexpr std::size_t kRows = 60'000; // several batches
    record(file_, 2, kRows);
    auto store = RunStore::open(file_, OpenMode::read);
    ASSERT_TRUE(store) << to_string(store.error());

    const auto runs = store->runs();
    ASSERT_TRUE(runs);
    ASSERT_EQ(runs->size(), 2U);
    const RunInfo& second = (*runs)[1];
    EXPECT_EQ(second.id, RunId{2});
    EXPECT_EQ(second.design, "linux-4.9");
    EXPECT_EQ(second.status, RunStatus::complete);
    EXPECT_EQ(second.operations, kRows);
    EXPECT_EQ(second.simulated_ns, 123'456U);
    EXPECT_EQ(second.state_digest, 2U * 77);

    const std::vector<OperationRow> rows = sample_rows(2, kRows);
    EXPECT_EQ(store->operations(RunId{2}, 0, kRows + 1), rows);
    EXPECT_EQ(store->operations(RunId{2}, 40'000, 5),
              (std::vector<OperationRow>{rows.begin() + 40'000, rows.begin() + 40'005}));
    EXPECT_EQ(store->recipe(RunId{2}), sample_recipe(2));
    EXPECT_EQ(store->step_totals(RunId{1}), (std::vector<StepTotal>{{OperationKind::clone, "buddy_split", 12, 600}}));
    EXPECT_EQ(store->metrics(RunId{1}), (std::vector<Metric>{{"unusable_index_order_2", 0.25, "share"}}));
    EXPECT_EQ(store->events(RunId{1}),
              (std::vector<RecordedEvent>{{.at_ns = 7, .cpu = 1, .kind = "TaskCreated", .detail = R"({"task":7})"}}));
    const auto series = store->series(RunId{1}, "free_frames");
    ASSERT_TRUE(series);
    ASSERT_EQ(series->size(), kRows / 1000);
    EXPECT_EQ(series->back(), (SeriesPoint{"free_frames", kRows - 1000, 1000.0}));
}

TEST_F(RecordingTest, TheFileIsSoundAndComplete) {
    record(file_, 3, 30'000);
    EXPECT_FALSE(std::filesystem::exists(file_.string() + "-wal")) << "a closed database is one file";
    EXPECT_EQ(answer(file_, "PRAGMA integrity_check"), "ok");
    EXPECT_EQ(answer(file_, "PRAGMA journal_mode"), "wal");
    EXPECT_EQ(answer(file_, "SELECT count(*) FROM operation"), "90000");
    EXPECT_EQ(answer(file_, "SELECT count(*) FROM pragma_foreign_key_check"), "0");
}

TEST_F(RecordingTest, TheSameRunsGiveTheSameContents) {
    const auto again = scratch_.path("again.sqlite");
    record(file_, 3, 25'000);
    record(again, 3, 25'000);
    EXPECT_EQ(contents_of(file_), contents_of(again));
}

/// A change of this digest is a change of what runs leave behind: wanted, or a loss of determinism.
TEST_F(RecordingTest, TheContentsAreTheSameInEveryBuild) {
    record(file_, 2, 2'000);
    EXPECT_EQ(sha256(contents_of(file_)), "ff74769f9f61eb6c74f5ac238327a6fb5a0569d8b5be925b8edb6e8c2533cde2");
}

TEST_F(RecordingTest, OnlyColumnsOfTheRealWorldMayDiffer) {
    record(file_, 1, 10);
    EXPECT_EQ(answer(file_, "SELECT group_concat(name) FROM pragma_table_info('run') WHERE name LIKE 'wall%'"),
              "wall_started,wall_ended,wall_seconds");
    EXPECT_EQ(answer(file_,
                     "SELECT wall_started GLOB '20[0-9][0-9]-[0-9][0-9]-[0-9][0-9]T[0-9][0-9]:[0-9][0-9]:[0-9][0-9]Z' "
                     "AND wall_ended >= wall_started AND wall_seconds >= 0 FROM run"),
              "1");
}

TEST_F(RecordingTest, LaterRunsAreAddedAndEarlierOnesStay) {
    record(file_, 2, 5'000);
    const std::string first = answer(file_, "SELECT group_concat(latency_ns) FROM operation WHERE run <= 2");
    record(file_, 1, 5'000);
    EXPECT_EQ(answer(file_, "SELECT group_concat(id || ':' || operations) FROM run"), "1:5000,2:5000,3:5000");
    EXPECT_EQ(answer(file_, "SELECT group_concat(latency_ns) FROM operation WHERE run <= 2"), first);
}

TEST_F(RecordingTest, RunsNameTheirRangeOfRows) {
    record(file_, 3, 7'000);
    EXPECT_EQ(answer(file_, "SELECT group_concat(first_operation || '-' || last_operation) FROM run"),
              "1-7000,7001-14000,14001-21000");
    EXPECT_EQ(answer(file_, "SELECT count(*) = 21000 AND min(operation.run = run.id) = 1 FROM run JOIN operation "
                            "ON operation.rowid BETWEEN first_operation AND last_operation"),
              "1");
}

TEST_F(RecordingTest, InputsAndPricesThatRunsShareAreStoredOnce) {
    record(file_, 5, 10);
    EXPECT_EQ(answer(file_, "SELECT count(*) FROM input_text"), "2");
    EXPECT_EQ(answer(file_, "SELECT count(*) FROM run_input"), "10");
    EXPECT_EQ(answer(file_, "SELECT count(*) FROM price_list"), "1");
    EXPECT_EQ(answer(file_, "SELECT count(*) FROM price"), "2");
    EXPECT_EQ(answer(file_, "SELECT text FROM recipe WHERE run = 4 AND name = 'note'"), "größer als ASCII\n");
}

TEST_F(RecordingTest, ARunThatIsAbandonedIsInterruptedAndKeepsItsRows) {
    auto store = RunStore::open(file_, OpenMode::append);
    ASSERT_TRUE(store);
    {
        auto run = store->begin_run(sample_recipe(1));
        ASSERT_TRUE(run->append(sample_rows(1, 1234)));
    }
    ASSERT_TRUE(store->close());
    EXPECT_EQ(answer(file_, "SELECT status || operations FROM run"), "interrupted1234");
    EXPECT_EQ(answer(file_, "SELECT count(*) FROM operation"), "1234");
    EXPECT_EQ(answer(file_, "SELECT sum(operations) FROM latency_count"), "1234");
}

TEST_F(RecordingTest, AReaderSeesWhatWasFlushedWhileTheRunGoesOn) {
    auto store = RunStore::open(file_, OpenMode::append);
    ASSERT_TRUE(store);
    auto run = store->begin_run(sample_recipe(1));
    ASSERT_TRUE(run->append(sample_rows(1, 10)));
    ASSERT_TRUE(run->flush());
    ASSERT_TRUE(store->flush());
    EXPECT_EQ(answer(file_, "SELECT count(*) FROM operation"), "10");
    EXPECT_EQ(store->operations(RunId{1}, 0, 100)->size(), 10U);
    ASSERT_TRUE(run->finish({}));
}

TEST_F(RecordingTest, BaselinesAreRunsThatWereBegunTogether) {
    record(file_, 1, 10);
    auto store = RunStore::open(file_, OpenMode::append);
    ASSERT_TRUE(store);
    std::vector<RunRecord> recipes{sample_recipe(1, "linux-4.7"), sample_recipe(1, "linux-4.9")};
    for (RunRecord& recipe : recipes) recipe.baseline = 0;
    auto runs = store->begin_runs(recipes);
    ASSERT_TRUE(runs);
    for (RunWriter& run : *runs) ASSERT_TRUE(run.finish({}));
    ASSERT_TRUE(store->close());
    EXPECT_EQ(answer(file_, "SELECT group_concat(id || ' to ' || baseline) FROM run WHERE baseline IS NOT NULL"),
              "2 to 2,3 to 2");
}

TEST_F(RecordingTest, AnyQueryIsATableAndNoneCanWrite) {
    record(file_, 1, 100);
    auto store = RunStore::open(file_, OpenMode::read);
    ASSERT_TRUE(store);
    const auto table = store->query("SELECT design, max_ns, operations FROM latency WHERE kind = 'clone'");
    ASSERT_TRUE(table);
    ASSERT_EQ(table->columns.size(), 3U);
    EXPECT_EQ(table->columns[0].unit, Unit::text);
    EXPECT_EQ(table->columns[1].unit, Unit::nanoseconds);
    EXPECT_EQ(table->columns[2].unit, Unit::count);
    ASSERT_EQ(table->rows.size(), 1U);
    EXPECT_EQ(table->rows[0][0], Cell{std::string{"linux-4.9"}});
    EXPECT_FALSE(store->query("DELETE FROM run"));
    EXPECT_FALSE(store->query("SELECT nonsense"));
    EXPECT_EQ(answer(file_, "SELECT count(*) FROM run"), "1");
}

TEST_F(RecordingTest, ARunThatDoesNotExistIsTheUsersError) {
    record(file_, 1, 1);
    auto store = RunStore::open(file_, OpenMode::read);
    EXPECT_EQ(to_string(store->recipe(RunId{7}).error()), file_.string() + ": there is no run 7");
}

} // namespace
} // namespace ksl::sim
