// SPDX-License-Identifier: MIT
//
// Files that must be accepted, and files that must be refused with the message that their first line expects. A second
// line "# --set KEY=VALUE" gives an override.
#include "tests/sim/toml/sample_scenario.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace ksl::sim {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kExpects = "# expects: ";
constexpr std::string_view kSet = "# --set ";

struct Sample {
    std::string file;
    std::string text;
    std::string expected;
    std::vector<std::string> overrides;
};

Sample read_sample_file(const fs::path& path) {
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

std::vector<Sample> samples(std::string_view folder) {
    std::vector<fs::path> paths;
    for (const auto& entry : fs::directory_iterator{fs::path{KSL_SOURCE_DIR "/tests/sim/toml/corpus"} / folder}) {
        paths.push_back(entry.path());
    }
    std::ranges::sort(paths);
    std::vector<Sample> all;
    for (const fs::path& path : paths) all.push_back(read_sample_file(path));
    return all;
}

TEST(TomlCorpus, GoodFilesAreAccepted) {
    const auto good = samples("good");
    EXPECT_GE(good.size(), 5U);
    for (const Sample& sample : good) {
        const auto scenario = testing::read_sample(sample.text, sample.file, sample.overrides);
        EXPECT_TRUE(scenario) << sample.file << ": " << to_string(scenario.error());
    }
}

TEST(TomlCorpus, BadFilesAreRefusedWithTheMessageTheyExpect) {
    const auto bad = samples("bad");
    EXPECT_GE(bad.size(), 45U);
    for (const Sample& sample : bad) {
        ASSERT_FALSE(sample.expected.empty()) << sample.file << " says what it expects";
        const auto scenario = testing::read_sample(sample.text, sample.file, sample.overrides);
        if (scenario) {
            ADD_FAILURE() << sample.file << " is accepted";
            continue;
        }
        EXPECT_EQ(to_string(scenario.error()), sample.expected);
        EXPECT_EQ(exit_code(scenario.error().kind), 2);
    }
}

} // namespace
} // namespace ksl::sim
