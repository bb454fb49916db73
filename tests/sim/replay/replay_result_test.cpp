// SPDX-License-Identifier: MIT
#include "sim/replay/hypotheses.h"
#include "sim/replay/replay_result.h"

#include <gtest/gtest.h>

#include <string>

namespace ksl::sim {
namespace {

TEST(ReplayResult, CountsExactAndDifferingAnswersAndKeepsUndeterminedOnesApart) {
    PartResult part{"addresses"};
    part.add_exact(3);
    part.add_difference({7, "vmap_result_range", "a", "b", ""});
    part.add_undetermined("order");
    part.add_undetermined("end");
    part.add_undetermined("order", 2);
    EXPECT_EQ(part.exact(), 3U);
    EXPECT_EQ(part.total(), 4U);
    EXPECT_EQ(part.undetermined(), (std::vector<Undetermined>{{"order", 3}, {"end", 1}}));
    ReplayResult result;
    result.parts = {PartResult{"other"}, part};
    EXPECT_FALSE(result.is_exact());
    EXPECT_EQ(result.part("addresses")->differences().front().event, 7U);
    EXPECT_EQ(result.part("nothing"), nullptr);
}

TEST(ReplayResult, DifferencesBeyondTheBoundAreCountedButNotKept) {
    PartResult part{"p"};
    for (std::uint64_t i = 0; i < PartResult::kKept + 5; ++i) part.add_difference({i, "", "", "", ""});
    EXPECT_EQ(part.differing(), PartResult::kKept + 5);
    EXPECT_EQ(part.differences().size(), PartResult::kKept);
}

/// An engine that counts up; a recording of what it should say. A wrong engine skips a number once.
struct Counter {
    int next = 0;
    std::uint64_t wrong = 0;
    [[nodiscard]] std::uint64_t differences() const { return wrong; }
    [[nodiscard]] bool goes_on_like(const Counter& other) const { return next == other.next; }
    void play(int recorded, std::vector<Counter>& alternatives) {
        const int answer = next++;
        if (answer == recorded) return;
        ++wrong;
        Counter other = *this;
        other.next = recorded + 1;
        alternatives.push_back(other);
    }
};

std::uint64_t differences_in(const std::vector<int>& recording) {
    Hypotheses<Counter> worlds{Counter{}};
    for (const int recorded : recording) {
        worlds.advance([&](Counter& world, std::vector<Counter>& others) { world.play(recorded, others); });
        EXPECT_LE(worlds.size(), Hypotheses<Counter>::kMost);
    }
    return worlds.best().differences();
}

TEST(Hypotheses, AFalsifiedEntryCountsOnceAndSoDoesAnErrorOfTheEngine) {
    EXPECT_EQ(differences_in({0, 1, 2, 3, 4, 5}), 0U);
    EXPECT_EQ(differences_in({0, 1, 99, 3, 4, 5}), 1U) << "the recording is wrong at one place";
    EXPECT_EQ(differences_in({0, 1, 3, 4, 5, 6}), 1U) << "the engine missed a step that the kernel took";
    EXPECT_EQ(differences_in({0, 99, 98, 3, 4, 97, 6}), 3U);
    EXPECT_EQ(differences_in({0, 1, 2, 3, 4, 99}), 1U) << "at the very end";
}

} // namespace
} // namespace ksl::sim
