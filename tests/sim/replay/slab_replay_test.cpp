// SPDX-License-Identifier: MIT
#include "sim/replay/slab_replay.h"
#include "tests/sim/import/captures.h"
#include "tests/test_name.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace ksl::sim {
namespace {

using capture::Capture;

Capture read(const std::filesystem::path& folder) {
    auto capture = capture::read_capture(folder);
    EXPECT_TRUE(capture.has_value()) << to_string(capture.error());
    return std::move(*capture);
}

std::string differences_of(const PartResult& part) {
    std::string text;
    for (const Difference& difference : part.differences())
        text += '#' + std::to_string(difference.event) + ": recorded " + difference.recorded + ", engine " +
                difference.engine + "\n";
    return text;
}

class EverySlabReplay : public ::testing::TestWithParam<std::filesystem::path> {};

TEST_P(EverySlabReplay, TakesAndGivesBackTheRecordedBlocks) {
    const Capture capture = read(GetParam());
    const auto result = replay_slabs(capture);
    ASSERT_TRUE(result.has_value()) << to_string(result.error());
    const PartResult& part = *result->part(kSlabPages);
    EXPECT_EQ(part.differing(), 0U) << differences_of(part);
    EXPECT_GT(part.exact(), 20U);
    // Nothing is exact by being left out: blocks of a task_struct slab's order were taken by it, but for one.
    const auto taken = std::ranges::count_if(capture.log.events, [&](const capture::Event& event) {
        const auto* page = std::get_if<capture::PageAlloc>(&event.body);
        return page != nullptr && page->order == core::Order{3};
    });
    const auto given_back = std::ranges::count_if(capture.log.events, [&](const capture::Event& event) {
        const auto* page = std::get_if<capture::PageFree>(&event.body);
        return page != nullptr && page->order == core::Order{3};
    });
    const auto of_others = std::ranges::find(part.undetermined(), "another cache's slab", &Undetermined::reason);
    const std::uint64_t left_out = of_others == part.undetermined().end() ? 0 : of_others->count;
    EXPECT_LE(left_out, 1U);
    EXPECT_EQ(part.exact() + left_out, static_cast<std::uint64_t>(taken + given_back));
}

/// The first event after which a block of a slab's order is given back.
capture::Event& first_block_given_back(Capture& capture) {
    return *std::ranges::find_if(capture.log.events, [](const capture::Event& event) {
        const auto* page = std::get_if<capture::PageFree>(&event.body);
        return page != nullptr && page->order == core::Order{3};
    });
}

TEST_P(EverySlabReplay, ABlockThatIsNotGivenBackIsADifference) {
    Capture capture = read(GetParam());
    first_block_given_back(capture).body = capture::OtherEvent{};
    EXPECT_EQ(replay_slabs(capture)->part(kSlabPages)->differing(), 1U);
}

TEST_P(EverySlabReplay, AFrameThatWasRecordedInTwoWaysIsThePageReplaysToJudge) {
    Capture capture = read(GetParam());
    auto& freed = std::get<capture::PageFree>(first_block_given_back(capture).body);
    freed.pfn = core::Pfn{freed.pfn.raw() ^ 0x100000};
    const auto result = replay_slabs(capture);
    const PartResult& part = *result->part(kSlabPages);
    EXPECT_EQ(part.differing(), 0U);
    EXPECT_TRUE(std::ranges::any_of(part.undetermined(), [](const Undetermined& reason) {
        return reason.reason == "a slab whose frame was recorded in two ways" && reason.count == 1;
    }));
}

INSTANTIATE_TEST_SUITE_P(Captures, EverySlabReplay, ::testing::ValuesIn(testing::replay_captures()),
                         [](const auto& capture) { return ksl::testing::name_of_capture(capture.param); });

} // namespace
} // namespace ksl::sim
