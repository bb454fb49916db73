// SPDX-License-Identifier: MIT
//
// Files that must be accepted, and files that must be refused with the message that their first line expects. A second
// line "# --set KEY=VALUE" gives an override.
#include "tests/sim/support/corpus.h"
#include "tests/sim/toml/sample_scenario.h"

#include <gtest/gtest.h>

namespace ksl::sim {
namespace {

constexpr const char* kGood = KSL_SOURCE_DIR "/tests/sim/toml/corpus/good";
constexpr const char* kBad = KSL_SOURCE_DIR "/tests/sim/toml/corpus/bad";

TEST(TomlCorpus, GoodFilesAreAccepted) {
    const auto good = testing::read_corpus(kGood);
    EXPECT_GE(good.size(), 5U);
    for (const testing::CorpusFile& sample : good) {
        const auto scenario = testing::read_sample(sample.text, sample.file, sample.overrides);
        EXPECT_TRUE(scenario) << sample.file << ": " << to_string(scenario.error());
    }
}

TEST(TomlCorpus, BadFilesAreRefusedWithTheMessageTheyExpect) {
    const auto bad = testing::read_corpus(kBad);
    EXPECT_GE(bad.size(), 45U);
    for (const testing::CorpusFile& sample : bad) {
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
