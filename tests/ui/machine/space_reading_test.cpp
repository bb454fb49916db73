// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/ui/support/scripted_source.h"
#include "ui/machine/space_reading.h"

#include <gtest/gtest.h>

namespace ksl::ui {
namespace {

using test::ScriptedSource;

TEST(SpaceReading, RegionsCoverTheKernelHalfWithoutGaps) {
    for (const auto era : {core::LayoutEra::linux_4_7, core::LayoutEra::linux_4_9, core::LayoutEra::linux_6_1}) {
        const core::KernelLayout layout(era, core::Geometry::four_level());
        const auto regions = kernel_regions(layout);
        ASSERT_FALSE(regions.empty());
        EXPECT_EQ(regions.front().range.lowest, layout.geometry().kernel_half());
        for (std::size_t i = 0; i < regions.size(); ++i) {
            EXPECT_LT(regions[i].range.lowest, regions[i].range.top);
            if (i != 0) {
                EXPECT_EQ(regions[i].range.lowest, regions[i - 1].range.top);
            }
            EXPECT_EQ(layout.classify(regions[i].range.lowest), regions[i].kind)
                << std::hex << regions[i].range.lowest.raw();
        }
        EXPECT_TRUE(std::ranges::any_of(regions, [&](const KernelRegion& r) {
            return r.kind == core::Region::vmalloc && r.range == layout.vmalloc();
        }));
    }
}

TEST(SpaceReading, AreasAreInOrderAndAccountForEveryStack) {
    for (const auto& config : {test::vmapped_machine(), test::contiguous_machine()}) {
        ScriptedSource source(config);
        for (int i = 0; i < 300; ++i) ASSERT_TRUE(source.forward());
        const SpaceReading space = read_space(source.machine());
        const std::size_t stacks =
            space.count(AreaUse::stack) + space.count(AreaUse::cached_stack) + space.count(AreaUse::dead_stack);
        EXPECT_EQ(stacks, source.machine().state().stacks.stacks().live());
        for (std::size_t i = 0; i < space.areas.size(); ++i) {
            const SpaceArea& area = space.areas[i];
            EXPECT_TRUE(space.window_range.contains(area.range.lowest));
            if (i != 0) {
                EXPECT_LE(space.areas[i - 1].range.top, area.range.lowest);
            }
            EXPECT_EQ(space.find(area.range.lowest), &area);
            EXPECT_EQ(space.find(area.range.top - core::Bytes{1}), &area);
            if (area.use == AreaUse::stack) {
                EXPECT_EQ(area.usable.size(), source.machine().config().design.stack_bytes());
            }
        }
    }
}

TEST(SpaceReading, FreedAreasWaitWhereTheAllocatorSaysTheyDo) {
    core::MachineConfig config = test::vmapped_machine();
    config.design.cache_slots = 0;
    ScriptedSource source(config);
    for (int i = 0; i < 300; ++i) ASSERT_TRUE(source.forward());
    const SpaceReading space = read_space(source.machine());
    EXPECT_EQ(space.count(AreaUse::freed_lazily), source.machine().state().memory.vmap.pending_areas());
    EXPECT_GT(space.count(AreaUse::freed_lazily), 0U);
}

} // namespace
} // namespace ksl::ui
