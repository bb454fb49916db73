// SPDX-License-Identifier: MIT
//
// Tables of results for people.
#include "sim/run/experiment.h"
#include "sim/run/run_report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace ksl::sim {
namespace {

TEST(RunReport, WhatCostNothingHasNoRatio) {
    // Calls onto a hot stack wait for no line.
    const auto scenario = load_scenario(Assets{}, "attack-addr-limit");
    ASSERT_TRUE(scenario) << to_string(scenario.error());
    const auto experiment = run_scenario(Assets{}, *scenario, {});
    ASSERT_TRUE(experiment) << to_string(experiment.error());
    const std::string text = to_text(comparison_table(experiment->runs, scenario->baseline));
    EXPECT_THAT(text, ::testing::HasSubstr("call "));
    EXPECT_THAT(text, ::testing::Not(::testing::AnyOf(::testing::HasSubstr("nan"), ::testing::HasSubstr("inf"))));
}

TEST(RunReport, ADesignThatCouldNotBeginIsNamed) {
    const std::vector<std::string> overrides{"memory.start=booted", "memory.size=32 MiB", "machine.cpus=64"};
    const auto scenario = load_scenario(Assets{}, "article", overrides);
    ASSERT_TRUE(scenario) << to_string(scenario.error());
    const auto experiment = run_scenario(Assets{}, *scenario, {});
    ASSERT_TRUE(experiment) << to_string(experiment.error());
    ASSERT_EQ(experiment->warnings.size(), scenario->designs.size());
    EXPECT_THAT(experiment->warnings.front(), ::testing::StartsWith("linux-4.7: memory ran out before"));
}

} // namespace
} // namespace ksl::sim
