// SPDX-License-Identifier: MIT
#include "core/types/random.h"
#include "sim/replay/page_replay.h"
#include "sim/replay/page_replay_gfp.h"
#include "sim/replay/page_replay_state.h"
#include "tests/sim/import/captures.h"
#include "tests/test_name.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

namespace ksl::sim {
namespace {

using capture::Capture;
using capture::PageAlloc;
using core::Pfn;

Capture read(const std::filesystem::path& folder) {
    auto capture = capture::read_capture(folder);
    EXPECT_TRUE(capture.has_value()) << to_string(capture.error());
    return std::move(*capture);
}

/// Every difference in full, for the log of a failing test.
std::string differences_of(const ReplayResult& result) {
    std::string text;
    for (const PartResult& part : result.parts) {
        for (const Difference& difference : part.differences()) {
            text += part.name() + " #" + std::to_string(difference.event) + " " + difference.where + ": recorded " +
                    difference.recorded + ", engine " + difference.engine + "\n  " + difference.around + "\n";
            if (text.size() > 4000) return text + "...";
        }
    }
    return text;
}

std::uint64_t undetermined(const PartResult& part) {
    std::uint64_t count = 0;
    for (const Undetermined& reason : part.undetermined()) count += reason.count;
    return count;
}

/// Allocations after the start, by position in the log.
std::vector<std::size_t> judged_allocations(const Capture& capture) {
    std::vector<std::size_t> positions;
    for (std::size_t i = 0; i < capture.log.events.size(); ++i) {
        const capture::Event& event = capture.log.events[i];
        if (event.index >= *capture.states[0].events_before && std::holds_alternative<PageAlloc>(event.body))
            positions.push_back(i);
    }
    return positions;
}

/// Pageblocks of all states after the start.
std::uint64_t judged_pageblocks(const Capture& capture) {
    std::uint64_t count = 0;
    for (std::size_t i = 1; i < capture.states.size(); ++i) {
        for (const capture::ZoneState& zone : capture.states[i].buddy->zones) count += zone.pageblock_types.size();
    }
    return count;
}

class EveryPageReplay : public ::testing::TestWithParam<std::filesystem::path> {};

TEST_P(EveryPageReplay, IsExact) {
    const Capture capture = read(GetParam());
    const auto result = replay_pages(capture);
    ASSERT_TRUE(result.has_value()) << to_string(result.error());
    EXPECT_TRUE(result->is_exact()) << differences_of(*result);
    // Nothing is exact by being left out.
    EXPECT_EQ(result->part(kPageFrames)->exact(), judged_allocations(capture).size());
    EXPECT_EQ(result->states, capture.states.size() - 1);
    EXPECT_GE(result->part(kPageStates)->exact(), judged_pageblocks(capture));
    const auto drains = std::ranges::count_if(capture.log.events, [&](const capture::Event& event) {
        return event.index >= *capture.states[0].events_before && std::holds_alternative<capture::PcpDrain>(event.body);
    });
    EXPECT_EQ(result->part(kDrains)->exact(), static_cast<std::uint64_t>(drains));
    // What the trace does not tell stays a handful.
    EXPECT_LE(undetermined(*result->part(kZoneChoices)), 3U);
    EXPECT_LE(undetermined(*result->part(kPageblockClaims)), 1U);
}

/// As from the kernel's own text, which does not tell what an interrupt freed behind the page lists.
TEST_P(EveryPageReplay, IsExactWithoutBeingToldTheWayOfFreedPages) {
    Capture capture = read(GetParam());
    for (capture::Event& event : capture.log.events) {
        if (auto* free = std::get_if<capture::PageFree>(&event.body)) free->path = capture::PagePath::unknown;
        if (auto* free = std::get_if<capture::PageFreeBatched>(&event.body)) free->path = capture::PagePath::unknown;
    }
    const auto result = replay_pages(capture);
    ASSERT_TRUE(result.has_value()) << to_string(result.error());
    EXPECT_TRUE(result->is_exact()) << differences_of(*result);
    EXPECT_EQ(result->part(kPageFrames)->exact(), judged_allocations(capture).size());
}

TEST_P(EveryPageReplay, FalsifiedFramesAreFoundOneByOne) {
    Capture capture = read(GetParam());
    const std::vector<std::size_t> allocations = judged_allocations(capture);
    core::Random random{GetParam().string().size()};
    constexpr std::size_t kLies = 25;
    std::set<std::size_t> lies;
    while (lies.size() < kLies) lies.insert(allocations[random.below(allocations.size())]);
    for (const std::size_t position : lies) {
        auto& answer = std::get<PageAlloc>(capture.log.events[position].body);
        const std::uint64_t step = answer.order.frames() << random.below(4);
        answer.pfn = random.chance(1, 2) ? Pfn{answer.pfn.raw() ^ step}
                                         : Pfn{random.below(40'000) / answer.order.frames() * answer.order.frames()};
    }
    const auto result = replay_pages(capture);
    ASSERT_TRUE(result.has_value());
    for (const PartResult& part : result->parts) {
        EXPECT_EQ(part.differing(), part.name() == kPageFrames ? kLies : 0U) << part.name() << "\n"
                                                                             << differences_of(*result);
    }
    std::set<std::uint64_t> events;
    for (const Difference& difference : result->part(kPageFrames)->differences()) events.insert(difference.event);
    for (const std::size_t position : lies) EXPECT_TRUE(events.contains(capture.log.events[position].index));
}

INSTANTIATE_TEST_SUITE_P(Captures, EveryPageReplay, ::testing::ValuesIn(testing::replay_captures()),
                         [](const auto& capture) { return ksl::testing::name_of_capture(capture.param); });

const std::filesystem::path kSmall = testing::capture("2016/replay-4.7-512M");

TEST(PageReplay, FalsifiedDrainsAreFoundOneByOne) {
    Capture capture = read(testing::capture("6.1/replay-vmap-n-512M"));
    std::size_t lies = 0;
    for (std::size_t i = capture.log.events.size() / 2; lies < 10; i += 997) {
        auto* drain = std::get_if<capture::PcpDrain>(&capture.log.events[i].body);
        if (drain == nullptr) continue;
        drain->pfn = Pfn{drain->pfn.raw() ^ 64};
        ++lies;
    }
    const auto result = replay_pages(capture);
    ASSERT_TRUE(result.has_value());
    EXPECT_EQ(result->part(kDrains)->differing(), lies);
    EXPECT_EQ(result->part(kPageFrames)->differing(), 0U);
}

TEST(PageReplay, TwoBlocksOfAFreeListThatChangedPlacesAreOneDifference) {
    Capture capture = read(kSmall);
    auto& lists = capture.states[3].buddy->zones[1].free_lists;
    const auto longest = std::ranges::max_element(lists, {}, [](const auto& list) { return list.pfns.size(); });
    ASSERT_GT(longest->pfns.size(), 2U);
    std::swap(longest->pfns.front(), longest->pfns.back());
    const auto result = replay_pages(capture);
    ASSERT_TRUE(result.has_value());
    ASSERT_EQ(result->part(kPageStates)->differing(), 1U);
    EXPECT_NE(result->part(kPageStates)->differences()[0].where.find("DMA32: free list of order"), std::string::npos);
}

TEST(PageReplay, APageblockOfAnotherTypeIsADifference) {
    Capture capture = read(kSmall);
    capture.states[5].buddy->zones[1].pageblock_types[200] = core::MigrateType::reclaimable;
    const auto result = replay_pages(capture);
    ASSERT_TRUE(result.has_value());
    EXPECT_EQ(result->part(kPageStates)->differing(), 1U);
}

TEST(PageReplay, AMissingDrainIsADifference) {
    Capture capture = read(kSmall);
    const auto drain = std::ranges::find_if(capture.log.events, [&](const capture::Event& event) {
        return event.index > 20'000 && std::holds_alternative<capture::PcpDrain>(event.body);
    });
    drain->body = capture::OtherEvent{};
    const auto result = replay_pages(capture);
    ASSERT_TRUE(result.has_value());
    EXPECT_GE(result->part(kDrains)->differing(), 1U);
    EXPECT_EQ(result->part(kPageFrames)->differing(), 0U);
}

TEST(PageReplay, PathsThatTheTraceDoesNotSayAreDerived) {
    // As in the kernel's own text.
    for (const char* name : {"2016/replay-4.9-vmap-n-512M", "6.1/replay-fragmented-vmap-n-192M"}) {
        Capture capture = read(testing::capture(name));
        for (capture::Event& event : capture.log.events) {
            if (auto* free = std::get_if<capture::PageFree>(&event.body)) free->path = capture::PagePath::unknown;
            if (auto* batched = std::get_if<capture::PageFreeBatched>(&event.body))
                batched->path = capture::PagePath::unknown;
        }
        const auto result = replay_pages(capture);
        ASSERT_TRUE(result.has_value());
        EXPECT_TRUE(result->is_exact()) << name << "\n" << differences_of(*result);
    }
}

/// Where a page is freed directly after a request, an interrupt is made to have done it, and the record of the request
/// is put behind it, as it is where the interrupt came between the request's answer and its record. Returns how often.
std::size_t record_requests_late(std::vector<capture::Event>& events, std::uint64_t first, std::size_t most) {
    std::size_t moved = 0;
    for (std::size_t i = 0; i + 2 < events.size() && moved < most; ++i) {
        capture::Event& before = events[i];
        capture::Event& after = events[i + 1];
        const auto* request = std::get_if<capture::PageAlloc>(&before.body);
        const auto* freed = std::get_if<capture::PageFree>(&after.body);
        if (request == nullptr || request->is_bulk || freed == nullptr || freed->order != request->order) continue;
        if (before.index < first || before.pid != after.pid || freed->path != capture::PagePath::pcp) continue;
        if (freed->pfn == request->pfn) continue; // after it, then
        after.context.interrupt = capture::Context::Interrupt::soft;
        std::swap(before, after);
        std::swap(before.index, after.index);
        ++moved;
    }
    return moved;
}

TEST(PageReplay, ARequestWhoseRecordAnInterruptDelayedIsExact) {
    for (const char* name : {"6.1/replay-vmap-n-512M", "6.1/replay-vmap-y-512M"}) {
        Capture capture = read(testing::capture(name));
        EXPECT_EQ(record_requests_late(capture.log.events, *capture.states.front().events_before, 20), 20U);
        const auto result = replay_pages(capture);
        ASSERT_TRUE(result.has_value()) << to_string(result.error());
        for (const PartResult& part : result->parts) EXPECT_EQ(part.differing(), 0U) << name << ", " << part.name();
    }
}

TEST(PageReplay, AStateWithoutAnAllocatorIsAnError) {
    Capture capture = read(kSmall);
    capture.states[2].buddy.reset();
    const auto result = replay_pages(capture);
    ASSERT_FALSE(result.has_value());
    EXPECT_NE(result.error().message.find("no page allocator"), std::string::npos);
}

TEST(PageReplay, AStartThatCannotBeIsAnError) {
    Capture capture = read(kSmall);
    auto& lists = capture.states[0].buddy->zones[1].free_lists;
    lists.front().pfns.push_back(lists.front().pfns.front());
    const auto result = replay_pages(capture);
    ASSERT_FALSE(result.has_value());
    EXPECT_NE(result.error().message.find("two lists"), std::string::npos);
}

TEST(PageReplayGfp, NamesOfCombinationsAndFlags) {
    using namespace core::gfp;
    EXPECT_EQ(parse_gfp("GFP_KERNEL|__GFP_ZERO|__GFP_NOTRACK"), kKernel | kZero);
    EXPECT_EQ(parse_gfp("GFP_ATOMIC|__GFP_NOWARN|__GFP_NORETRY|__GFP_RECLAIMABLE"), kAtomic | kNoRetry | kReclaimable);
    EXPECT_EQ(parse_gfp("GFP_HIGHUSER_MOVABLE|__GFP_COLD"), kUserMovable | kCold);
    EXPECT_EQ(parse_gfp("__GFP_IO|__GFP_FS|__GFP_NOMEMALLOC"), kNoMemalloc);
    EXPECT_EQ(parse_gfp(""), core::Gfp{});
}

TEST(PageReplayState, KernelsAreToldByWhatTheyHave) {
    EXPECT_EQ(page_kernel_of(read(kSmall).states[0]), PageKernel::linux_4_7);
    EXPECT_EQ(page_kernel_of(read(testing::capture("2016/replay-4.9-vmap-n-512M")).states[0]), PageKernel::linux_4_9);
    EXPECT_EQ(page_kernel_of(read(testing::capture("6.1/replay-vmap-n-512M")).states[0]), PageKernel::linux_6_1);
}

} // namespace
} // namespace ksl::sim
