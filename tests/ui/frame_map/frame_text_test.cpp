// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/ui/support/made_up_memory.h"
#include "ui/format/format.h"
#include "ui/frame_map/frame_text.h"

#include <gtest/gtest.h>

namespace ksl::ui {
namespace {

using core::Pfn;
using test::MadeUpMemory;

std::string shown(QString text) {
    return text.replace(QChar(kThinSpace), u' ').toStdString();
}

TEST(FragmentationSentence, SaysWhetherAStackWouldSucceedAndWhy) {
    FragmentationSummary summary{.free_blocks = {100, 50, 412}, .needed_order = 2};
    EXPECT_EQ(shown(fragmentation_sentence(summary)),
              "412 free order-2 blocks, a 16 KiB contiguous stack would succeed");
    summary.free_blocks = {100, 50, 0, 0, 3};
    EXPECT_EQ(shown(fragmentation_sentence(summary)),
              "no free order-2 block but 3 larger ones, a 16 KiB contiguous stack would succeed after a split");
    summary.free_blocks = {1000, 50};
    EXPECT_EQ(shown(fragmentation_sentence(summary)),
              "no free block of order 2 or larger, a 16 KiB contiguous stack would fail");
    summary.needs_contiguous = false;
    EXPECT_EQ(shown(fragmentation_sentence(summary)),
              "1 100 free frames, a 16 KiB stack of single frames would succeed");
    summary.free_blocks = {3};
    EXPECT_EQ(shown(fragmentation_sentence(summary)), "3 free frames, a 16 KiB stack of single frames would fail");
}

TEST(BuddySentence, KnowsTheFourCases) {
    MadeUpMemory memory{1U << 14};
    memory.set_block(0, 14, FrameClass::movable);
    memory.set_block(0, 2, FrameClass::free);
    EXPECT_EQ(shown(buddy_sentence(memory, Pfn{1})), "It cannot merge: its buddy 4 is movable.");
    memory.set_block(4, 1, FrameClass::free);
    EXPECT_EQ(shown(buddy_sentence(memory, Pfn{1})),
              "It cannot merge: its buddy 4 is split, its first part is of order 1.");
    memory.set_block(4, 2, FrameClass::free);
    EXPECT_EQ(shown(buddy_sentence(memory, Pfn{1})), "It could merge with its buddy 4 into order 3.");
    EXPECT_EQ(shown(buddy_sentence(memory, Pfn{6})), "It could merge with its buddy 0 into order 3.");
    memory.set_block(1024, 10, FrameClass::free);
    EXPECT_EQ(shown(buddy_sentence(memory, Pfn{1500})), "A block of the largest order has no buddy.");
}

TEST(FrameSentence, FollowsKindIdentityStateValue) {
    MadeUpMemory memory{1U << 14};
    memory.set_block(0x20, 0, FrameClass::kernel_stack);
    EXPECT_EQ(shown(frame_sentence(memory, Pfn{0x20})), "Frame 20, kernel stack, order 0, second page of task 412");
    memory.set_block(0x20, 0, FrameClass::hole);
    EXPECT_EQ(shown(frame_sentence(memory, Pfn{0x20})), "Frame 20, hole");
}

TEST(MapSentence, CountsFreeFramesOfThoseThatExist) {
    MadeUpMemory memory{1U << 14};
    memory.set_block(0, 13, FrameClass::hole);
    memory.set_block(1U << 13, 13, FrameClass::movable);
    memory.set_block(1U << 13, 9, FrameClass::free);
    FrameLod lod{FrameGrid{memory.frames(), MapLayout::hilbert}};
    lod.refold_all(memory.frame_bytes());
    EXPECT_EQ(shown(map_sentence(lod, memory.frames())), "Physical memory map, 64 MiB, 6 % free, largest free order 9");
}

} // namespace
} // namespace ksl::ui
