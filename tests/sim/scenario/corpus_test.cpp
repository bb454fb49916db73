// SPDX-License-Identifier: MIT
//
// Scenarios that must be refused, each with exactly the message that its first line expects. Lines "# --set KEY=VALUE"
// after it give overrides.
#include "sim/scenario/scenario.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

namespace ksl::sim {
namespace {

namespace fs = std::filesystem;

struct Sample {
    std::string file;
    std::string text;
    std::string expected;
    std::vector<std::string> overrides;
};

Sample read_sample(const fs::path& path) {
    constexpr std::string_view kExpects = "# expects: ";
    constexpr std::string_view kSet = "# --set ";
    std::ifstream in{path, std::ios::binary};
    std::ostringstream text;
    text << in.rdbuf();
    Sample sample{.file = path.filename().string(), .text = std::move(text).str(), .expected = {}, .overrides = {}};
    std::istringstream lines{sample.text};
    for (std::string line; std::getline(lines, line) && line.starts_with("#");) {
        if (line.starts_with(kExpects)) sample.expected = line.substr(kExpects.size());
        if (line.starts_with(kSet)) sample.overrides.push_back(line.substr(kSet.size()));
    }
    return sample;
}

std::vector<Sample> samples() {
    std::vector<fs::path> paths;
    for (const auto& entry : fs::directory_iterator{KSL_SOURCE_DIR "/tests/sim/scenario/corpus"}) {
        paths.push_back(entry.path());
    }
    std::ranges::sort(paths);
    std::vector<Sample> all;
    for (const fs::path& path : paths) all.push_back(read_sample(path));
    return all;
}

TEST(ScenarioCorpus, WrongScenariosAreRefusedWithTheMessageThatTheyExpect) {
    const auto wrong = samples();
    EXPECT_GE(wrong.size(), 75U);
    for (const Sample& sample : wrong) {
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
