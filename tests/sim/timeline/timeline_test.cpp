// SPDX-License-Identifier: MIT
#include "core/types/random.h"
#include "sim/timeline/timeline.h"
#include "tests/core/machine/test_machines.h"

#include <gtest/gtest.h>

namespace ksl::sim {
namespace {

using namespace core::testing;

Timeline timeline() {
    auto simulation = Simulation::start(small_machine(vmapped_4_9(), core::KernelFacts::linux_4_9()),
                                        Burst{.rounds = 10, .threads = 20}, 3);
    if (!simulation) throw std::runtime_error(to_string(simulation.error()));
    return Timeline{std::move(*simulation)};
}

TEST(TimelineTest, GoesBackTheWayItCame) {
    Timeline line = timeline();
    std::vector<std::uint64_t> hashes{line.present().hash()};
    for (int i = 0; i < 300; ++i) {
        ASSERT_TRUE(line.forward());
        hashes.push_back(line.present().hash());
    }
    for (std::size_t i = 300; i-- > 290;) {
        ASSERT_TRUE(line.back());
        EXPECT_EQ(line.position(), i);
        EXPECT_EQ(line.present().hash(), hashes[i]);
    }
    EXPECT_EQ(line.known_end(), 300U);
}

TEST(TimelineTest, ReachesEveryPositionFromEveryOther) {
    Timeline line = timeline();
    std::vector<std::uint64_t> hashes{line.present().hash()};
    while (line.forward()) hashes.push_back(line.present().hash());
    core::Random random{5};
    for (int i = 0; i < 40; ++i) {
        const std::uint64_t position = random.below(hashes.size());
        line.seek(position);
        ASSERT_EQ(line.position(), position);
        EXPECT_EQ(line.present().hash(), hashes[position]) << position;
    }
}

TEST(TimelineTest, HasTheSameEventsOnTheWayBack) {
    Timeline line = timeline();
    std::vector<std::size_t> events{0};
    for (int i = 0; i < 100; ++i) {
        line.forward();
        events.push_back(line.last_events().size());
    }
    for (const std::uint64_t position : {70U, 13U, 64U, 99U, 1U}) {
        line.seek(position);
        EXPECT_EQ(line.last_events().size(), events[position]) << position;
    }
}

TEST(TimelineTest, StaysAtItsStartWhenAskedToGoBackFurther) {
    Timeline line = timeline();
    EXPECT_FALSE(line.back());
    line.forward();
    EXPECT_TRUE(line.back());
    EXPECT_FALSE(line.back());
    EXPECT_EQ(line.position(), 0U);
}

TEST(TimelineTest, KeepsFewCheckpointsOfLongRuns) {
    Timeline line = timeline();
    line.seek(1'000'000);
    EXPECT_TRUE(line.is_finished());
    EXPECT_LE(line.checkpoints(), Timeline::kMostCheckpoints + 1);
}

} // namespace
} // namespace ksl::sim
