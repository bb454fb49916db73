// SPDX-License-Identifier: MIT
//
// A recording with k answers falsified must show exactly k differences, in the part that they belong to.
#include "sim/import/capture_state.h"
#include "tests/sim/verify/spoiled_capture.h"
#include "tests/test_name.h"

#include <array>
#include <charconv>

namespace ksl::sim {
namespace {

using testing::differing_parts;
using testing::SpoiledCapture;

constexpr const char* kEvents = "events.csv.gz";
// Columns of events.csv.
constexpr std::size_t kEvent = 4;
constexpr std::size_t kPfn = 5;
constexpr std::size_t kOrder = 6;
constexpr std::size_t kA = 10;
constexpr std::size_t kB = 11;

std::uint64_t number(const std::string& text) {
    return std::stoull(text, nullptr, 0);
}
std::string hex(std::uint64_t value) {
    std::array<char, 18> digits{};
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value, 16).ptr;
    return "0x" + std::string{digits.data(), end};
}
std::string as_written(const std::string& like, std::uint64_t value) {
    return like.starts_with("0x") ? hex(value) : std::to_string(value);
}

/// The first event that counts.
std::uint64_t start_of(const SpoiledCapture& capture) {
    const auto state = ksl::sim::capture::read_state(capture.folder() / "state_00.json.gz");
    return state ? state->events_before.value_or(0) : 0;
}

/// Falsifies `count` events of one kind after the start.
void falsify(const SpoiledCapture& capture, const std::string& event, std::size_t count, core::Random& random,
             const std::function<void(std::vector<std::string>&)>& change) {
    const std::uint64_t start = start_of(capture);
    capture.edit_lines(kEvents, count, random, [&](const std::string& row) {
        std::vector<std::string> fields = testing::fields_of(row);
        if (fields.size() <= kB || fields[kEvent] != event || number(fields[0]) < start) return row;
        change(fields);
        return testing::row_of(fields);
    });
}

struct Falsified {
    const char* capture;
    const char* event;
    const char* part;
    std::function<void(std::vector<std::string>&)> change;
};

void another_frame(std::vector<std::string>& fields) {
    fields[kPfn] = as_written(fields[kPfn], number(fields[kPfn]) ^ (8ULL << number(fields[kOrder])));
}
void another_range(std::vector<std::string>& fields) {
    fields[kA] = hex(number(fields[kA]) + 0x148000);
    fields[kB] = hex(number(fields[kB]) + 0x148000);
}
void another_stack(std::vector<std::string>& fields) {
    fields[kB] = hex(number(fields[kB]) + 0x8000);
}

void another_end(std::vector<std::string>& fields) {
    fields[kB] = hex(number(fields[kB]) + 0x1000);
}
void another_start(std::vector<std::string>& fields) {
    fields[kA] = hex(number(fields[kA]) - 0x1000);
}

void another_unmapped(std::vector<std::string>& fields) {
    fields[kA] = hex(number(fields[kA]) + 0x8000);
}

void another_first(std::vector<std::string>& fields) {
    fields[kA] = hex(number(fields[kA]) + 0x8000);
}
void another_pid(std::vector<std::string>& fields) {
    fields[kA] = std::to_string(number(fields[kA]) + 70'000);
}
void another_child(std::vector<std::string>& fields) {
    fields[kB] = std::to_string(number(fields[kB]) + 70'000);
}

class FalsifiedEvents : public ::testing::TestWithParam<Falsified> {};

TEST_P(FalsifiedEvents, AreFoundOneByOne) {
    core::Random random{23};
    for (const std::size_t count : {1U, 12U}) {
        const SpoiledCapture capture{GetParam().capture};
        falsify(capture, GetParam().event, count, random, GetParam().change);
        EXPECT_EQ(differing_parts(capture.folder()), GetParam().part + (" " + std::to_string(count)));
    }
}

INSTANTIATE_TEST_SUITE_P(
    Kinds, FalsifiedEvents,
    ::testing::Values(Falsified{"2016/replay-4.7-512M", "mm_page_alloc", "allocations", another_frame},
                      Falsified{"2016/replay-4.9-vmap-y-fragmented-192M", "mm_page_alloc", "allocations",
                                another_frame},
                      Falsified{"6.1/replay-vmap-y-512M", "mm_page_alloc", "allocations", another_frame},
                      Falsified{"6.1/replay-vmap-y-512M", "mm_page_alloc_bulk", "allocations", another_frame},
                      Falsified{"6.1/replay-fragmented-vmap-n-192M", "mm_page_pcpu_drain", "drains", another_frame},
                      Falsified{"6.1/replay-vmap-n-512M", "mm_page_alloc_zone_locked", "blocks", another_frame},
                      Falsified{"2016/replay-4.9-vmap-y-512M", "vmap_result_range", "vmalloc", another_range},
                      Falsified{"6.1/replay-vmap-y-512M", "vmap_result_range", "vmalloc", another_range},
                      Falsified{"2016/replay-4.9-vmap-y-512M", "new_task", "stack_cache", another_stack},
                      Falsified{"6.1/replay-vmap-y-512M", "new_task", "stack_cache", another_stack},
                      Falsified{"2016/replay-4.7-512M", "new_task", "stack_blocks", another_stack},
                      Falsified{"6.1/replay-vmap-n-512M", "new_task", "stack_blocks", another_stack},
                      Falsified{"6.1/replay-vmap-y-512M", "vmap_free", "areas_released", another_start},
                      Falsified{"6.1/replay-vmap-y-512M", "vmap_free", "areas_released", another_end},
                      Falsified{"2016/replay-4.9-vmap-y-512M", "vmap_lazy_free", "areas_released", another_range},
                      Falsified{"2016/replay-4.9-vmap-y-fragmented-192M", "vunmap", "areas_released", another_unmapped},
                      Falsified{"2016/replay-4.9-vmap-y-512M", "vmap_erase", "purged_areas", another_range},
                      Falsified{"2016/replay-4.9-vmap-y-512M", "put_stack", "stacks_given_back", another_stack},
                      Falsified{"6.1/replay-vmap-y-512M", "put_stack", "stacks_given_back", another_stack},
                      Falsified{"2016/replay-4.9-vmap-y-512M", "put_stack", "stacks_given_back", another_pid},
                      Falsified{"2016/replay-4.9-vmap-n-512M", "put_stack", "stacks_given_back", another_stack},
                      Falsified{"6.1/replay-vmap-n-512M", "put_stack", "stacks_given_back", another_pid},
                      Falsified{"6.1/replay-vmap-y-512M", "new_task", "tasks", another_pid},
                      Falsified{"2016/replay-4.7-512M", "sched_process_fork", "tasks", another_child},
                      Falsified{"6.1/replay-vmap-n-512M", "sched_process_fork", "tasks", another_pid},
                      Falsified{"2016/replay-4.9-vmap-n-512M", "sched_process_exit", "tasks", another_pid}),
    [](const auto& test) {
        return ksl::testing::as_test_name(test.index, std::string{test.param.capture} + " " + test.param.event + " " +
                                                          test.param.part);
    });

/// Whether the task that is named has lived, lives, or is to come.
TEST(FalsifiedRecording, AnotherTaskThatIsFreedIsOneDifference) {
    core::Random random{47};
    for (const char* name :
         {"2016/replay-4.9-vmap-y-512M", "2016/replay-4.7-512M", "6.1/replay-fragmented-vmap-n-192M"}) {
        for (const int other : {-1, 1, 7, 500}) {
            const SpoiledCapture capture{name};
            falsify(capture, "sched_process_free", 1, random, [&](std::vector<std::string>& fields) {
                fields[kA] = std::to_string(static_cast<int>(number(fields[kA])) + other);
            });
            EXPECT_EQ(differing_parts(capture.folder()), "tasks 1") << name << ", " << other;
        }
    }
}

TEST(FalsifiedRecording, AnotherOrderOrPurposeIsOneDifference) {
    core::Random random{53};
    const SpoiledCapture fallback{"2016/replay-4.9-vmap-y-fragmented-192M"};
    falsify(fallback, "mm_page_alloc_extfrag", 2, random,
            [](std::vector<std::string>& fields) { fields[kOrder] = fields[kOrder] == "0" ? "1" : "0"; });
    EXPECT_EQ(differing_parts(fallback.folder()), "fallbacks 2");
    const SpoiledCapture block{"2016/replay-4.7-512M"};
    falsify(block, "mm_page_alloc_zone_locked", 2, random,
            [](std::vector<std::string>& fields) { fields[kA] = fields[kA] == "0" ? "1" : "0"; });
    EXPECT_EQ(differing_parts(block.folder()), "blocks 2");
}

TEST(FalsifiedRecording, AFallbackThatIsSaidToFragmentOrNotIsOneDifference) {
    core::Random random{59};
    const SpoiledCapture capture{"2016/replay-4.9-vmap-y-fragmented-192M"};
    falsify(capture, "mm_page_alloc_extfrag", 2, random,
            [](std::vector<std::string>& fields) { fields[kB + 1] = fields[kB + 1] == "0" ? "1" : "0"; });
    EXPECT_EQ(differing_parts(capture.folder()), "fallbacks 2");
}

/// 4.7: zones take turns, and whose turn it is shows in the zones of the recorded frames, some of which are wrong here.
TEST(FalsifiedRecording, FramesOfAnotherZoneAreOneDifferenceEach) {
    core::Random random{61};
    const SpoiledCapture capture{"2016/replay-4.7-512M"};
    constexpr std::uint64_t kDmaFrames = 4096;
    falsify(capture, "mm_page_alloc", 40, random, [](std::vector<std::string>& fields) {
        const std::uint64_t pfn = number(fields[kPfn]);
        fields[kPfn] = as_written(fields[kPfn], pfn < kDmaFrames ? pfn + kDmaFrames : pfn % kDmaFrames);
    });
    EXPECT_EQ(differing_parts(capture.folder()), "allocations 40");
}

TEST(FalsifiedRecording, AnotherStackOfACallbackIsOneDifference) {
    core::Random random{43};
    for (const char* name : {"6.1/replay-vmap-y-512M", "6.1/replay-vmap-n-512M"}) {
        const SpoiledCapture capture{name};
        falsify(capture, "stack_free_rcu", 1, random, another_first);
        EXPECT_EQ(differing_parts(capture.folder()), "stacks_given_back 1") << name;
    }
}

/// Of the events that `fits` knows, from `first` after the start on, two in a row get each other's fields.
template <class Fits>
void swap_two(const SpoiledCapture& capture, std::uint64_t first, std::size_t skip, std::size_t from_field,
              std::size_t to_field, Fits fits) {
    const std::uint64_t start = start_of(capture) + first;
    std::vector<std::vector<std::string>> rows;
    std::vector<std::size_t> found;
    std::istringstream text{capture.read(kEvents)};
    for (std::string line; std::getline(text, line);) {
        rows.push_back(testing::fields_of(line));
        if (rows.size() > 1 && number(rows.back()[0]) >= start && fits(rows.back())) found.push_back(rows.size() - 1);
    }
    for (std::size_t field = from_field; field <= to_field; ++field) {
        std::string& one = rows[found.at(skip)][field];
        std::string& other = rows[found.at(skip + 1)][field];
        ASSERT_NE(one, other);
        std::swap(one, other);
    }
    std::string spoiled;
    for (const auto& row : rows) spoiled += testing::row_of(row) + "\n";
    capture.write(kEvents, spoiled);
}

/// Callbacks of one CPU run in the order in which they were asked for.
TEST(FalsifiedRecording, CallbacksThatChangedPlacesAreTwoDifferences) {
    for (const char* name : {"6.1/replay-vmap-n-512M", "6.1/replay-fragmented-vmap-n-192M"}) {
        const SpoiledCapture capture{name};
        swap_two(capture, 9000, 40, kA, kA, [](const auto& fields) { return fields[kEvent] == "stack_free_rcu"; });
        EXPECT_EQ(differing_parts(capture.folder()), "stacks_given_back 2") << name;
    }
}

/// Each of them names the area that the other one frees.
TEST(FalsifiedRecording, AreasThatAreFreedForOneAnotherAreOneDifferenceEach) {
    for (const char* name : {"2016/replay-4.9-vmap-y-512M", "2016/replay-4.9-vmap-y-fragmented-192M"}) {
        const SpoiledCapture capture{name};
        swap_two(capture, 9000, 40, kA, kB, [](const auto& fields) { return fields[kEvent] == "vmap_lazy_free"; });
        EXPECT_EQ(differing_parts(capture.folder()), "areas_released 2") << name;
    }
}

/// What happens once or twice in a capture.
class FalsifiedPurge : public ::testing::TestWithParam<const char*> {};

TEST_P(FalsifiedPurge, IsOneDifference) {
    core::Random random{29};
    const SpoiledCapture flushed{GetParam()};
    falsify(flushed, "tlb_flush_kernel", 1, random, another_end);
    EXPECT_EQ(differing_parts(flushed.folder()), "purge_flushes 1");
}

INSTANTIATE_TEST_SUITE_P(Captures, FalsifiedPurge,
                         ::testing::Values("2016/replay-4.9-vmap-y-512M", "6.1/replay-vmap-y-512M"),
                         [](const auto& test) { return ksl::testing::as_test_name(test.param); });

/// Whether a stolen block's pageblock changes its type.
TEST(FalsifiedRecording, AClaimOfAPageblockIsOneDifference) {
    core::Random random{41};
    const SpoiledCapture capture{"2016/replay-4.9-vmap-y-fragmented-192M"};
    falsify(capture, "mm_page_alloc_extfrag", 20, random,
            [](std::vector<std::string>& fields) { fields[kB + 2] = fields[kB + 2] == "1" ? "0" : "1"; });
    const auto verification = verify_capture(capture.folder());
    ASSERT_TRUE(verification);
    std::uint64_t differing = 0;
    for (const PartResult& part : verification->parts) differing += part.differing();
    EXPECT_EQ(differing, 20U) << differing_parts(*verification);
}

/// Lists and figures of a recorded state, changed in its text.
struct FalsifiedText {
    const char* what;
    const char* by;
};
class FalsifiedStates : public ::testing::TestWithParam<FalsifiedText> {};

TEST_P(FalsifiedStates, AreFoundOneByOne) {
    const SpoiledCapture capture{"2016/replay-4.9-vmap-y-512M"};
    for (const char* state : {"state_03.json.gz", "state_08.json.gz"}) {
        std::string text = capture.read(state);
        const std::size_t at = text.find(GetParam().what);
        ASSERT_NE(at, std::string::npos) << GetParam().what;
        const std::size_t digit = text.find_first_of("0123456789", at + std::string{GetParam().what}.size());
        text.insert(digit, GetParam().by);
        capture.write(state, text);
    }
    EXPECT_EQ(differing_parts(capture.folder()), "states 2");
}

INSTANTIATE_TEST_SUITE_P(Figures, FalsifiedStates,
                         ::testing::Values(FalsifiedText{"\"vmap_lazy_nr_pages\":", "1"},
                                           FalsifiedText{"\"nr_free_by_order\":", "1"},
                                           FalsifiedText{"\"count\":", "1"}),
                         [](const auto& test) { return ksl::testing::as_test_name(test.param.what); });

TEST(FalsifiedRecording, TwoStacksThatChangedPlacesAreTwoDifferences) {
    for (const char* name : {"6.1/replay-vmap-y-512M", "2016/replay-4.9-vmap-y-512M"}) {
        const SpoiledCapture capture{name};
        swap_two(capture, 9000, 20, kB, kB, [](const auto& fields) { return fields[kEvent] == "new_task"; });
        EXPECT_EQ(differing_parts(capture.folder()), "stack_cache 2") << name;
    }
}

TEST(FalsifiedRecording, TwoAnswersThatChangedPlacesAreTwoDifferences) {
    const SpoiledCapture capture{"6.1/replay-vmap-y-512M"};
    swap_two(capture, 5000, 100, kPfn, kPfn,
             [](const auto& fields) { return fields[kEvent] == "mm_page_alloc" && fields[kOrder] == "0"; });
    EXPECT_EQ(differing_parts(capture.folder()), "allocations 2");
}

} // namespace
} // namespace ksl::sim
