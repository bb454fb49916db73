// SPDX-License-Identifier: MIT
//
// Shards of a sweep, recorded by different programs, become one database.
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

class MergeTest : public ::testing::Test {
protected:
    static void record(const std::filesystem::path& file, std::uint64_t first_seed, std::uint64_t last_seed) {
        auto store = RunStore::open(file, OpenMode::append);
        ASSERT_TRUE(store);
        for (std::uint64_t seed = first_seed; seed <= last_seed; ++seed) {
            RunRecord recipe = sample_recipe(seed);
            recipe.baseline = 0;
            ASSERT_TRUE(record_sample(*store->begin_run(recipe), seed, 3000));
        }
        ASSERT_TRUE(store->close());
    }
    [[nodiscard]] Result<std::vector<RunId>> merge(const std::filesystem::path& shard) const {
        KSL_TRY_ASSIGN(store, RunStore::open(whole_, OpenMode::append));
        auto ids = store.merge(shard);
        KSL_TRY(store.close());
        return ids;
    }

    testing::Scratch scratch_;
    std::filesystem::path whole_ = scratch_.path("whole.sqlite");
    std::filesystem::path shard_ = scratch_.path("it's a 100% shard.sqlite");
};

TEST_F(MergeTest, ShardsInOrderGiveTheDatabaseOfOneProgram) {
    const auto expected = scratch_.path("expected.sqlite");
    record(expected, 1, 5);
    record(whole_, 1, 2);
    record(shard_, 3, 5);
    EXPECT_EQ(merge(shard_), (std::vector<RunId>{RunId{3}, RunId{4}, RunId{5}}));
    EXPECT_EQ(contents_of(whole_), contents_of(expected));
    EXPECT_EQ(answer(whole_, "PRAGMA integrity_check"), "ok");
    EXPECT_EQ(answer(whole_, "SELECT count(*) FROM pragma_foreign_key_check"), "0");
    auto store = RunStore::open(whole_, OpenMode::read);
    EXPECT_EQ(store->operations(RunId{4}, 0, 5000), sample_rows(4, 3000));
    EXPECT_EQ(store->recipe(RunId{4})->seed, 4U);
}

TEST_F(MergeTest, AnEmptyDatabaseTakesAShardWhole) {
    record(shard_, 1, 2);
    EXPECT_TRUE(merge(shard_));
    EXPECT_EQ(contents_of(whole_), contents_of(shard_));
}

TEST_F(MergeTest, TheShardStaysAsItWas) {
    record(whole_, 1, 1);
    record(shard_, 2, 2);
    const std::string before = contents_of(shard_);
    EXPECT_TRUE(merge(shard_));
    EXPECT_EQ(contents_of(shard_), before);
}

TEST_F(MergeTest, WhatIsNoShardIsRefusedAndChangesNothing) {
    record(whole_, 1, 1);
    const std::string before = contents_of(whole_);
    EXPECT_EQ(merge(scratch_.path("none.sqlite")).error().message, "no such file; `kstacklab run` creates a database");
    SQLite::Database{shard_.string(), SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE}.exec("CREATE TABLE x (y)");
    EXPECT_EQ(merge(shard_).error().file, shard_.string());
    EXPECT_EQ(contents_of(whole_), before);
}

TEST_F(MergeTest, RunsMayBeRecordedAfterwards) {
    record(whole_, 1, 1);
    record(shard_, 2, 2);
    {
        auto store = RunStore::open(whole_, OpenMode::append);
        ASSERT_TRUE(store->merge(shard_));
        ASSERT_TRUE(record_sample(*store->begin_run(sample_recipe(3)), 3, 3000));
        ASSERT_TRUE(store->close());
    }
    EXPECT_EQ(answer(whole_, "SELECT group_concat(first_operation || '-' || last_operation) FROM run"),
              "1-3000,3001-6000,6001-9000");
}

} // namespace
} // namespace ksl::sim
