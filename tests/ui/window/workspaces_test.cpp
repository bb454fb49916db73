// SPDX-License-Identifier: GPL-3.0-or-later
//
// What the arrangements of the window promise: two designs that can be compared, and a lesson beside what it is about.
#include "tests/sim/support/scratch.h"
#include "ui/views/compare_view.h"
#include "ui/window/main_window.h"

#include <gtest/gtest.h>

#include <QDockWidget>
#include <QTest>
#include <filesystem>
#include <string>
#include <vector>

namespace ksl::ui {
namespace {

class Workspaces : public testing::Test {
protected:
    Workspaces() { window.show(); }

    bool wait_for_a_run(bool with_b) {
        return QTest::qWaitFor(
            [&] {
                const SnapshotPtr& now = window.snapshot();
                return now != nullptr && now->activity == Activity::paused && (now->other != nullptr) == with_b;
            },
            20'000);
    }
    /// Whether any of it can be seen: a dock behind another tab is "visible", too.
    bool is_seen(const char* dock) {
        return !window.findChild<QDockWidget*>(QString::fromLatin1(dock))->visibleRegion().isEmpty();
    }
    QString comparison() { return window.findChild<CompareView*>()->lines().join(u'\n'); }

    MainWindow window{sim::Assets{}, ThemeChoice::light};
};

void copy_proc(const char* capture, const sim::testing::Scratch& folder) {
    const std::filesystem::path from = std::filesystem::path{KSL_TEST_DATA} / "captures" / capture;
    for (const char* file : {"buddyinfo", "zoneinfo", "pagetypeinfo", "iomem", "meminfo"}) {
        std::filesystem::copy_file(from / ("before." + std::string{file} + ".txt"), folder.path(file),
                                   std::filesystem::copy_options::overwrite_existing);
    }
}

TEST_F(Workspaces, DesignsOfAScenarioStartFromOneReadingOfMemory) {
    const sim::testing::Scratch proc;
    copy_proc("6.1/snapshot-vmap-y-512M-1cpu", proc);
    const std::vector<std::string> overrides{"memory.start=" + proc.path("").string(), "machine.cpus=1"};
    ASSERT_FALSE(window.open("article", 0, overrides).has_value());
    ASSERT_TRUE(wait_for_a_run(false));
    const auto map = [](const Snapshot& snapshot) { return snapshot.machine->state().memory.pages.state().map; };
    const core::MemoryMap first = map(*window.snapshot());

    copy_proc("6.1/snapshot-vmap-y-2G-2cpu", proc);
    ASSERT_TRUE(window.compare_with(1));
    ASSERT_TRUE(wait_for_a_run(true));
    EXPECT_EQ(map(*window.snapshot()), first);
    EXPECT_EQ(map(*window.snapshot()->other), first);
}

TEST_F(Workspaces, ToCompareTakesTwoDesigns) {
    ASSERT_FALSE(window.open("burst", 0).has_value());
    ASSERT_TRUE(wait_for_a_run(false));
    window.actions().trigger(Command::workspace_compare);
    ASSERT_TRUE(wait_for_a_run(true));
    EXPECT_TRUE(is_seen("compare"));
    EXPECT_TRUE(comparison().contains(QStringLiteral("mean clone")) || comparison().contains(QStringLiteral("clones")));

    window.actions().trigger(Command::toggle_ab);
    ASSERT_TRUE(wait_for_a_run(false));
    EXPECT_TRUE(comparison().contains(QStringLiteral("Choose a second design"))) << comparison().toStdString();
}

TEST_F(Workspaces, ALessonAndItsStackAreSeenTogetherOnASmallScreen) {
    ASSERT_FALSE(window.open("overflow/contiguous-goes-unnoticed", 0).has_value());
    ASSERT_TRUE(wait_for_a_run(false));
    window.actions().trigger(Command::workspace_lesson);
    ASSERT_TRUE(window.go_to_lesson(2));
    ASSERT_TRUE(wait_for_a_run(false));
    QTest::qWait(100);
    EXPECT_TRUE(is_seen("lesson"));
    EXPECT_TRUE(is_seen("stack"));
}

} // namespace
} // namespace ksl::ui
