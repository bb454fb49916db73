// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/engine/overflow_log.h"

#include <gtest/gtest.h>

namespace ksl::ui {
namespace {

using core::Nanoseconds;
using core::TaskId;
using core::VirtAddr;

LoggedEvent at(std::uint64_t position, std::uint64_t time, core::EventBody body) {
    return {.position = position,
            .at = Nanoseconds{time},
            .event = {.at = core::Cycles{0}, .cpu = core::CpuId{0}, .body = body}};
}

TEST(OverflowLog, TellsAStoryUpToThePosition) {
    OverflowLog log;
    const auto victim = static_cast<std::uint8_t>(core::Victim::slab_object);
    log.append(std::vector{
        at(3, 100, core::StackOverran{.task = 7, .from = 0x0ff8, .to = 0x1000, .victim = victim}),
        at(4, 150, core::StackOverran{.task = 7, .from = 0x0f00, .to = 0x0ff8, .victim = victim}),
        at(9, 900,
           core::OverflowNoticed{
               .task = 7, .address = 0x1000, .detector = core::Detector::stack_end_check, .machine_dies = true}),
        at(9, 900, core::MachineDied{.task = 7})});
    EXPECT_FALSE(log.story(TaskId{7}, 2));
    EXPECT_FALSE(log.story(TaskId{8}, 9)) << "another task's stack held";
    const auto early = log.story(TaskId{7}, 3);
    ASSERT_TRUE(early);
    EXPECT_EQ(early->damage.size(), core::Bytes{8});
    EXPECT_FALSE(early->latency());
    const auto late = log.story(TaskId{7}, 9);
    ASSERT_TRUE(late);
    EXPECT_EQ(late->damage.size(), core::Bytes{0x100});
    EXPECT_EQ(late->victim, core::Victim::slab_object);
    EXPECT_EQ(late->latency(), Nanoseconds{800});
    EXPECT_TRUE(late->is_machine_dead);
    EXPECT_FALSE(late->is_task_dead);
}

TEST(OverflowLog, AGuardNoticesAtOnceAndWithoutDamage) {
    OverflowLog log;
    log.append(std::vector{
        at(5, 40,
           core::OverflowNoticed{
               .task = 2, .address = 0xfff8, .detector = core::Detector::guard_double_fault, .machine_dies = false}),
        at(5, 40, core::TaskKilled{.task = 2})});
    const auto story = log.story(TaskId{2}, 5);
    ASSERT_TRUE(story);
    EXPECT_TRUE(story->damage.is_empty());
    EXPECT_EQ(story->latency(), Nanoseconds{0});
    EXPECT_TRUE(story->is_task_dead);
}

TEST(OverflowLog, ANewTaskUnderAnOldNumberHasNoStory) {
    OverflowLog log;
    log.append(std::vector{at(1, 10, core::StackOverran{.task = 2, .from = 8, .to = 16, .victim = 0}),
                           at(6, 60, core::TaskCreated{.task = 2, .parent = 0, .stack_lowest = 0, .source = {}})});
    EXPECT_TRUE(log.story(TaskId{2}, 5));
    EXPECT_FALSE(log.story(TaskId{2}, 6));
}

} // namespace
} // namespace ksl::ui
