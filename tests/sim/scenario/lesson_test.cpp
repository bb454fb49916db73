// SPDX-License-Identifier: MIT
#include "sim/scenario/scenario.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <string>

namespace ksl::sim {
namespace {

Result<Scenario> with_lesson(const std::string& lesson) {
    return read_scenario(Assets{},
                         "title = \"t\"\n[[design]]\nname = \"linux-4.7\"\n[[design]]\nname = \"linux-4.9\"\n"
                         "[workload]\nkind = \"clone-exit\"\n" +
                             lesson,
                         "made-up.toml");
}
std::string refusal(const std::string& lesson) {
    const auto scenario = with_lesson(lesson);
    return scenario ? "accepted" : to_string(scenario.error());
}

TEST(Lesson, StepsTakeTheirDesignsFromTheOneBefore) {
    const auto scenario = with_lesson(R"([lesson]
title = "L"
[[lesson.step]]
text = "one"
design = "linux-4.9"
beside = "linux-4.7"
go_to = "difference"
number = 3
look_at = "comparison"
[[lesson.step]]
text = "two"
go_to = "end"
[[lesson.step]]
text = "three"
design = "linux-4.7"
ask = "which?"
answers = ["a", "b"]
right = 2
)");
    ASSERT_TRUE(scenario) << to_string(scenario.error());
    ASSERT_TRUE(scenario->lesson);
    const auto& steps = scenario->lesson->steps;
    ASSERT_EQ(steps.size(), 3U);
    EXPECT_EQ(steps[0].design, 1U);
    EXPECT_EQ(steps[0].beside, 0U);
    EXPECT_EQ(steps[0].place, LessonPlace::difference);
    EXPECT_EQ(steps[0].number, 3U);
    EXPECT_EQ(steps[1].design, 1U);
    EXPECT_EQ(steps[1].beside, 0U);
    EXPECT_EQ(steps[2].design, 0U);
    EXPECT_FALSE(steps[2].beside) << "a design by itself ends the comparison";
    ASSERT_TRUE(steps[2].question);
    EXPECT_EQ(steps[2].question->right, 1U);
}

TEST(Lesson, AScenarioWithoutOneHasNone) {
    const auto scenario = with_lesson("");
    ASSERT_TRUE(scenario) << to_string(scenario.error());
    EXPECT_FALSE(scenario->lesson);
}

TEST(Lesson, MistakesSayWhereAndWhatWouldBeRight) {
    EXPECT_EQ(refusal("[lesson]\ntitle = \"L\"\n"),
              "made-up.toml:8:1: table `lesson`: has no steps; one [[lesson.step]] or more would be right");
    const std::string head = "[lesson]\ntitle = \"L\"\n[[lesson.step]]\n";
    EXPECT_EQ(refusal(head), "made-up.toml:10:1: key `lesson.step.0.text` is missing; text in quotes would be right");
    EXPECT_EQ(
        refusal(head + "text = \"x\"\ndesign = \"linux-9\"\n"),
        "made-up.toml:12:10: key `lesson.step.0.design`: the scenario has no design \"linux-9\"; one of linux-4.7, "
        "linux-4.9 would be right");
    EXPECT_EQ(
        refusal(head + "text = \"x\"\ngo_to = \"difference\"\n"),
        "made-up.toml:12:9: key `lesson.step.0.go_to`: compares, and there is one design; beside = \"...\" with a "
        "second one would be right");
    EXPECT_EQ(
        refusal(head + "text = \"x\"\nnumber = 2\n"),
        "made-up.toml:12:10: key `lesson.step.0.number`: counts nothing; go_to = \"clone\", \"failure\", \"purge\" or "
        "\"difference\" beside it would be right");
    EXPECT_EQ(refusal(head + "text = \"x\"\nask = \"why?\"\nanswers = [\"so\"]\nright = 1\n"),
              "made-up.toml:13:11: key `lesson.step.0.answers`: has 1 answers to choose from; two or more in answers = "
              "[...] would be right");
    EXPECT_EQ(
        refusal(head + "text = \"x\"\nright = 1\n"),
        "made-up.toml:12:9: key `lesson.step.0.right`: answers no question; ask = \"...\" beside it would be right");
}

TEST(Lesson, EveryBuiltInOneIsShortEnoughToRead) {
    const Assets assets;
    std::size_t lessons = 0;
    for (const std::string& path : assets.list("scenarios")) {
        const auto scenario = load_scenario(assets, std::filesystem::path{path}.stem().string());
        ASSERT_TRUE(scenario) << to_string(scenario.error());
        if (!scenario->lesson) continue;
        ++lessons;
        for (const LessonStep& step : scenario->lesson->steps) EXPECT_LE(step.text.size(), 420U) << path;
    }
    EXPECT_GE(lessons, 5U);
}

} // namespace
} // namespace ksl::sim
