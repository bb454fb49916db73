// SPDX-License-Identifier: MIT
//
// What arithmetic says of a chain and a design, and what happens to real words on a machine, must be the same.
#include "core/types/random.h"
#include "sim/chain/chain_source.h"
#include "sim/run/stack_trial.h"
#include "tests/sim/support/results.h"
#include "tests/test_name.h"

#include <gtest/gtest.h>

namespace ksl::sim {
namespace {

using core::Bytes;
using testing::value_of;

CallChain chain_of(std::uint64_t depth, core::Random& random) {
    CallChain chain{.name = "random",
                    .title = {},
                    .source = {},
                    .frames = {{"entry_SYSCALL_64", Bytes{176}}},
                    .remarks = {},
                    .text = {}};
    std::uint64_t sum = 176;
    while (sum < depth) {
        const std::uint64_t bytes = std::min(8 + 8 * random.below(60), depth - sum);
        chain.frames.push_back({"f" + std::to_string(chain.frames.size()), Bytes{bytes}});
        sum += bytes;
    }
    return chain;
}

class EveryDesign : public ::testing::TestWithParam<std::string> {};

TEST_P(EveryDesign, LastByteFitsAndOneWordMoreDoesNot) {
    const DesignProfile design = value_of(load_design(Assets{}, GetParam()));
    const std::uint64_t usable = usable_bytes(design.stack).count();
    core::Random random{7};
    const StackTrial full = value_of(try_chain(Assets{}, chain_of(usable, random), design));
    EXPECT_EQ(full.verdict, TrialVerdict::fits);
    EXPECT_EQ(full.room(), 0);
    EXPECT_EQ(full.reached, Bytes{usable});
    EXPECT_FALSE(full.first_too_deep);

    const CallChain chain = chain_of(usable + 8, random);
    const StackTrial over = value_of(try_chain(Assets{}, chain, design));
    EXPECT_NE(over.verdict, TrialVerdict::fits);
    EXPECT_EQ(over.room(), -8);
    EXPECT_EQ(over.first_too_deep, chain.frames.size() - 1);
}

TEST_P(EveryDesign, APageTooDeepEndsAsTheGuardSays) {
    const DesignProfile design = value_of(load_design(Assets{}, GetParam()));
    core::Random random{8};
    const CallChain chain = chain_of(design.stack.stack_bytes().count() + 2048, random);
    const StackTrial trial = value_of(try_chain(Assets{}, chain, design));
    if (design.stack.backing == core::Backing::direct_map) {
        EXPECT_TRUE(trial.victim);
        // Where thread_info lies under the stack, the kernel stumbles over what it finds there; else a neighbour is
        // hit.
        EXPECT_EQ(trial.verdict,
                  design.stack.has_thread_info_on_stack() ? TrialVerdict::crashed : TrialVerdict::unnoticed);
    } else {
        const bool panics = design.facts().double_fault_is_nmi;
        EXPECT_EQ(trial.verdict, panics ? TrialVerdict::machine_dies : TrialVerdict::task_killed);
        EXPECT_EQ(trial.victim.value_or(core::Victim::nobody),
                  design.stack.has_thread_info_on_stack() ? core::Victim::thread_info : core::Victim::nobody);
    }
}

std::vector<std::string> designs() {
    std::vector<std::string> names;
    for (const std::string& path : Assets{}.list("designs")) {
        names.push_back(std::filesystem::path{path}.stem().string());
    }
    return names;
}

INSTANTIATE_TEST_SUITE_P(Profiles, EveryDesign, ::testing::ValuesIn(designs()),
                         [](const auto& test) { return ksl::testing::as_test_name(test.param); });

TEST(StackTrial, RandomOffsetIsPartOfTheWorstCase) {
    DesignProfile design = value_of(load_design(Assets{}, "linux-6.1"));
    design.stack.randomise_offset = true;
    const CallChain chain = value_of(load_chain(Assets{}, "forkexec"));
    const StackTrial trial = value_of(try_chain(Assets{}, chain, design));
    EXPECT_EQ(trial.room() - trial.room_at_worst(), 1024);
    EXPECT_GT(trial.reached, chain.depth());
    EXPECT_LE(trial.reached, chain.depth() + Bytes{1024});
}

} // namespace
} // namespace ksl::sim
