// SPDX-License-Identifier: MIT
//
// Threads on fragmented memory, as real kernels had them: the engine predicts each row, and each falsified fact is one
// difference.
#include "sim/verify/fragmented_check.h"
#include "tests/sim/verify/spoiled_capture.h"
#include "tests/test_name.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ksl::sim {
namespace {

using capture::FragmentedCapture;

FragmentedCapture read(const std::string& name) {
    auto capture = capture::read_fragmented(testing::capture("2016/" + name));
    EXPECT_TRUE(capture) << to_string(capture.error());
    return capture ? *capture : FragmentedCapture{};
}

struct Sum {
    std::uint64_t exact = 0;
    std::uint64_t differing = 0;
    std::string first; ///< the place of the first difference
};

Sum judge(const FragmentedCapture& capture) {
    const auto parts = judge_fragmented(capture);
    EXPECT_TRUE(parts) << to_string(parts.error());
    Sum sum;
    if (!parts) return sum;
    for (const PartResult& part : *parts) {
        sum.exact += part.exact();
        sum.differing += part.differing();
        if (sum.first.empty() && !part.differences().empty()) sum.first = part.differences().front().where;
    }
    return sum;
}

class Fragmented : public ::testing::TestWithParam<const char*> {};

TEST_P(Fragmented, EndsOnTheEngineAsItDidOnTheKernel) {
    const Sum sum = judge(read(GetParam()));
    EXPECT_EQ(sum.differing, 0U) << sum.first;
    EXPECT_GT(sum.exact, 300U);
}

TEST_P(Fragmented, AFalsifiedFactIsOneDifference) {
    const FragmentedCapture right = read(GetParam());
    const auto differs = [&](std::string_view where, auto falsify) {
        FragmentedCapture wrong = right;
        falsify(wrong);
        const Sum sum = judge(wrong);
        EXPECT_EQ(sum.differing, 1U) << where;
        EXPECT_THAT(sum.first, ::testing::HasSubstr(where));
    };
    differs("row 100", [](FragmentedCapture& wrong) { wrong.threads[100].error = 6; });
    differs("order 1 in zone DMA32", [](FragmentedCapture& wrong) { ++wrong.free.back().free_blocks[1]; });
    differs("order 2 in zone DMA", [](FragmentedCapture& wrong) { ++wrong.free.front().free_blocks[2]; });
    differs("order 2 in zone DMA", [](FragmentedCapture& wrong) { --wrong.types.free.front().free_blocks[2]; });
    differs("row 40", [](FragmentedCapture& wrong) { wrong.threads[40].number = 41; });
    differs("thread 60", [](FragmentedCapture& wrong) { wrong.threads.erase(wrong.threads.begin() + 60); });
    differs("thread 70: instructions", [](FragmentedCapture& wrong) { ++wrong.threads[70].instructions; });
    differs("thread 80: free KiB", [](FragmentedCapture& wrong) { wrong.copies[80].free_kib += 4; });
    differs("thread 90: errno", [](FragmentedCapture& wrong) { wrong.copies[90].error = 11; });
    differs("printed row 95", [](FragmentedCapture& wrong) { wrong.copies.erase(wrong.copies.begin() + 95); });
    differs("pagetypeinfo of zone DMA",
            [](FragmentedCapture& wrong) { wrong.types.free.erase(wrong.types.free.begin()); });
    if (!right.oom) return;
    differs("free lists of the killer's log, line 1",
            [](FragmentedCapture& wrong) { wrong.oom_lists_copies.front() += "0"; });
    differs("thread 100: free", [](FragmentedCapture& wrong) { wrong.threads[100].free_kib -= 4; });
    differs("thread 7: free", [](FragmentedCapture& wrong) { wrong.threads[7].free_kib += 16; });
    differs("the end", [](FragmentedCapture& wrong) { wrong.oom->order = 3; });
    differs("report: free blocks of order 4",
            [](FragmentedCapture& wrong) { ++wrong.oom->free.front().free_blocks[4]; });
    differs("report: free KiB in zone DMA32", [](FragmentedCapture& wrong) { ++wrong.oom->free[1].free_blocks[0]; });
}

TEST(FragmentedOfMappedStacks, AKillerThatDidNotComeIsADifference) {
    FragmentedCapture wrong = read("fragmented-4.9-vmap-y-96M");
    wrong.oom = capture::OomReport{.order = 2, .free = {}, .free_kib = {}};
    EXPECT_EQ(judge(wrong).first, "the end");
}

INSTANTIATE_TEST_SUITE_P(Captures, Fragmented,
                         ::testing::Values("fragmented-4.7-96M", "fragmented-4.9-vmap-n-96M",
                                           "fragmented-4.9-vmap-y-96M"),
                         [](const auto& test) { return ksl::testing::as_test_name(test.param); });

TEST(FragmentedFiles, DamageIsNamedWithItsPlace) {
    const auto rows = [](std::string_view text) {
        const auto threads = capture::parse_fragmented_threads("clone.csv", text);
        return threads ? std::string{} : to_string(threads.error());
    };
    EXPECT_THAT(rows(""), ::testing::HasSubstr("clone.csv:1: is no list of threads"));
    EXPECT_THAT(rows("thread,create_instructions,errno,free_kb_after\n"), ::testing::HasSubstr("has no thread"));
    EXPECT_THAT(rows("thread,create_instructions,errno,free_kb_after\n0,1,0\n"),
                ::testing::HasSubstr("clone.csv:2: does not have four fields"));
    EXPECT_THAT(rows("thread,create_instructions,errno,free_kb_after\n0,1,x,4\n"),
                ::testing::HasSubstr("clone.csv:2: is not a row of numbers"));
    const auto report = [](std::string_view text) {
        const auto oom = capture::parse_oom_report("oom", text);
        return oom ? std::string{} : to_string(oom.error());
    };
    EXPECT_THAT(report("all is well\n"), ::testing::HasSubstr("does not appear"));
    EXPECT_THAT(report("x invoked oom-killer: order=two\n"), ::testing::HasSubstr("oom:1: does not say which order"));
    EXPECT_THAT(report("x invoked oom-killer: order=2\n[1] DMA: 1*4kB 1*16kB = 20kB\n"),
                ::testing::HasSubstr("oom:2: is not a line of free lists"));
    FragmentedCapture into;
    const auto result = capture::parse_fragmented_result("result.txt", "## buddyinfo punched\n", into);
    ASSERT_FALSE(result);
    EXPECT_THAT(to_string(result.error()), ::testing::HasSubstr("pagetypeinfo punched"));
}

} // namespace
} // namespace ksl::sim
