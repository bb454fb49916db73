// SPDX-License-Identifier: MIT
#include "core/types/random.h"

#include <gtest/gtest.h>

namespace ksl::core {
namespace {

TEST(Random, SameSeedSameNumbers) {
    Random a{7};
    Random b{7};
    Random c{8};
    EXPECT_EQ(a.next(), b.next());
    EXPECT_NE(a.next(), c.next());
}

// The first outputs for the state {1, 2, 3, 4} that the authors' reference implementation of xoshiro256++ gives cannot
// be reached through a seed; what can be checked is splitmix64, whose first output for seed 0 is published as this
// constant.
TEST(Random, SeedsThroughSplitmix64) {
    std::uint64_t seed = 0x9e3779b97f4a7c15U;
    seed = (seed ^ (seed >> 30)) * 0xbf58476d1ce4e5b9U;
    seed = (seed ^ (seed >> 27)) * 0x94d049bb133111ebU;
    EXPECT_EQ(seed ^ (seed >> 31), 0xe220a8397b1dcdafU);
}

TEST(Random, BelowStaysBelowAndReachesEveryValue) {
    Random random{1};
    std::array<int, 5> seen{};
    for (int i = 0; i < 1000; ++i) ++seen.at(random.below(5));
    for (const int count : seen) EXPECT_GT(count, 100);
}

} // namespace
} // namespace ksl::core
