// SPDX-License-Identifier: MIT
//
// What a run tells of the stacks that its tasks left.
#include "sim/run/experiment.h"
#include "sim/run/overflow_report.h"
#include "sim/run/run_report.h"
#include "sim/scenario/scenario.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <stdexcept>

namespace ksl::sim {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Not;

const Experiment& experiment() {
    static const Experiment run = [] {
        const Assets assets;
        auto scenario = load_scenario(assets, "overflow/contiguous-goes-unnoticed");
        EXPECT_TRUE(scenario) << to_string(scenario.error());
        auto result = run_scenario(assets, *scenario);
        EXPECT_TRUE(result) << to_string(result.error());
        return *std::move(result);
    }();
    return run;
}

const OverflowStory& story_of(std::string_view design) {
    for (const RunSummary& run : experiment().runs) {
        if (run.design == design && run.overflows.size() == 1) return run.overflows.front();
    }
    throw std::runtime_error("no stack was left");
}

TEST(OverflowReport, TellsFieldByFieldWhatFell) {
    const OverflowStory& story = story_of("linux-4.7");
    EXPECT_EQ(story.overwritten.front(), "the magic word");
    EXPECT_THAT(story.overwritten, Contains("thread_info.cpu"));
    EXPECT_THAT(story.overwritten, Contains("thread_info.addr_limit"));
    EXPECT_GE(story.bytes, 2048U);
    EXPECT_EQ(story.noticed_by, "wild thread_info");
    EXPECT_GT(story.noticed_after_ns, 0U);
    ASSERT_TRUE(story.address_limit);
    EXPECT_GT(*story.address_limit, 0x7ffffffff000U) << "above all of user memory";
}

TEST(OverflowReport, SaysThatNobodyNoticed) {
    const OverflowStory& story = story_of("linux-4.9-contiguous");
    EXPECT_EQ(story.noticed_by, "");
    EXPECT_FALSE(story.noticed_after_ns);
    EXPECT_THAT(story.overwritten, Not(Contains(HasSubstr("thread_info")))) << "it is in task_struct";
}

TEST(OverflowReport, KnowsTheGuard) {
    EXPECT_EQ(story_of("linux-4.9").noticed_by, "guard double fault");
    EXPECT_EQ(story_of("linux-4.9").bytes, 8U) << "only the magic word, which lies above the guard";
}

TEST(OverflowReport, IsATableAndJson) {
    const Table table = overflow_table(experiment().runs);
    ASSERT_EQ(table.rows.size(), 4U);
    EXPECT_THAT(to_text(table),
                HasSubstr("the magic word, thread_info: uaccess flags, addr_limit, cpu, status, flags, task; "));
    const auto json = nlohmann::json::parse(run_json(experiment().runs, 0, {}));
    EXPECT_EQ(json["runs"][0]["overflows"][0]["noticed_by"], "wild thread_info");
    EXPECT_TRUE(json["runs"][2]["overflows"][0]["noticed_after_ns"].is_null());
}

} // namespace
} // namespace ksl::sim
