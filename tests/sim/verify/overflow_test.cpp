// SPDX-License-Identifier: MIT
//
// Overflow captures: exact as they are, and one difference for each falsified fact.
#include "tests/sim/verify/spoiled_capture.h"
#include "tests/test_name.h"

namespace ksl::sim {
namespace {

using testing::capture;
using testing::differing_parts;
using testing::SpoiledCapture;

class OverflowCaptures : public ::testing::TestWithParam<const char*> {};

TEST_P(OverflowCaptures, EndOnTheEngineAsTheyDid) {
    const auto verified = verify_capture(capture(GetParam()));
    ASSERT_TRUE(verified) << to_string(verified.error());
    EXPECT_EQ(differing_parts(capture(GetParam())), "");
    EXPECT_FALSE(verified->parts.empty());
}
INSTANTIATE_TEST_SUITE_P(All, OverflowCaptures,
                         ::testing::Values("2016/overflow-4.7", "2016/overflow-4.9-vmap-n", "2016/overflow-4.9-vmap-y",
                                           "6.1/lkdtm-vmap-n", "6.1/lkdtm-vmap-n-endcheck", "6.1/lkdtm-vmap-y"),
                         [](const auto& test) { return ksl::testing::as_test_name(test.param); });

struct Lie {
    const char* capture;
    const char* file;
    const char* truth;
    const char* lie;
    const char* part;
};
std::string name_of_lie(const ::testing::TestParamInfo<Lie>& test) {
    return ksl::testing::as_test_name(test.index, std::string{test.param.part} + " " + test.param.lie);
}
void PrintTo(const Lie& lie, std::ostream* out) {
    *out << lie.capture << "/" << lie.file << ": " << lie.truth << " as " << lie.lie;
}
class FalsifiedOverflow : public ::testing::TestWithParam<Lie> {};

TEST_P(FalsifiedOverflow, IsOneDifference) {
    const Lie& lie = GetParam();
    const SpoiledCapture spoiled{lie.capture};
    spoiled.replace(lie.file, lie.truth, lie.lie);
    EXPECT_EQ(differing_parts(spoiled.folder()), std::string{lie.part} + " 1");
}
INSTANTIATE_TEST_SUITE_P(
    Facts, FalsifiedOverflow,
    ::testing::Values(
        Lie{"2016/overflow-4.9-vmap-y", "OVERFLOW.console.txt", "CR2: ffffc900000b7fd8", "CR2: ffffc900000b7fe8",
            "faults"},
        Lie{"2016/overflow-4.9-vmap-y", "OVERFLOW.console.txt", "hit at ffffc900000b7fd8", "hit at ffffc900000b7ff8",
            "messages"},
        Lie{"2016/overflow-4.9-vmap-y", "OVERFLOW.console.txt", "RSP: 0018:ffffc900000b7fe0",
            "RSP: 0018:ffffc900000b7fa0", "faults"},
        Lie{"2016/overflow-4.9-vmap-y", "OVERFLOW.console.txt", "(double-fault)", "(page fault)", "messages"},
        Lie{"2016/overflow-4.9-vmap-y", "OVERFLOW.json", "\"guest_shell_still_answers\": true",
            "\"guest_shell_still_answers\": false", "deaths"},
        Lie{"2016/overflow-4.9-vmap-y", "OVERFLOW.json", R"("stack_base": "0xffffc900000b8000)",
            R"("stack_base": "0xffffc900000c8000)", "stack_layout"},
        Lie{"6.1/lkdtm-vmap-y", "EXHAUST_STACK.json", "\"panic\": true", "\"panic\": false", "deaths"},
        Lie{"6.1/lkdtm-vmap-y", "STACK_GUARD_PAGE_LEADING.json", "\"oops_count\": 1", "\"oops_count\": 2", "deaths"},
        Lie{"2016/overflow-4.7", "OVERFLOW.json", "\"fill_byte\": 7", "\"fill_byte\": 9", "overwritten"},
        Lie{"2016/overflow-4.7", "OVERFLOW.json", "\"from_base\": -19136", "\"from_base\": -19128", "overwritten"},
        Lie{"2016/overflow-4.7", "OVERFLOW.json", "\"bytes_changed\": 4071", "\"bytes_changed\": 0", "neighbours"},
        Lie{"2016/overflow-4.7", "OVERFLOW.json", "\"page_relative_to_stack_base\": 4",
            "\"page_relative_to_stack_base\": 1", "neighbours"},
        Lie{"6.1/lkdtm-vmap-n", "EXHAUST_STACK.json", "\"victim_pid\": 34", "\"victim_pid\": 31", "stack_layout"},
        Lie{"6.1/lkdtm-vmap-y", "EXHAUST_STACK.json", "\"vmap_stack\": true", "\"vmap_stack\": false", "stack_layout"},
        Lie{"2016/overflow-4.7", "OVERFLOW_deepest_byte_at_base_plus_24.json", "\"panic\": false", "\"panic\": true",
            "deaths"}),
    name_of_lie);

/// What is told more than once.
INSTANTIATE_TEST_SUITE_P(
    Repetitions, FalsifiedOverflow,
    ::testing::Values(
        // One of the two is wrong; nothing says which.
        Lie{"6.1/lkdtm-vmap-y", "EXHAUST_STACK.json", "\"victim_pid\": 34", "\"victim_pid\": 31", "log"},
        Lie{"6.1/lkdtm-vmap-y", "EXHAUST_STACK.json", "\"flags\": \"0x2\"", "\"flags\": \"0x22\"", "stack_layout"},
        Lie{"6.1/lkdtm-vmap-y", "EXHAUST_STACK.console.txt", "PID: 34 Comm", "PID: 43 Comm", "log"},
        Lie{"6.1/lkdtm-vmap-y", "EXHAUST_STACK.console.txt", "RDX: 0000000000000024", "RDX: 0000000000000025", "log"},
        Lie{"6.1/lkdtm-vmap-y", "EXHAUST_STACK.console.txt", "CR3: 000000000223f000", "CR3: 000000000223e000", "log"},
        Lie{"6.1/lkdtm-vmap-y", "EXHAUST_STACK.console.txt", "Code: fa b9", "Code: fb b9", "log"},
        Lie{"6.1/lkdtm-vmap-y", "EXHAUST_STACK.console.txt", "recursive_loop+0xa6/0xc0", "recursive_loop+0xa6/0xd0",
            "log"},
        Lie{"2016/overflow-4.9-vmap-y", "OVERFLOW.console.txt", "task: ffff88001ea28a00", "task: ffff88001ea28a40",
            "log"},
        Lie{"2016/overflow-4.9-vmap-y", "OVERFLOW.console.txt", "task.stack: ffffc900000b8000",
            "task.stack: ffffc900000c8000", "log"},
        Lie{"2016/overflow-4.9-vmap-y", "OVERFLOW.console.txt", "RIP  [<ffffffff81249827>]",
            "RIP  [<ffffffff81249837>]", "log"},
        Lie{"2016/overflow-4.9-vmap-y", "OVERFLOW.console.txt", "[<ffffffff8124984b>]", "[<ffffffff8124984a>]", "log"},
        Lie{"2016/overflow-4.7", "OVERFLOW.json", R"("task_struct": "0xffff88001ea32800")",
            R"("task_struct": "0xffff88001ea32840")", "stack_layout"},
        Lie{"2016/overflow-4.7", "OVERFLOW.json", R"("task": "0xffff88001ea32800")", R"("task": "0xffff88001ea32840")",
            "stack_layout"},
        Lie{"2016/overflow-4.7", "OVERFLOW.json", R"("tgid": 34)", R"("tgid": 33)", "stack_layout"},
        Lie{"2016/overflow-4.7", "OVERFLOW.json", R"("addr_limit": "0x7ffffffff000")",
            R"("addr_limit": "0x7fffffff0000")", "stack_layout"},
        Lie{"6.1/lkdtm-vmap-n", "EXHAUST_STACK.json", R"("stack_base": "0xffff8880021f4000")",
            R"("stack_base": "0xffff8880021f8000")", "stack_layout"}),
    name_of_lie);

/// A line of the log that is gone is one difference, whatever else it would have told.
INSTANTIATE_TEST_SUITE_P(
    MissingLines, FalsifiedOverflow,
    ::testing::Values(Lie{"2016/overflow-4.9-vmap-y", "OVERFLOW.console.txt",
                          "[    3.913602] BUG: stack guard page was hit at ffffc900000b7fd8 (stack is "
                          "ffffc900000b8000..ffffc900000bbfff)\n",
                          "", "messages"},
                      Lie{"2016/overflow-4.7", "OVERFLOW.console.txt",
                          "[    4.203018] Thread overran stack, or stack corrupted\n", "", "messages"},
                      Lie{"2016/overflow-4.7", "OVERFLOW.console.txt",
                          "[    4.200421] BUG: unable to handle kernel paging request at 0000000019fcc918\n", "",
                          "messages"}),
    name_of_lie);

TEST(OverflowCapture, WithoutItsLogIsOneClearError) {
    const SpoiledCapture spoiled{"2016/overflow-4.9-vmap-y"};
    std::filesystem::remove(spoiled.folder() / "OVERFLOW.console.txt");
    const auto verified = verify_capture(spoiled.folder());
    ASSERT_FALSE(verified);
    EXPECT_TRUE(to_string(verified.error()).contains("OVERFLOW.console.txt")) << to_string(verified.error());
}

TEST(OverflowCapture, WithoutAListOfProcessesLeavesOpenWhetherTheTaskGoesOn) {
    const SpoiledCapture spoiled{"6.1/lkdtm-vmap-n"};
    const std::string test = "STACK_GUARD_PAGE_LEADING.console.txt";
    const std::string text = spoiled.read(test);
    spoiled.write(test, text.substr(0, text.find("PID   USER")));
    const auto verified = verify_capture(spoiled.folder());
    ASSERT_TRUE(verified) << to_string(verified.error());
    EXPECT_TRUE(verified->is_exact());
    const PartResult* deaths = verified->part("deaths");
    ASSERT_NE(deaths, nullptr);
    EXPECT_TRUE(std::ranges::any_of(deaths->undetermined(), [](const Undetermined& open) {
        return open.reason == "no list of processes was printed" && open.count == 1;
    }));
}

TEST(OverflowCapture, WhatOthersSayBeforeTheEndCheckNoticesIsLuck) {
    const SpoiledCapture spoiled{"6.1/lkdtm-vmap-n-endcheck"};
    const std::string panic = "[    3.533285] Kernel panic";
    spoiled.replace("EXHAUST_STACK.console.txt", panic,
                    "[    3.532000] BUG: Bad page map in process sh  pte:df1c827a1cb94a00 pmd:023f0067\n" + panic);
    const auto verified = verify_capture(spoiled.folder());
    ASSERT_TRUE(verified) << to_string(verified.error());
    EXPECT_TRUE(verified->is_exact()) << testing::differing_parts(*verified);
    EXPECT_FALSE(verified->part("messages")->undetermined().empty());
}

TEST(OverflowCapture, CutShortIsAnErrorAndNoCrash) {
    const SpoiledCapture spoiled{"2016/overflow-4.7"};
    const std::string text = spoiled.read("OVERFLOW.json");
    for (std::size_t length = 0; length < text.size(); length += 997) {
        spoiled.write("OVERFLOW.json", text.substr(0, length));
        EXPECT_FALSE(verify_capture(spoiled.folder())) << length;
    }
}

} // namespace
} // namespace ksl::sim
