// SPDX-License-Identifier: MIT
//
// What happens to a recording when its surroundings fail: nothing that was saved is lost, and the user learns why.
#include "tests/sim/store/lab_samples.h"
#include "tests/sim/support/scratch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <thread>

namespace ksl::sim {
namespace {

using testing::answer;
using ::testing::HasSubstr;
using testing::record_sample;
using testing::sample_recipe;
using testing::sample_rows;

class FailureTest : public ::testing::Test {
protected:
    void record_first_run() {
        auto store = RunStore::open(file_, OpenMode::append);
        ASSERT_TRUE(store);
        ASSERT_TRUE(record_sample(*store->begin_run(sample_recipe(1)), 1, 20'000));
        ASSERT_TRUE(store->close());
    }
    /// Appends until that fails; the error.
    static Error record_until_failure(RunStore& store) {
        auto run = store.begin_run(sample_recipe(2));
        if (!run) return run.error();
        const auto rows = sample_rows(2, 10'000);
        for (int i = 0; i < 2000; ++i) {
            if (auto appended = run->append(rows); !appended) return appended.error();
        }
        return {};
    }
    void expect_first_run_intact_and_second_interrupted() const {
        EXPECT_EQ(answer(file_, "PRAGMA integrity_check"), "ok");
        EXPECT_EQ(answer(file_, "SELECT group_concat(status) FROM run"), "complete,interrupted");
        EXPECT_EQ(answer(file_, "SELECT count(*) FROM operation WHERE run = 1"), "20000");
        // What is there of the second run is its beginning without a hole.
        EXPECT_EQ(answer(file_,
                         "SELECT count(*) = coalesce(max(seq) + 1, 0) AND count(*) = (SELECT operations FROM run "
                         "WHERE id = 2) FROM operation WHERE run = 2"),
                  "1");
    }

    testing::Scratch scratch_;
    std::filesystem::path file_ = scratch_.path("lab.sqlite");
};

TEST_F(FailureTest, AFullDiskEndsTheRecordingAndKeepsWhatWasSaved) {
    record_first_run();
    OpenOptions options;
    options.max_pages = 2000; // SQLite answers as it does when the disk has no more room
    auto store = RunStore::open(file_, OpenMode::append, options);
    ASSERT_TRUE(store);
    const Error error = record_until_failure(*store);
    EXPECT_EQ(to_string(error), file_.string() +
                                    ": the disk is full; all that was saved before is safe, what did not fit is "
                                    "not in it");
    EXPECT_EQ(error.kind, ErrorKind::environment);
    EXPECT_EQ(store->flush().error(), error) << "the error stays";
    EXPECT_FALSE(store->begin_run(sample_recipe(3)));
    EXPECT_EQ(store->close().error(), error);
    expect_first_run_intact_and_second_interrupted();
    EXPECT_NE(answer(file_, "SELECT operations FROM run WHERE id = 2"), "0");
}

TEST_F(FailureTest, ARecordingThatFailedCanBeFollowedByOneThatDoesNot) {
    record_first_run();
    {
        OpenOptions options;
        options.max_pages = 1000;
        auto store = RunStore::open(file_, OpenMode::append, options);
        ASSERT_TRUE(store);
        EXPECT_NE(record_until_failure(*store).message, "");
    }
    auto store = RunStore::open(file_, OpenMode::append);
    ASSERT_TRUE(store);
    ASSERT_TRUE(record_sample(*store->begin_run(sample_recipe(3)), 3, 1000));
    ASSERT_TRUE(store->close());
    EXPECT_EQ(answer(file_, "SELECT group_concat(status) FROM run"), "complete,interrupted,complete");
    EXPECT_EQ(answer(file_,
                     "SELECT sum(operations) = (SELECT operations FROM run WHERE id = 2) FROM latency_count WHERE "
                     "run = 2"),
              "1")
        << "the run that failed has its distribution by now";
}

TEST_F(FailureTest, AFileThatCannotGrowIsAnErrorOfTheEnvironment) {
    record_first_run();
    const pid_t child = ::fork();
    if (child == 0) {
        ::signal(SIGXFSZ, SIG_IGN); // NOLINT: writing beyond the limit then fails with EFBIG
        const auto limit = static_cast<rlim_t>(std::filesystem::file_size(file_) + (4U << 20));
        const rlimit limits{limit, limit};
        ::setrlimit(RLIMIT_FSIZE, &limits);
        Error error;
        {
            auto store = RunStore::open(file_, OpenMode::append);
            error = store ? record_until_failure(*store) : store.error();
        }
        const bool is_right = error.kind == ErrorKind::environment &&
                              error.message.starts_with("reading or writing failed: File too large");
        ::_exit(is_right ? 0 : 1);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    expect_first_run_intact_and_second_interrupted();
}

TEST_F(FailureTest, ALockThatDoesNotGoAwayEndsTheRecording) {
    OpenOptions options;
    options.busy_timeout = std::chrono::milliseconds{50};
    auto store = RunStore::open(file_, OpenMode::append, options);
    ASSERT_TRUE(store);
    auto run = store->begin_run(sample_recipe(1));
    ASSERT_TRUE(run->append(sample_rows(1, 100)));
    SQLite::Database other{file_.string(), SQLite::OPEN_READWRITE};
    other.exec("BEGIN IMMEDIATE");
    EXPECT_TRUE(run->finish({}));
    const auto flushed = store->flush();
    ASSERT_FALSE(flushed);
    EXPECT_THAT(flushed.error().message, HasSubstr("locked by another program, after waiting 0.05 s"));
    EXPECT_THAT(store->begin_run(sample_recipe(2)).error().message, HasSubstr("locked by another program"));
}

TEST_F(FailureTest, AKilledProgramLeavesARunThatCanBeRead) {
    record_first_run();
    std::array<int, 2> pipe_ends{};
    ASSERT_EQ(::pipe(pipe_ends.data()), 0);
    const pid_t child = ::fork();
    if (child == 0) {
        auto store = RunStore::open(file_, OpenMode::append);
        auto run = store->begin_run(sample_recipe(2));
        const auto rows = sample_rows(2, 10'000);
        for (;;) {
            [[maybe_unused]] const auto appended = run->append(rows);
            static_cast<void>(::write(pipe_ends[1], "x", 1));
        }
    }
    ::close(pipe_ends[1]);
    char mark = 0;
    for (int i = 0; i < 40; ++i) ASSERT_EQ(::read(pipe_ends[0], &mark, 1), 1); // it is well into its work
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
    ::close(pipe_ends[0]);

    expect_first_run_intact_and_second_interrupted();
    EXPECT_GT(std::stoull(answer(file_, "SELECT operations FROM run WHERE id = 2")), 100'000U);
    ASSERT_TRUE(RunStore::open(file_, OpenMode::append)); // completes what the program could not
    std::string sums;
    for (const std::string_view name : kOperationCostNames) sums += fmt::format(", sum({})", name);
    EXPECT_EQ(
        answer(file_, fmt::format("SELECT count(*) FROM (SELECT run, kind, outcome, count(*){} FROM operation GROUP "
                                  "BY 1, 2, 3 EXCEPT SELECT * FROM operation_total)",
                                  sums)),
        "0");
    EXPECT_EQ(answer(file_, "SELECT sum(operations) FROM latency_count WHERE run = 2"),
              answer(file_, "SELECT operations FROM run WHERE id = 2"));
}

TEST_F(FailureTest, TwoProgramsMayRecordIntoOneDatabase) {
    constexpr unsigned kPrograms = 3;
    std::array<pid_t, kPrograms> children{};
    for (unsigned i = 0; i < kPrograms; ++i) {
        children[i] = ::fork();
        if (children[i] != 0) continue;
        bool worked = false;
        {
            auto store = RunStore::open(file_, OpenMode::append); // all of them may want to create it
            auto run = store ? store->begin_run(sample_recipe(i)) : std::unexpected(store.error());
            worked = run && record_sample(std::move(*run), i, 30'000) && store->close();
        }
        ::_exit(worked ? 0 : 1);
    }
    for (const pid_t child : children) {
        int status = 0;
        ::waitpid(child, &status, 0);
        EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    }
    EXPECT_EQ(answer(file_, "PRAGMA integrity_check"), "ok");
    EXPECT_EQ(answer(file_, "SELECT group_concat(id || status || operations) FROM run"),
              "1complete30000,2complete30000,3complete30000");
    EXPECT_EQ(answer(file_, "SELECT count(*) FROM (SELECT DISTINCT run, seq FROM operation)"), "90000");
    EXPECT_EQ(answer(file_, "SELECT sum(operations) FROM latency_count"), "90000");
}

} // namespace
} // namespace ksl::sim
