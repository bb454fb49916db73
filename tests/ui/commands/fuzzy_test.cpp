// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/commands/fuzzy.h"

#include <gtest/gtest.h>

namespace ksl::ui {
namespace {

std::optional<FuzzyMatch> match(const char* pattern, const char* text) {
    return fuzzy_match(QString::fromUtf8(pattern), QString::fromUtf8(text));
}

TEST(Fuzzy, LettersMustComeInOrder) {
    EXPECT_TRUE(match("gta", "Go to marker A"));
    EXPECT_FALSE(match("atg", "Go to marker A"));
    EXPECT_FALSE(match("zz", "Zoom in"));
}

TEST(Fuzzy, CaseAndSpacesOfThePatternDoNotMatter) {
    EXPECT_TRUE(match("NEXT ev", "Next event"));
    EXPECT_EQ(match("nextev", "Next event")->positions, match("next ev", "Next event")->positions);
}

TEST(Fuzzy, StartsOfWordsBeatLettersInside) {
    EXPECT_GT(match("ne", "Next event")->score, match("ne", "Machine")->score);
    EXPECT_GT(match("pc", "Previous clone")->score, match("pc", "Step, back")->score);
}

TEST(Fuzzy, RunsBeatScatteredLetters) {
    EXPECT_GT(match("fit", "Fit")->score, match("fit", "First item")->score);
}

TEST(Fuzzy, AmongEqualsTheShorterTextWins) {
    EXPECT_GT(match("zoom", "Zoom in")->score, match("zoom", "Zoom into the selection")->score);
}

TEST(Fuzzy, PositionsNameTheLetters) {
    const auto found = match("mA", "Go to marker A");
    EXPECT_EQ(found->positions, (QList<qsizetype>{6, 7}));
    EXPECT_EQ(match("", "anything")->positions.size(), 0);
}

} // namespace
} // namespace ksl::ui
