// SPDX-License-Identifier: MIT
//
// The views against the same figures computed from the raw rows, in the plainest way.
#include "tests/sim/store/lab_samples.h"
#include "tests/sim/support/scratch.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace ksl::sim {
namespace {

using testing::answer;
using testing::sample_recipe;
using testing::sample_rows;

constexpr std::size_t kRows = 20'011;

class ViewsTest : public ::testing::Test {
protected:
    void SetUp() override {
        auto store = RunStore::open(file_, OpenMode::append);
        ASSERT_TRUE(store);
        std::vector<RunRecord> recipes{sample_recipe(1, "a"), sample_recipe(1, "b")};
        for (RunRecord& recipe : recipes) recipe.baseline = 0;
        auto runs = store->begin_runs(recipes);
        ASSERT_TRUE(runs);
        for (std::size_t i = 0; i < 2; ++i) {
            rows_.push_back(sample_rows(i + 1, kRows));
            ASSERT_TRUE((*runs)[i].append(rows_.back()));
            (*runs)[i].add_step_totals(std::vector<StepTotal>{{OperationKind::clone, "buddy_split", 1, 100},
                                                              {OperationKind::clone, "zone_lock", 1, 300},
                                                              {OperationKind::exit, "zone_lock", 1, 100}});
            ASSERT_TRUE((*runs)[i].finish({}));
        }
        ASSERT_TRUE(store->close());
    }

    [[nodiscard]] std::vector<std::uint64_t> sorted_latencies(std::size_t run, OperationKind kind) const {
        std::vector<std::uint64_t> latencies;
        for (const OperationRow& row : rows_[run]) {
            if (row.kind == kind && row.outcome == Outcome::ok) latencies.push_back(row.latency_ns);
        }
        std::ranges::sort(latencies);
        return latencies;
    }
    static std::uint64_t nearest_rank(const std::vector<std::uint64_t>& sorted, std::uint64_t milli) {
        const std::uint64_t rank = (sorted.size() * milli + 999) / 1000;
        return sorted[rank - 1];
    }

    testing::Scratch scratch_;
    std::filesystem::path file_ = scratch_.path("lab.sqlite");
    std::vector<std::vector<OperationRow>> rows_;
};

TEST_F(ViewsTest, LatencyHasExactNearestRankPercentiles) {
    for (const std::size_t run : {0U, 1U}) {
        for (const OperationKind kind : {OperationKind::clone, OperationKind::exit}) {
            const auto sorted = sorted_latencies(run, kind);
            const std::string where =
                fmt::format(" FROM latency WHERE run = {} AND kind = '{}'", run + 1, name_of(kind));
            EXPECT_EQ(answer(file_, "SELECT operations" + where), std::to_string(sorted.size()));
            EXPECT_EQ(answer(file_, "SELECT min_ns" + where), std::to_string(sorted.front()));
            EXPECT_EQ(answer(file_, "SELECT p50_ns" + where), std::to_string(nearest_rank(sorted, 500)));
            EXPECT_EQ(answer(file_, "SELECT p90_ns" + where), std::to_string(nearest_rank(sorted, 900)));
            EXPECT_EQ(answer(file_, "SELECT p99_ns" + where), std::to_string(nearest_rank(sorted, 990)));
            EXPECT_EQ(answer(file_, "SELECT p999_ns" + where), std::to_string(nearest_rank(sorted, 999)));
            EXPECT_EQ(answer(file_, "SELECT max_ns" + where), std::to_string(sorted.back()));
            EXPECT_EQ(answer(file_,
                             "SELECT mean_ns = (SELECT avg(latency_ns) FROM operation WHERE outcome = 'ok' AND run = " +
                                 fmt::format("{} AND kind = '{}')", run + 1, name_of(kind)) + where),
                      "1");
            const auto failed = std::ranges::count_if(
                rows_[run], [&](const OperationRow& row) { return row.kind == kind && row.outcome != Outcome::ok; });
            EXPECT_EQ(answer(file_, "SELECT failed" + where), std::to_string(failed));
        }
    }
}

TEST_F(ViewsTest, ComparisonIsTheRatioToTheBaseline) {
    EXPECT_EQ(answer(file_, "SELECT p99_ratio = 1 AND mean_ratio = 1 AND mean_difference_ns = 0 FROM comparison "
                            "WHERE run = 1 AND kind = 'clone'"),
              "1");
    EXPECT_EQ(answer(file_, "SELECT p99_ratio = (SELECT p99_ns FROM latency WHERE run = 2 AND kind = 'clone') * 1.0 / "
                            "(SELECT p99_ns FROM latency WHERE run = 1 AND kind = 'clone') FROM comparison "
                            "WHERE run = 2 AND kind = 'clone'"),
              "1");
    EXPECT_EQ(answer(file_, "SELECT count(*) FROM comparison"), "4");
}

TEST_F(ViewsTest, TotalsAndDistributionsAreThoseOfTheRawRows) {
    std::string sums;
    for (const std::string_view name : kOperationCostNames) sums += fmt::format(", sum({})", name);
    const std::string raw = fmt::format("SELECT run, kind, outcome, count(*){} FROM operation GROUP BY 1, 2, 3", sums);
    EXPECT_EQ(answer(file_, fmt::format("SELECT count(*) FROM (SELECT * FROM operation_total EXCEPT {})", raw)), "0");
    EXPECT_EQ(answer(file_, fmt::format("SELECT count(*) FROM ({} EXCEPT SELECT * FROM operation_total)", raw)), "0");
    const std::string counts = "SELECT run, kind, outcome, latency_ns, count(*) FROM operation GROUP BY 1, 2, 3, 4";
    EXPECT_EQ(answer(file_, fmt::format("SELECT count(*) FROM (SELECT * FROM latency_count EXCEPT {})", counts)), "0");
    EXPECT_EQ(answer(file_, fmt::format("SELECT count(*) FROM ({} EXCEPT SELECT * FROM latency_count)", counts)), "0");
}

TEST_F(ViewsTest, CostIsTheMeanOfTheRowsThatSucceeded) {
    EXPECT_EQ(answer(file_,
                     "SELECT cycles = (SELECT avg(cycles) FROM operation WHERE run = 2 AND kind = 'exit' AND outcome = "
                     "'ok') AND stlb_misses = (SELECT avg(stlb_misses) FROM operation WHERE run = 2 AND kind = 'exit' "
                     "AND outcome = 'ok') FROM cost WHERE run = 2 AND kind = 'exit'"),
              "1");
}

TEST_F(ViewsTest, StepSharesAddUpWithinAKind) {
    EXPECT_EQ(answer(file_, "SELECT group_concat(step || share) FROM step_share WHERE run = 1 AND kind = 'clone'"),
              "zone_lock0.75,buddy_split0.25");
}

TEST_F(ViewsTest, FailuresAreTheRowsThatDidNotSucceed) {
    const auto failed =
        std::ranges::count_if(rows_[0], [](const OperationRow& row) { return row.outcome != Outcome::ok; });
    EXPECT_EQ(answer(file_, "SELECT count(*) FROM failure WHERE run = 1 AND outcome = 'no_memory'"),
              std::to_string(failed));
}

TEST_F(ViewsTest, AnExampleInAViewsCommentRuns) {
    SQLite::Database sql{file_.string(), SQLite::OPEN_READONLY};
    SQLite::Statement views{sql, "SELECT name, sql FROM sqlite_schema WHERE type = 'view'"};
    int examples = 0;
    while (views.executeStep()) {
        const std::string text = views.getColumn(1).getString();
        const std::size_t from = text.find("--   SELECT");
        ASSERT_NE(from, std::string::npos) << views.getColumn(0).getString();
        const std::string example = text.substr(from + 5, text.find('\n', from) - from - 5);
        EXPECT_NO_THROW(sql.exec(example)) << example;
        ++examples;
    }
    EXPECT_GE(examples, 6);
}

} // namespace
} // namespace ksl::sim
