// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/ui/support/scripted_source.h"
#include "ui/machine/frame_reading.h"
#include "ui/machine/stack_reading.h"

#include <gtest/gtest.h>

#include <numeric>

namespace ksl::ui {
namespace {

using core::Machine;
using test::ScriptedSource;

std::shared_ptr<const Machine> snapshot(const ScriptedSource& source) {
    return std::make_shared<const Machine>(source.machine());
}

std::uint64_t count(const FrameReading& reading, FrameClass kind) {
    return static_cast<std::uint64_t>(
        std::ranges::count_if(reading.bytes(), [&](FrameByte byte) { return class_of(byte) == kind; }));
}

TEST(FrameReading, CountsAsManyFreeFramesAsTheAllocator) {
    ScriptedSource source(test::vmapped_machine());
    FrameReading reading;
    (void)reading.update(snapshot(source));
    const core::PageState& pages = source.machine().state().memory.pages.state();
    std::uint64_t listed = 0;
    for (const core::PageLists& lists : pages.page_lists) listed += lists.count;
    EXPECT_EQ(count(reading, FrameClass::free), source.machine().state().memory.pages.free_pages().count() + listed);
    EXPECT_EQ(reading.frames(), pages.map.frames());
    std::uint64_t exist = 0;
    for (const core::MemoryRange& range : pages.map.ranges()) exist += range.frames.size().count();
    EXPECT_EQ(reading.frames().count() - count(reading, FrameClass::hole), exist);
}

TEST(FrameReading, ShowsEveryStackAndWhichOnesAreCached) {
    ScriptedSource source(test::vmapped_machine());
    FrameReading reading;
    for (int i = 0; i < 60; ++i) {
        ASSERT_TRUE(source.forward());
        (void)reading.update(snapshot(source));
        const Machine& machine = source.machine();
        const auto cached = cached_stacks(machine);
        EXPECT_EQ(count(reading, FrameClass::cached_stack), 4 * cached.size());
        EXPECT_EQ(count(reading, FrameClass::kernel_stack) + count(reading, FrameClass::cached_stack),
                  4 * std::uint64_t{machine.state().stacks.stacks().live()});
        for (const core::StackId stack : cached) {
            for (const auto& frame : frames_of(machine, stack))
                EXPECT_EQ(class_of(reading.bytes()[frame->raw()]), FrameClass::cached_stack);
        }
    }
}

// The property that makes the map cheap: following step by step ends at the same picture as looking afresh.
TEST(FrameReading, AnUpdateEqualsAFreshLook) {
    ScriptedSource source(test::contiguous_machine());
    FrameReading followed;
    (void)followed.update(snapshot(source));
    for (int i = 0; i < 200; ++i) {
        ASSERT_TRUE(source.forward());
        std::vector<FrameByte> before(followed.bytes().begin(), followed.bytes().end());
        const auto dirty = followed.update(snapshot(source));
        FrameReading fresh;
        (void)fresh.update(snapshot(source));
        ASSERT_TRUE(std::ranges::equal(followed.bytes(), fresh.bytes())) << "after step " << i;
        std::uint64_t differing = 0;
        for (std::size_t frame = 0; frame < before.size(); ++frame) {
            if (before[frame] == followed.bytes()[frame]) continue;
            ++differing;
            EXPECT_TRUE(
                std::ranges::binary_search(dirty, static_cast<std::uint32_t>(frame / FrameReading::kTileFrames)));
            EXPECT_TRUE(std::ranges::binary_search(followed.changed(), static_cast<std::uint32_t>(frame)));
        }
        EXPECT_EQ(followed.changed().size(), differing) << "nothing is called changed that is not";
    }
    source.seek(0);
    (void)followed.update(snapshot(source));
    FrameReading start;
    (void)start.update(snapshot(source));
    EXPECT_TRUE(std::ranges::equal(followed.bytes(), start.bytes())) << "going back too";
}

TEST(FrameReading, WhatChangedLastIsTheNewest) {
    ScriptedSource source(test::vmapped_machine());
    FrameReading reading;
    (void)reading.update(snapshot(source));
    for (int i = 0; i < 2; ++i) ASSERT_TRUE(source.forward());
    (void)reading.update(snapshot(source));
    ASSERT_FALSE(reading.changed().empty()) << "a clone takes a stack";
    const std::uint32_t frame = reading.changed().front();
    EXPECT_EQ(reading.ages()[frame], 255);
    (void)reading.update(snapshot(source));
    EXPECT_LT(reading.ages()[frame], 255);
    EXPECT_GT(reading.ages()[frame], 0);
}

} // namespace
} // namespace ksl::ui
