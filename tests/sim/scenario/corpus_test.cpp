// SPDX-License-Identifier: MIT
//
// Scenarios that must be refused, each with exactly the message that its first line expects. Lines "# --set KEY=VALUE"
// after it give overrides.
#include "sim/scenario/scenario.h"
#include "tests/sim/support/corpus.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace ksl::sim {
namespace {

TEST(ScenarioCorpus, WrongScenariosAreRefusedWithTheMessageThatTheyExpect) {
    const auto wrong = testing::read_corpus(KSL_SOURCE_DIR "/tests/sim/scenario/corpus");
    EXPECT_GE(wrong.size(), 75U);
    for (const testing::CorpusFile& sample : wrong) {
        const auto scenario = read_scenario(Assets{}, sample.text, sample.file, sample.overrides);
        if (scenario) {
            ADD_FAILURE() << sample.file << " is accepted";
            continue;
        }
        EXPECT_EQ(to_string(scenario.error()), sample.expected);
        EXPECT_EQ(exit_code(scenario.error().kind), 2) << sample.file;
    }
}

TEST(ScenarioCorpus, AScenarioCutShortAnywhereIsRefusedOrRead) {
    const auto whole = Assets{}.find("scenarios/article.toml");
    ASSERT_TRUE(whole);
    int refused = 0;
    for (std::size_t length = 0; length < whole->text.size(); length += 7) {
        const auto scenario = read_scenario(Assets{}, std::string_view{whole->text}.substr(0, length), "cut.toml");
        if (scenario) continue;
        ++refused;
        EXPECT_FALSE(scenario.error().message.empty());
        EXPECT_EQ(scenario.error().message.find('\n'), std::string::npos) << scenario.error().message;
    }
    EXPECT_GT(refused, 100);
}

} // namespace
} // namespace ksl::sim
