// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/engine/overflow_log.h"

#include <gtest/gtest.h>

namespace ksl::ui {
namespace {

using core::Nanoseconds;
using core::TaskId;

LoggedEvent at(std::uint64_t position, std::uint64_t time, core::EventBody body) {
    return {.position = position,
            .at = Nanoseconds{time},
            .event = {.at = core::Cycles{0}, .cpu = core::CpuId{0}, .body = body}};
}

constexpr core::Frequency kClock{1000}; ///< a cycle is a nanosecond

core::StackOverran overran(std::uint32_t task, std::uint64_t from, std::uint64_t to, core::Victim victim) {
    return {.task = task,
            .owner = 0,
            .from = from,
            .to = to,
            .value = 0,
            .offset = 0,
            .victim = static_cast<std::uint8_t>(victim),
            .field = 0};
}
core::OverflowNoticed noticed(std::uint32_t task, std::uint64_t address, core::Detector by, bool machine_dies,
                              std::uint64_t after = 0) {
    return {.task = task,
            .address = address,
            .after = after,
            .detector = by,
            .machine_dies = machine_dies,
            .magic_is_gone = false};
}

TEST(OverflowLog, TellsAStoryUpToThePosition) {
    OverflowLog log;
    const auto victim = core::Victim::slab_object;
    log.append(std::vector{at(3, 100, overran(7, 0x0ff8, 0x1000, victim)),
                           at(4, 150, overran(7, 0x0f00, 0x0ff8, victim)),
                           at(9, 900, noticed(7, 0x1000, core::Detector::stack_end_check, true, 700)),
                           at(9, 900, core::MachineDied{.task = 7})});
    EXPECT_FALSE(log.story(TaskId{7}, 2, kClock));
    EXPECT_FALSE(log.story(TaskId{8}, 9, kClock)) << "another task's stack held";
    const auto early = log.story(TaskId{7}, 3, kClock);
    ASSERT_TRUE(early);
    EXPECT_EQ(early->damage.size(), core::Bytes{8});
    EXPECT_FALSE(early->latency());
    const auto late = log.story(TaskId{7}, 9, kClock);
    ASSERT_TRUE(late);
    EXPECT_EQ(late->damage.size(), core::Bytes{0x100});
    EXPECT_EQ(late->victim, core::Victim::slab_object);
    EXPECT_EQ(late->latency(), Nanoseconds{700}) << "the step ended 800 after the first byte";
    EXPECT_EQ(late->noticed->at, Nanoseconds{800}) << "which fell at 100";
    EXPECT_TRUE(late->is_machine_dead);
    EXPECT_FALSE(late->is_task_dead);
}

TEST(OverflowLog, AGuardNoticesAtOnceAndWithoutDamage) {
    OverflowLog log;
    log.append(std::vector{at(5, 40, noticed(2, 0xfff8, core::Detector::guard_double_fault, false)),
                           at(5, 40, core::TaskKilled{.task = 2})});
    const auto story = log.story(TaskId{2}, 5, kClock);
    ASSERT_TRUE(story);
    EXPECT_TRUE(story->damage.is_empty());
    EXPECT_EQ(story->latency(), Nanoseconds{0});
    EXPECT_TRUE(story->is_task_dead);
}

TEST(OverflowLog, ANewTaskUnderAnOldNumberHasNoStory) {
    OverflowLog log;
    log.append(std::vector{at(1, 10, overran(2, 8, 16, core::Victim::nobody)),
                           at(6, 60, core::TaskCreated{.task = 2, .parent = 0, .stack_lowest = 0, .source = {}})});
    EXPECT_TRUE(log.story(TaskId{2}, 5, kClock));
    EXPECT_FALSE(log.story(TaskId{2}, 6, kClock));
}

} // namespace
} // namespace ksl::ui
