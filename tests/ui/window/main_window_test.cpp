// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/ui/support/pictures.h"
#include "tests/ui/support/scripted_source.h"
#include "ui/views/address_space_view.h"
#include "ui/views/cpus_view.h"
#include "ui/views/design_view.h"
#include "ui/views/events_view.h"
#include "ui/views/stack_view.h"
#include "ui/views/timeline_view.h"
#include "ui/widgets/event_sentence_bar.h"
#include "ui/window/main_window.h"
#include "ui/window/open_scenario_dialog.h"
#include "ui/window/playback_bar.h"

#include <gtest/gtest.h>

#include <QAction>
#include <QDockWidget>
#include <QTest>

namespace ksl::ui {
namespace {

using test::ScriptedSource;

class Window : public testing::Test {
protected:
    Window() { window.show(); }
    void open(std::uint64_t steps = 4000) {
        window.open_runs(std::make_unique<ScriptedSource>(test::vmapped_machine(), steps));
        ASSERT_TRUE(wait_for_position(0));
    }
    bool wait_for_position(std::uint64_t position) {
        return QTest::qWaitFor(
            [&] {
                const SnapshotPtr& now = window.snapshot();
                return now != nullptr && now->position == position && now->activity == Activity::paused;
            },
            20'000);
    }
    template <class View>
    View& view() {
        return *window.findChild<View*>();
    }
    MainWindow window{sim::Assets{}, ThemeChoice::dark};
};

TEST_F(Window, FitsTheSmallestUsualScreen) {
    open();
    QTest::qWait(50);
    EXPECT_LE(window.minimumSizeHint().width(), 1280);
    EXPECT_LE(window.minimumSizeHint().height(), 720);
    EXPECT_EQ(window.size(), QSize(1280, 720));
}

TEST_F(Window, WithoutARunSaysWhatToDo) {
    EXPECT_EQ(window.snapshot(), nullptr);
    EXPECT_FALSE(window.grab().isNull());
    for (const Command command : {Command::play_pause, Command::next_event, Command::go_end, Command::restart_run})
        window.actions().trigger(command); // nothing to do is nothing wrong
}

TEST_F(Window, CommandsMoveEveryView) {
    open();
    for (int i = 0; i < 6; ++i) window.actions().trigger(Command::next_event);
    ASSERT_TRUE(wait_for_position(6));
    EXPECT_TRUE(view<EventSentenceBar>().sentence().contains(QStringLiteral("called a function")))
        << view<EventSentenceBar>().sentence().toStdString();
    EXPECT_EQ(view<StackView>().reading()->items.size(), 5U);
    window.actions().trigger(Command::previous_event);
    ASSERT_TRUE(wait_for_position(5));
    EXPECT_EQ(view<StackView>().reading()->items.size(), 4U) << "a step back takes the call back";
    window.actions().trigger(Command::next_clone);
    ASSERT_TRUE(wait_for_position(10));
    EXPECT_TRUE(view<EventSentenceBar>().sentence().startsWith(QStringLiteral("Init created")));
    window.actions().trigger(Command::go_start);
    ASSERT_TRUE(wait_for_position(0));
}

TEST_F(Window, ArrowKeysStep) {
    open();
    QTest::qWait(20);
    QTest::keyClick(&view<EventSentenceBar>(), Qt::Key_Right);
    EXPECT_TRUE(wait_for_position(1));
}

TEST_F(Window, PlaysPausesAndScrubs) {
    open();
    for (int i = 0; i < 20; ++i) window.actions().trigger(Command::rate_up);
    EXPECT_EQ(view<PlaybackBar>().speed(), EngineThread::kNoLimit);
    window.actions().trigger(Command::play_pause);
    ASSERT_TRUE(QTest::qWaitFor([&] { return window.snapshot()->position > 200; }, 20'000));
    if (!window.snapshot()->is_finished) window.actions().trigger(Command::play_pause);
    ASSERT_TRUE(QTest::qWaitFor([&] { return window.snapshot()->activity == Activity::paused; }, 20'000));
    TimelineView& timeline = view<TimelineView>();
    EXPECT_EQ(timeline.steps(), window.snapshot()->known_end) << "every step is in the timeline once";
    EXPECT_GT(view<EventsView>().model()->rowCount(), 0);
    QTest::mouseClick(&timeline, Qt::LeftButton, {}, QPoint(timeline.width() / 2, 6));
    const std::uint64_t end = window.snapshot()->known_end;
    EXPECT_TRUE(QTest::qWaitFor(
        [&] { return window.snapshot()->position > end / 4 && window.snapshot()->position < 3 * end / 4; }, 20'000));
}

TEST_F(Window, AClickOnAnEventGoesThere) {
    open();
    window.actions().trigger(Command::go_end);
    ASSERT_TRUE(wait_for_position(4000));
    EventsView& events = view<EventsView>();
    ASSERT_GT(events.model()->rowCount(), 100);
    const std::uint64_t there = events.events().position(50);
    Q_EMIT events.activated(events.model()->index(50, 0));
    EXPECT_TRUE(wait_for_position(there));
}

TEST_F(Window, ReadsARealScenarioAndItsDesigns) {
    ASSERT_FALSE(window.open("burst", 1).has_value());
    ASSERT_TRUE(wait_for_position(0)) << window.error().toStdString();
    EXPECT_TRUE(view<DesignView>().lines().contains(QStringLiteral("stack size: 16\u202fKiB")));
    window.actions().trigger(Command::next_clone);
    ASSERT_TRUE(QTest::qWaitFor([&] { return window.snapshot()->position > 0; }, 20'000));
    EXPECT_EQ(window.snapshot()->last.kind, StepKind::clone);
    const auto error = window.open("brust");
    ASSERT_TRUE(error.has_value());
    EXPECT_NE(to_string(*error).find("burst"), std::string::npos) << to_string(*error);
}

TEST_F(Window, AMachineThatCannotBootIsOneLine) {
    ASSERT_FALSE(window.open("article", 0, {"memory.start=\"/no/such/folder\""}).has_value());
    ASSERT_TRUE(QTest::qWaitFor([&] { return !window.error().isEmpty(); }, 20'000));
    EXPECT_EQ(view<EventSentenceBar>().sentence(), window.error());
    EXPECT_FALSE(window.error().contains(u'\n'));
}

TEST_F(Window, WorkspacesKeepAViewOnTheMachine) {
    open();
    for (const Command command :
         {Command::workspace_trace, Command::workspace_lesson, Command::workspace_explore, Command::reset_layout}) {
        window.actions().trigger(command);
        QTest::qWait(20);
        EXPECT_GE(window.centralWidget()->height(), 200);
        EXPECT_TRUE(window.centralWidget()->isVisible());
    }
}

TEST_F(Window, EveryDockHasAnAccessibleNameAndTakesTheFocus) {
    open();
    for (QDockWidget* dock : window.findChildren<QDockWidget*>()) {
        EXPECT_FALSE(dock->windowTitle().isEmpty());
        dock->raise();
    }
    QWidget* first = nullptr;
    for (int i = 0; i < 12; ++i) {
        window.actions().trigger(Command::next_dock);
        QWidget* focus = QApplication::focusWidget();
        if (i == 0) first = focus;
        EXPECT_NE(focus, nullptr);
    }
    EXPECT_NE(first, nullptr);
}

TEST_F(Window, TheScenarioDialogListsWhatComesWithTheProgram) {
    const OpenScenarioDialog dialog(window.theme(), sim::Assets{});
    EXPECT_EQ(static_cast<std::size_t>(dialog.count()), sim::Assets{}.list("scenarios").size());
    EXPECT_GT(dialog.count(), 2);
}

TEST_F(Window, Pictures) {
    open();
    for (const ThemeChoice choice : {ThemeChoice::light, ThemeChoice::dark, ThemeChoice::high_contrast}) {
        window.theme().choose(choice);
        window.actions().trigger(Command::go_end);
        ASSERT_TRUE(wait_for_position(4000));
        QTest::qWait(250);
        const QImage image = test::picture_of(window, QStringLiteral("window_") + test::theme_name(choice));
        EXPECT_GT(test::colours_of(image).size(), 6U);
    }
}

} // namespace
} // namespace ksl::ui
