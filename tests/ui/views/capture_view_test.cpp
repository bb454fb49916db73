// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/sim/import/unpacked_dump.h"
#include "ui/theme/theme.h"
#include "ui/views/capture_view.h"
#include "ui/views/page_walk_view.h"

#include <gtest/gtest.h>

namespace ksl::ui {
namespace {

struct CaptureViewTest : ::testing::Test {
    sim::testing::UnpackedDump dump{"vmap-y-128M"};
    Theme theme;
    CaptureView view{theme};
};

TEST_F(CaptureViewTest, AThreadsRowLeadsToTheWalkOfItsStack) {
    const auto capture = open_capture(dump.core());
    ASSERT_TRUE(capture) << to_string(capture.error());
    view.show_capture(*capture);
    ASSERT_TRUE(view.walk_row(0));
    const auto& walk = view.walk().canvas().walk();
    ASSERT_TRUE(walk && walk->walk.outcome);
    EXPECT_EQ(walk->walk.outcome->leaf_level, core::Level::pt) << "a page of the vmalloc area";
    EXPECT_EQ(view.walk().address(), core::VirtAddr{0xffffc90000010000});
    EXPECT_FALSE(view.walk_row(-1));
    EXPECT_FALSE(view.walk_row(100'000));
}

TEST_F(CaptureViewTest, RowsWithoutAnAddressLeadNowhere) {
    const auto capture = open_capture(std::filesystem::path{KSL_TEST_DATA} / "captures/6.1/mmu-y-128M/state.json");
    ASSERT_TRUE(capture) << to_string(capture.error());
    view.show_capture(*capture);
    EXPECT_FALSE(view.walk_row(0));
}

} // namespace
} // namespace ksl::ui
