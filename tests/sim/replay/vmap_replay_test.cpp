// SPDX-License-Identifier: MIT
#include "core/types/random.h"
#include "sim/replay/vmap_replay.h"
#include "sim/replay/vmap_state.h"
#include "tests/sim/import/captures.h"
#include "tests/test_name.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <map>
#include <string>
#include <variant>

namespace ksl::sim {
namespace {

using core::Bytes;

const capture::Capture& capture_of(const std::string& name) {
    static std::map<std::string, capture::Capture> read;
    const auto known = read.find(name);
    if (known != read.end()) return known->second;
    auto capture = capture::read_capture(testing::capture(name));
    if (!capture) ADD_FAILURE() << to_string(capture.error());
    return read.emplace(name, capture ? *capture : capture::Capture{}).first->second;
}

ReplayResult replayed(const capture::Capture& capture) {
    auto result = replay_vmap(capture);
    EXPECT_TRUE(result) << to_string(result.error());
    return result ? *result : ReplayResult{};
}

std::string report(const ReplayResult& result) {
    std::string text;
    for (const PartResult& part : result.parts) {
        text += part.name() + ": " + std::to_string(part.exact()) + " of " + std::to_string(part.total()) + "\n";
        for (const Undetermined& undetermined : part.undetermined()) {
            text += "    undetermined: " + std::to_string(undetermined.count) + ", " + undetermined.reason + "\n";
        }
        for (const Difference& difference : part.differences()) {
            text += "    event " + std::to_string(difference.event) + ", " + difference.where + ": recorded " +
                    difference.recorded + ", engine " + difference.engine + "; " + difference.around + "\n";
        }
    }
    return text;
}

std::uint64_t differences_in(const ReplayResult& result) {
    std::uint64_t sum = 0;
    for (const PartResult& part : result.parts) sum += part.differing();
    return sum;
}

std::uint64_t undetermined_in(const PartResult& part) {
    std::uint64_t sum = 0;
    for (const Undetermined& undetermined : part.undetermined()) sum += undetermined.count;
    return sum;
}

struct Expected {
    const char* name;
    std::uint64_t addresses; ///< vmap_result_range after the first state
    std::uint64_t new_tasks; ///< new_task after the first state
    std::uint64_t purges;
    std::uint64_t purged;
    std::uint64_t states;
};

// Counted without our reader, and where they are the same, the figures of the captures' own reference replays.
constexpr std::array kExpected{
    Expected{"2016/replay-4.7-512M", 0, 0, 0, 0, 9},
    Expected{"2016/replay-4.9-vmap-n-512M", 0, 0, 0, 0, 9},
    Expected{"2016/replay-4.9-vmap-y-512M", 2052, 2522, 1, 1639, 16},
    Expected{"2016/replay-4.9-vmap-y-fragmented-192M", 872, 891, 0, 0, 5},
    Expected{"6.1/replay-fragmented-vmap-n-192M", 0, 0, 0, 0, 11},
    Expected{"6.1/replay-fragmented-vmap-y-192M", 2336, 2375, 1, 0, 11},
    Expected{"6.1/replay-vmap-n-512M", 0, 0, 0, 0, 17},
    Expected{"6.1/replay-vmap-y-512M", 2169, 2640, 1, 0, 17},
};

class EveryCapture : public ::testing::TestWithParam<Expected> {};

TEST_P(EveryCapture, IsReplayedExactly) {
    const Expected& expected = GetParam();
    const ReplayResult result = replayed(capture_of(expected.name));
    EXPECT_TRUE(result.is_exact()) << report(result);
    EXPECT_EQ(result.states, expected.states);
    const auto answers = [&](const char* part) {
        const PartResult* found = result.part(part);
        return found == nullptr ? 0 : found->exact() + undetermined_in(*found);
    };
    EXPECT_EQ(answers("vmalloc addresses"), expected.addresses);
    EXPECT_EQ(answers("stacks of new tasks"), expected.new_tasks);
    EXPECT_EQ(answers("purges"), expected.purges);
    EXPECT_EQ(answers("purge flushes"), expected.purges);
    EXPECT_EQ(answers("purged areas"), expected.purged);
    EXPECT_EQ(answers("states: areas"), expected.states);
    EXPECT_EQ(answers("states: waiting for a purge"), expected.states);
    EXPECT_EQ(answers("states: pages waiting"), expected.states);
    std::printf("%s\n%s", expected.name, report(result).c_str());
}

INSTANTIATE_TEST_SUITE_P(Captures, EveryCapture, ::testing::ValuesIn(kExpected),
                         [](const auto& test) { return ksl::testing::as_test_name(test.param.name); });

TEST(VmapReplay, TheTraceThatTheKernelPrintedGivesTheSameResult) {
    // The only capture whose text is at hand has no vmapped stacks; its states are compared all the same.
    capture::Capture capture = capture_of("2016/replay-4.7-512M");
    auto text = capture::read_events(testing::capture("2016/replay-4.7-512M") / "trace.txt.zst");
    ASSERT_TRUE(text);
    const ReplayResult from_rows = replayed(capture);
    capture.log = *text;
    EXPECT_EQ(replayed(capture), from_rows);
}

/// List steps of each address search of a capture, at most and in all.
struct SearchSteps {
    std::uint64_t requests = 0;
    std::uint64_t most = 0;
    std::uint64_t sum = 0;
};

SearchSteps search_steps(const capture::Capture& capture) {
    auto allocator = allocator_of("start", capture.states[0]);
    EXPECT_TRUE(allocator);
    const core::PriceList prices;
    core::SilentVmapHost host;
    core::Effects fx{&prices, nullptr, nullptr, core::EventLevel::none, core::CpuId{0}, core::Cycles{}, {}};
    core::AreaRequest request;
    SearchSteps steps;
    for (const capture::Event& event : capture.log.events) {
        if (event.index < capture.states[0].events_before.value_or(0)) continue;
        if (const auto* asked = std::get_if<capture::VmapRequest>(&event.body)) {
            request = {asked->size, asked->align, asked->window};
        } else if (std::holds_alternative<capture::VmapResultRange>(event.body)) {
            fx.ledger().reset();
            if (!allocator->reserve(request, fx, host)) ADD_FAILURE() << "event " << event.index << ": no address";
            ++steps.requests;
            steps.most = std::max<std::uint64_t>(steps.most, fx.ledger().count(core::Step::area_list_step));
            steps.sum += fx.ledger().count(core::Step::area_list_step);
        } else if (const auto* freed = std::get_if<capture::VmapLazyFree>(&event.body)) {
            allocator->release_lazily(allocator->find(freed->range.lowest, fx, host), fx, host);
        } else if (std::holds_alternative<capture::VmapPurgeEnter>(event.body)) {
            allocator->purge(core::PurgeReason::limit, fx, host);
        }
    }
    return steps;
}

TEST(VmapReplay, TheSearchOf49StepsOverAsManyAreasAsTheReferenceReplayCounted) {
    // vmalloc_search_steps_max and _mean of the captures' reference_replay_result.json: 2 and 1.0, 1 and 1.0.
    const SearchSteps churned = search_steps(capture_of("2016/replay-4.9-vmap-y-512M"));
    EXPECT_EQ(churned.requests, 2052U);
    EXPECT_EQ(churned.most, 2U);
    EXPECT_NEAR(static_cast<double>(churned.sum), 1.0 * static_cast<double>(churned.requests), 10);
    const SearchSteps fragmented = search_steps(capture_of("2016/replay-4.9-vmap-y-fragmented-192M"));
    EXPECT_EQ(fragmented.most, 1U);
    EXPECT_EQ(fragmented.sum, fragmented.requests);
}

/// Positions in the log of recorded answers of one kind, from the first state on.
template <class Body>
std::vector<std::size_t> answers_in(const capture::Capture& capture) {
    std::vector<std::size_t> found;
    for (std::size_t i = 0; i < capture.log.events.size(); ++i) {
        const capture::Event& event = capture.log.events[i];
        if (event.index >= *capture.states.front().events_before && std::holds_alternative<Body>(event.body)) {
            found.push_back(i);
        }
    }
    return found;
}

std::vector<std::size_t> choose(const std::vector<std::size_t>& all, std::size_t count, core::Random& random) {
    std::vector<std::size_t> chosen = all;
    for (std::size_t i = 0; i < count; ++i) std::swap(chosen[i], chosen[i + random.below(chosen.size() - i)]);
    chosen.resize(count);
    return chosen;
}

constexpr std::array kWithStackCache{"2016/replay-4.9-vmap-y-512M", "2016/replay-4.9-vmap-y-fragmented-192M",
                                     "6.1/replay-vmap-y-512M", "6.1/replay-fragmented-vmap-y-192M"};

TEST(VmapReplayFalsified, AsManyAddressesAsWereFalsifiedDiffer) {
    core::Random random{17};
    for (const char* name : kWithStackCache) {
        const capture::Capture& whole = capture_of(name);
        const auto answers = answers_in<capture::VmapResultRange>(whole);
        for (const std::size_t count : {1U, 2U, 7U, 30U}) {
            capture::Capture capture = whole;
            const auto chosen = choose(answers, count, random);
            for (const std::size_t position : chosen) {
                auto& answer = std::get<capture::VmapResultRange>(capture.log.events[position].body);
                // A place that may be free, far away, or taken.
                const Bytes shift{(1 + random.below(3) * 40) * 0x8000};
                answer.range = {answer.range.lowest + shift, answer.range.top + shift};
            }
            const ReplayResult result = replayed(capture);
            EXPECT_EQ(result.part("vmalloc addresses")->differing(), count) << name << "\n" << report(result);
            EXPECT_EQ(differences_in(result), count) << name << "\n" << report(result);
            for (const Difference& difference : result.part("vmalloc addresses")->differences()) {
                EXPECT_TRUE(std::ranges::any_of(chosen, [&](std::size_t position) {
                    return capture.log.events[position].index == difference.event;
                }));
            }
        }
    }
}

TEST(VmapReplayFalsified, AsManyStacksAsWereFalsifiedDiffer) {
    core::Random random{18};
    for (const char* name : kWithStackCache) {
        const capture::Capture& whole = capture_of(name);
        const auto answers = answers_in<capture::NewTask>(whole);
        for (const std::size_t count : {1U, 5U, 20U, 21U}) {
            capture::Capture capture = whole;
            for (const std::size_t position : choose(answers, count, random)) {
                auto& stack = std::get<capture::NewTask>(capture.log.events[position].body).stack;
                const core::VirtAddr right = stack;
                // Somewhere where no stack is, or the stack of another task.
                if (count % 2 == 1) stack += Bytes{0x10'0000'0000};
                while (stack == right) {
                    const std::size_t other = answers[random.below(answers.size())];
                    stack = std::get<capture::NewTask>(capture.log.events[other].body).stack;
                }
            }
            const ReplayResult result = replayed(capture);
            EXPECT_EQ(differences_in(result), count) << name << "\n" << report(result);
        }
    }
}

TEST(VmapReplayFalsified, AFalsifiedPurgeDiffersWhereItWasFalsified) {
    capture::Capture capture = capture_of("2016/replay-4.9-vmap-y-512M");
    const auto erased = answers_in<capture::VmapErase>(capture);
    const auto flushed = answers_in<capture::TlbFlushKernel>(capture);
    for (const std::size_t i : {3U, 4U, 900U}) {
        std::get<capture::VmapErase>(capture.log.events[erased[i]].body).range.top += Bytes{0x1000};
    }
    std::get<capture::TlbFlushKernel>(capture.log.events[flushed[0]].body).range.lowest -= Bytes{0x1000};
    const ReplayResult result = replayed(capture);
    EXPECT_EQ(result.part("purged areas")->differing(), 3U);
    EXPECT_EQ(result.part("purge flushes")->differing(), 1U);
    EXPECT_EQ(differences_in(result), 4U) << report(result);
}

TEST(VmapReplayFalsified, AFalsifiedStateDiffersAloneWhateverPartOfItWasFalsified) {
    for (const char* name : kWithStackCache) {
        const capture::Capture& whole = capture_of(name);
        const auto differing_after = [&](const char* part, auto&& falsify) {
            capture::Capture capture = whole;
            falsify(capture.states[2].vmap);
            const ReplayResult result = replayed(capture);
            EXPECT_EQ(differences_in(result), 1U) << name << ' ' << part << "\n" << report(result);
            return result.part(part) != nullptr && result.part(part)->differing() == 1 &&
                   result.part(part)->differences()[0].where == "state_02";
        };
        EXPECT_TRUE(differing_after("states: pages waiting", [](auto& vmap) { vmap.lazy_pages += core::Pages{1}; }));
        EXPECT_TRUE(differing_after("states: cached stacks", [](auto& vmap) {
            std::swap(vmap.cached_stacks->at(0).at(0), vmap.cached_stacks->at(0).at(1));
        }));
        EXPECT_TRUE(differing_after("states: areas", [](auto& vmap) { vmap.areas.pop_back(); }));
        EXPECT_TRUE(differing_after("states: waiting for a purge",
                                    [](auto& vmap) { vmap.purge_pending.erase(vmap.purge_pending.begin()); }));
        if (whole.states[0].vmap.has_free_tree()) {
            EXPECT_TRUE(differing_after("states: free ranges", [](auto& vmap) { vmap.free.pop_back(); }));
        } else {
            EXPECT_TRUE(differing_after("states: search variables",
                                        [](auto& vmap) { vmap.cache->hole_size += Bytes{0x1000}; }));
        }
    }
}

TEST(VmapReplayFalsified, AStartThatCannotBeIsAnError) {
    capture::Capture capture = capture_of("6.1/replay-vmap-y-512M");
    capture.states[0].vmap.free[3].top -= Bytes{0x1000};
    const auto result = replay_vmap(capture);
    ASSERT_FALSE(result);
    EXPECT_EQ(
        result.error().message,
        "the vmalloc areas are impossible: it must hold that every address is in one area, or waits for a purge, or "
        "is free");
}

TEST(VmapReplay, AnEngineThatStartsFromAnotherStateIsFound) {
    capture::Capture capture = capture_of("6.1/replay-vmap-y-512M");
    // The engine is told that the fourth area is free.
    auto& vmap = capture.states[0].vmap;
    const core::VirtRange gone = vmap.areas[3].range;
    vmap.areas.erase(vmap.areas.begin() + 3);
    vmap.free.push_back(gone);
    std::ranges::sort(vmap.free);
    for (std::size_t i = 1; i < vmap.free.size(); ++i) {
        if (vmap.free[i - 1].top != vmap.free[i].lowest) continue;
        vmap.free[i - 1].top = vmap.free[i].top;
        vmap.free.erase(vmap.free.begin() + static_cast<std::ptrdiff_t>(i--));
    }
    const ReplayResult result = replayed(capture);
    EXPECT_GE(differences_in(result), 1U);
}

/// Any events in any order: nonsense is a difference, never a crash.
RC_GTEST_PROP(VmapReplayProperty, ShuffledEventsAreDifferencesButNeverACrash, ()) {
    core::Random random{*rc::gen::arbitrary<std::uint64_t>()};
    capture::Capture capture = capture_of(kWithStackCache[random.below(kWithStackCache.size())]);
    capture.states.resize(2);
    std::erase_if(capture.log.events, [&](const capture::Event& event) {
        return event.index < *capture.states[0].events_before || event.index >= *capture.states[1].events_before ||
               std::holds_alternative<capture::PageAlloc>(event.body) ||
               std::holds_alternative<capture::PageFree>(event.body);
    });
    auto& events = capture.log.events;
    for (int i = 0; i < 40; ++i) {
        const std::size_t a = random.below(events.size());
        const std::size_t b = random.below(events.size());
        std::swap(events[a].body, events[b].body);
        events[a].pid = static_cast<std::uint32_t>(random.below(60));
        if (auto* request = std::get_if<capture::VmapRequest>(&events[b].body)) {
            request->size = Bytes{random.next() >> random.below(64)};
            request->align = Bytes{random.chance(1, 2) ? std::uint64_t{1} << random.below(64) : random.next()};
        }
    }
    RC_ASSERT(replay_vmap(capture).has_value());
}

} // namespace
} // namespace ksl::sim
