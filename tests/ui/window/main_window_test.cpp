// SPDX-License-Identifier: GPL-3.0-or-later
#include "sim/run/experiment.h"
#include "sim/store/run_store.h"
#include "tests/ui/support/pictures.h"
#include "tests/ui/support/scripted_source.h"
#include "ui/frame_map/frame_map_canvas.h"
#include "ui/frame_map/frame_map_legend.h"
#include "ui/views/address_space_view.h"
#include "ui/views/capture_view.h"
#include "ui/views/charts_view.h"
#include "ui/views/compare_view.h"
#include "ui/views/cpus_view.h"
#include "ui/views/design_view.h"
#include "ui/views/events_view.h"
#include "ui/views/lesson_view.h"
#include "ui/views/page_walk_view.h"
#include "ui/views/physical_memory_view.h"
#include "ui/views/stack_view.h"
#include "ui/views/timeline_view.h"
#include "ui/widgets/empty_state.h"
#include "ui/widgets/event_sentence_bar.h"
#include "ui/window/main_window.h"
#include "ui/window/open_scenario_dialog.h"
#include "ui/window/page_flights.h"
#include "ui/window/playback_bar.h"
#include "ui/window/view_export.h"

#include <gtest/gtest.h>

#include <QAbstractButton>
#include <QAccessible>
#include <QAction>
#include <QComboBox>
#include <QDockWidget>
#include <QFileInfo>
#include <QSet>
#include <QSettings>
#include <QSignalSpy>
#include <QTemporaryDir>
#include <QTest>
#include <filesystem>
#include <stdexcept>

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
    /// A's, where there are two, and not that of a captured system.
    template <class View>
    View& view() {
        for (View* found : window.findChildren<View*>()) {
            const QString name = found->objectName();
            if (name != QStringLiteral("b") && name != QStringLiteral("captured")) return *found;
        }
        throw std::runtime_error("no such view");
    }
    template <class View>
    View& view_b() {
        return *window.findChild<View*>(QStringLiteral("b"));
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
    auto& timeline = view<TimelineView>();
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
    auto& events = view<EventsView>();
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

TEST_F(Window, TwoDesignsGoOperationByOperation) {
    ASSERT_FALSE(window.open("burst", 0).has_value());
    ASSERT_TRUE(window.compare_with(1));
    window.engine()->go_to_nth(Landmark::clone, 70);
    ASSERT_TRUE(QTest::qWaitFor(
        [&] {
            const SnapshotPtr& now = window.snapshot();
            return now != nullptr && now->position > 0 && now->activity == Activity::paused;
        },
        20'000));
    const Snapshot& a = *window.snapshot();
    ASSERT_NE(a.other, nullptr);
    EXPECT_EQ(a.last.kind, StepKind::clone);
    EXPECT_EQ(a.machine->config().design.backing, core::Backing::direct_map);
    EXPECT_NE(a.other->machine->config().design.backing, core::Backing::direct_map);
    const auto live = [](const Snapshot& s) { return s.machine->state().counters.clones; };
    EXPECT_NEAR(double(live(a)), double(live(*a.other)), 1.0) << "neither is ahead by more than an operation";
    // The table has both, and both stacks are shown.
    EXPECT_FALSE(view<CompareView>().lines().isEmpty());
    EXPECT_TRUE(view<CompareView>().lines().join(u'\n').contains(QStringLiteral("slower")))
        << view<CompareView>().lines().join(u'\n').toStdString();
    ASSERT_NE(view_b<StackView>().reading(), nullptr);
    EXPECT_TRUE(view_b<StackView>().isVisible());
    // The next difference is an operation that differs, and back again.
    const std::uint64_t here = a.position;
    window.actions().trigger(Command::next_difference);
    ASSERT_TRUE(QTest::qWaitFor(
        [&] { return window.snapshot()->position > here && window.snapshot()->activity == Activity::paused; }, 20'000));
    EXPECT_TRUE(is_operation(window.snapshot()->last.kind));
    window.actions().trigger(Command::toggle_ab);
    ASSERT_TRUE(wait_for_position(0));
    EXPECT_EQ(window.snapshot()->other, nullptr);
    EXPECT_FALSE(view_b<StackView>().isVisible());
}

TEST_F(Window, ALessonGoesThroughItsPlaces) {
    ASSERT_FALSE(window.open("burst", 0).has_value());
    auto& lesson = view<LessonView>();
    ASSERT_TRUE(lesson.lesson().has_value());
    EXPECT_FALSE(lesson.is_started());
    window.actions().trigger(Command::lesson_next);
    EXPECT_TRUE(lesson.is_started());
    lesson.answer(lesson.lesson()->steps[0].question->right);
    EXPECT_TRUE(lesson.verdict().startsWith(u'\u2713')) << lesson.verdict().toStdString();
    lesson.answer(1);
    EXPECT_TRUE(lesson.verdict().startsWith(u'\u2717')) << lesson.verdict().toStdString();
    window.actions().trigger(Command::lesson_next);
    ASSERT_TRUE(QTest::qWaitFor(
        [&] {
            const SnapshotPtr& now = window.snapshot();
            return now != nullptr && now->activity == Activity::paused && now->last.kind == StepKind::clone;
        },
        20'000));
    EXPECT_EQ(window.snapshot()->machine->config().design.cache_slots, 2) << "the design that the step names";
    window.actions().trigger(Command::lesson_back);
    ASSERT_TRUE(wait_for_position(0));
}

TEST_F(Window, EveryBuiltInLessonCanBeGoneThrough) {
    for (const std::string& path : sim::Assets{}.list("scenarios")) {
        const std::string name = std::filesystem::path{path}.stem().string();
        const auto scenario = sim::load_scenario(sim::Assets{}, name);
        ASSERT_TRUE(scenario) << to_string(scenario.error());
        if (!scenario->lesson) continue;
        // Ageing takes seconds. The article starts from the memory of the computer it is read on; here it boots.
        if (scenario->memory.start == sim::MemoryStartKind::aged) continue;
        ASSERT_FALSE(window.open(name, 0, {"memory.start=\"booted\""}).has_value()) << name;
        auto& lesson = view<LessonView>();
        ASSERT_TRUE(lesson.lesson()) << name;
        for (std::size_t step = 0; step < lesson.lesson()->steps.size(); ++step) {
            const bool counts = lesson.lesson()->steps[step].place == sim::LessonPlace::clone;
            SnapshotPtr before = window.snapshot();
            ASSERT_TRUE(window.go_to_lesson(step));
            ASSERT_TRUE(QTest::qWaitFor(
                [&] {
                    const SnapshotPtr& now = window.snapshot();
                    return now != nullptr && now != before && now->activity == Activity::paused &&
                           (!counts || now->last.kind == StepKind::clone);
                },
                60'000))
                << name << " step " << step + 1;
            EXPECT_TRUE(window.error().isEmpty());
            QTest::qWait(5); // a scroll bar that has come takes its room
            EXPECT_LE(lesson.widget()->width(), lesson.viewport()->width()) << name << ": text beyond the edge";
        }
    }
}

TEST_F(Window, APickedAddressIsWalked) {
    open();
    window.actions().trigger(Command::next_event);
    ASSERT_TRUE(wait_for_position(1));
    const StackReading& stack = *view<StackView>().reading();
    QTest::mouseClick(&view<StackView>(), Qt::LeftButton, {}, view<StackView>().rect().center());
    const auto& walk = view<PageWalkView>().canvas().walk();
    ASSERT_TRUE(walk.has_value());
    EXPECT_TRUE(stack.stack.contains(walk->walk.at));
    ASSERT_TRUE(walk->walk.outcome.has_value());
    EXPECT_EQ(walk->walk.outcome->at, *translate(*window.snapshot()->machine, walk->walk.at));
}

TEST_F(Window, ACapturedSystemIsLookedAt) {
    QSignalSpy shown(&window, &MainWindow::capture_shown);
    window.open_capture(std::filesystem::path{KSL_TEST_DATA} / "captures/6.1/mmu-y-128M");
    ASSERT_TRUE(QTest::qWaitFor([&] { return shown.count() == 1; }, 60'000));
    auto& capture = view<CaptureView>();
    EXPECT_TRUE(capture.isVisible());
    EXPECT_GT(capture.mapped_lines(), 100);
    ASSERT_TRUE(capture.walk().canvas().walk().has_value());
    EXPECT_TRUE(capture.walk().canvas().walk()->walk.outcome.has_value());
    EXPECT_FALSE(capture.walk().canvas().walk()->mmu.has_value()) << "TLBs are not in a capture";
    window.open_capture("/no/such/capture");
    ASSERT_TRUE(QTest::qWaitFor(
        [&] { return view<EventSentenceBar>().sentence().contains(QStringLiteral("/no/such/capture")); }, 20'000));
}

TEST_F(Window, ALabDatabaseShowsItsCharts) {
    QTemporaryDir folder;
    const std::string file = folder.filePath(QStringLiteral("lab.sqlite")).toStdString();
    {
        const auto scenario = sim::load_scenario(sim::Assets{}, "burst", std::vector<std::string>{"workload.rounds=2"});
        ASSERT_TRUE(scenario) << to_string(scenario.error());
        auto store = sim::RunStore::open(file, sim::OpenMode::append);
        ASSERT_TRUE(store) << to_string(store.error());
        ASSERT_TRUE(sim::run_scenario(sim::Assets{}, *scenario, {.store = &*store}));
    }
    window.open_database(file);
    auto& charts = view<ChartsView>();
    EXPECT_TRUE(charts.isVisible());
    ASSERT_GT(charts.count(), 2);
    for (int chart = 0; chart < charts.count(); ++chart) {
        charts.choose(chart);
        EXPECT_GT(test::colours_of(charts.grab().toImage()).size(), 4U) << charts.current()->name;
    }
    window.open_database("/no/such/lab.sqlite");
    EXPECT_TRUE(view<EventSentenceBar>().sentence().contains(QStringLiteral("/no/such/lab.sqlite")));
}

TEST_F(Window, SizeThemeAndDocksComeBack) {
    QTemporaryDir folder;
    const QString file = folder.filePath(QStringLiteral("settings.ini"));
    open();
    QTest::qWait(50);
    window.actions().trigger(Command::workspace_trace);
    window.theme().choose(ThemeChoice::high_contrast);
    window.resize(1400, 800);
    QTest::qWait(20);
    {
        QSettings settings(file, QSettings::IniFormat);
        window.save_settings(settings);
    }
    MainWindow again{sim::Assets{}, ThemeChoice::light};
    again.load_settings(QSettings(file, QSettings::IniFormat));
    again.show();
    QTest::qWait(100);
    EXPECT_EQ(again.size(), QSize(1400, 800));
    EXPECT_EQ(again.theme().choice(), ThemeChoice::high_contrast);
    const auto* cpus = again.findChild<QDockWidget*>(QStringLiteral("cpus"));
    EXPECT_FALSE(cpus->isVisible()) << "the trace workspace has no CPUs";
}

TEST_F(Window, ViewsAreWrittenAsPicturesDrawingsAndPages) {
    open();
    window.actions().trigger(Command::next_event);
    ASSERT_TRUE(wait_for_position(1));
    QTemporaryDir folder;
    const QString caption = QStringLiteral("what it shows");
    for (const char* name : {"v.png", "v.svg", "v.pdf"}) {
        const QString file = folder.filePath(QString::fromLatin1(name));
        const auto done = export_view(view<StackView>(), caption, file, window.theme());
        ASSERT_TRUE(done.has_value()) << done.error().toStdString();
        EXPECT_GT(QFileInfo(file).size(), 1000);
    }
    const QImage picture(folder.filePath(QStringLiteral("v.png")));
    EXPECT_EQ(picture.width(), kExportScale * view<StackView>().width());
    EXPECT_EQ(picture.text(QStringLiteral("Description")), caption);
    QFile svg(folder.filePath(QStringLiteral("v.svg")));
    ASSERT_TRUE(svg.open(QIODevice::ReadOnly));
    const QByteArray drawing = svg.readAll();
    EXPECT_TRUE(drawing.contains("<text")) << "text stays text";
    EXPECT_TRUE(drawing.contains("what it shows"));
    const auto wrong =
        export_view(view<StackView>(), caption, folder.filePath(QStringLiteral("v.bmp")), window.theme());
    ASSERT_FALSE(wrong.has_value());
    EXPECT_TRUE(wrong.error().contains(QStringLiteral(".svg"))) << wrong.error().toStdString();
    EXPECT_FALSE(
        export_view(view<StackView>(), caption, QStringLiteral("/no/such/folder/v.png"), window.theme()).has_value());
}

TEST_F(Window, DrawingsAreInTheColoursOfPaperWhateverTheWindowHas) {
    open();
    ASSERT_EQ(window.theme().choice(), ThemeChoice::dark);
    QTemporaryDir folder;
    const auto drawing = [&](const char* name) {
        const QString path = folder.filePath(QString::fromLatin1(name));
        EXPECT_TRUE(export_view(view<StackView>(), {}, path, window.theme()).has_value());
        QFile file(path);
        EXPECT_TRUE(file.open(QIODevice::ReadOnly));
        return file.readAll();
    };
    const QByteArray from_dark = drawing("dark.svg");
    EXPECT_EQ(window.theme().choice(), ThemeChoice::dark) << "as it was";
    window.theme().choose(ThemeChoice::print);
    EXPECT_EQ(from_dark, drawing("paper.svg"));
    const QByteArray canvas = to_qcolor(colour_of(Scheme::dark, Role::canvas)).name().toLatin1();
    EXPECT_FALSE(from_dark.contains(canvas)) << "nothing of the dark ground is left";
}

TEST_F(Window, BeforeThereIsARunThereAreNoEmptyPanels) {
    QTest::qWait(50);
    for (const QDockWidget* dock : window.findChildren<QDockWidget*>()) EXPECT_FALSE(dock->isVisible());
    EXPECT_FALSE(view<PlaybackBar>().isVisible());
    open();
    QTest::qWait(50);
    EXPECT_TRUE(window.findChild<QDockWidget*>(QStringLiteral("stack"))->isVisible());
    EXPECT_TRUE(view<PlaybackBar>().isVisible());
}

TEST_F(Window, AWrongFileIsSaidAndTheRunStays) {
    const auto none = view<EmptyState>().text();
    EXPECT_FALSE(none.isEmpty());
    window.open_database("/no/such/lab.sqlite");
    EXPECT_TRUE(view<EventSentenceBar>().is_error());
    EXPECT_NE(view<EmptyState>().text(), none) << "where the map would be";
    open();
    EXPECT_FALSE(view<EventSentenceBar>().is_error());
    window.open_database("/no/such/lab.sqlite");
    EXPECT_TRUE(view<EventSentenceBar>().is_error());
    EXPECT_TRUE(view<EventSentenceBar>().sentence().contains(QStringLiteral("/no/such/lab.sqlite")));
    ASSERT_NE(window.snapshot(), nullptr);
    window.actions().trigger(Command::next_event);
    EXPECT_TRUE(wait_for_position(1));
    EXPECT_FALSE(view<EventSentenceBar>().is_error());
}

TEST_F(Window, AndBLookAtTheSamePlaceWhileTheyAreLinked) {
    ASSERT_FALSE(window.open("burst", 0).has_value());
    ASSERT_TRUE(window.compare_with(1));
    ASSERT_TRUE(wait_for_position(0));
    QTest::qWait(50);
    FrameMapCanvas& a = view<PhysicalMemoryView>().canvas();
    FrameMapCanvas& b = view_b<PhysicalMemoryView>().canvas();
    ASSERT_TRUE(b.isVisible());
    a.zoom_by(8, {40, 40});
    EXPECT_NEAR(b.camera().scale_x(), a.camera().scale_x(), 1e-9);
    window.actions().trigger(Command::link_cameras);
    EXPECT_FALSE(window.actions().action(Command::link_cameras)->isChecked());
    b.fit();
    EXPECT_FALSE(a.is_fitted());
    window.actions().trigger(Command::link_cameras);
    EXPECT_FALSE(b.is_fitted()) << "B joins A";
}

TEST_F(Window, AnAddressOfBIsWalkedInB) {
    ASSERT_FALSE(window.open("burst", 0).has_value());
    ASSERT_TRUE(window.compare_with(1));
    ASSERT_TRUE(wait_for_position(0));
    window.actions().trigger(Command::next_clone);
    ASSERT_TRUE(QTest::qWaitFor([&] { return window.snapshot()->position > 0; }, 20'000));
    QTest::qWait(50);
    ASSERT_NE(view_b<StackView>().reading(), nullptr);
    const StackReading stack = *view_b<StackView>().reading();
    QTest::mouseClick(&view_b<StackView>(), Qt::LeftButton, {}, view_b<StackView>().rect().center());
    auto& walk = view<PageWalkView>();
    EXPECT_EQ(walk.side(), Side::b);
    ASSERT_TRUE(walk.address().has_value());
    EXPECT_TRUE(stack.stack.contains(*walk.address()));
    ASSERT_TRUE(walk.canvas().walk().has_value());
    ASSERT_TRUE(walk.canvas().walk()->walk.outcome.has_value());
    EXPECT_EQ(walk.canvas().walk()->walk.outcome->at, *translate(*window.snapshot()->other->machine, *walk.address()));
    walk.show_side(Side::a);
    EXPECT_FALSE(walk.canvas().walk()->walk.outcome.has_value() &&
                 walk.canvas().walk()->walk.outcome->at ==
                     *translate(*window.snapshot()->other->machine, *walk.address()))
        << "A's tables say something else about it";
}

TEST_F(Window, PagesOfANewStackFlyUnlessMotionIsOff) {
    open();
    QTest::qWait(50);
    auto& flights = *window.findChild<PageFlights*>();
    window.actions().trigger(Command::next_event);
    ASSERT_TRUE(wait_for_position(1));
    EXPECT_FALSE(flights.is_flying()) << "a switch moves no page";
    window.actions().trigger(Command::next_event);
    ASSERT_TRUE(wait_for_position(2));
    ASSERT_EQ(window.snapshot()->last.kind, StepKind::clone);
    ASSERT_TRUE(flights.is_flying());
    EXPECT_EQ(flights.flights().size(), 4) << "the stack's four frames";
    const PageFlight there = flights.flights().front();
    QTest::qWait(60);
    EXPECT_FALSE(test::picture_of(window, QStringLiteral("flight")).isNull());
    window.actions().trigger(Command::previous_event);
    ASSERT_TRUE(wait_for_position(1));
    ASSERT_TRUE(flights.is_flying());
    EXPECT_EQ(flights.flights().front().to, there.from) << "back where it came from";
    window.actions().trigger(Command::toggle_motion);
    window.actions().trigger(Command::next_event);
    ASSERT_TRUE(wait_for_position(2));
    EXPECT_FALSE(flights.is_flying());
    EXPECT_FALSE(view<StackView>().is_moving());
}

TEST_F(Window, EverythingThatTakesTheFocusHasANameAndEveryControlATip) {
    ASSERT_FALSE(window.open("burst", 0).has_value());
    ASSERT_TRUE(window.compare_with(1));
    ASSERT_TRUE(wait_for_position(0));
    for (QWidget* widget : window.findChildren<QWidget*>()) {
        if ((widget->focusPolicy() & Qt::TabFocus) == 0 || !widget->isVisible()) continue;
        QAccessibleInterface* access = QAccessible::queryAccessibleInterface(widget);
        ASSERT_NE(access, nullptr);
        EXPECT_FALSE(access->text(QAccessible::Name).isEmpty())
            << widget->metaObject()->className() << " " << widget->objectName().toStdString();
        const bool is_control = qobject_cast<const QComboBox*>(widget) != nullptr ||
                                qobject_cast<const QAbstractButton*>(widget) != nullptr;
        const bool is_qts_own = widget->objectName().startsWith(QStringLiteral("qt_"));
        if (is_control && !is_qts_own) {
            EXPECT_FALSE(widget->toolTip().isEmpty()) << access->text(QAccessible::Name).toStdString();
        }
    }
}

TEST_F(Window, PresentingKeepsTheLegendWhole) {
    open();
    QTest::qWait(100);
    window.actions().trigger(Command::toggle_presenter);
    QTest::qWait(200);
    auto& legend = *window.findChild<FrameMapLegend*>();
    auto& canvas = view<PhysicalMemoryView>().canvas();
    EXPECT_GE(legend.height(), legend.heightForWidth(legend.width()));
    const auto bottom_of = [](const QWidget& part) { return part.mapToGlobal(QPoint(0, part.height())).y(); };
    EXPECT_EQ(legend.mapToGlobal(QPoint(0, 0)).y(), bottom_of(canvas)) << "and no gap above it";
    EXPECT_LE(bottom_of(legend), bottom_of(*window.centralWidget()));
    const auto visible_docks = [&] {
        int count = 0;
        for (const QDockWidget* dock : window.findChildren<QDockWidget*>()) count += dock->isVisible() ? 1 : 0;
        return count;
    };
    EXPECT_EQ(visible_docks(), 1) << "the middle and one more view";
    EXPECT_LE(view<EventSentenceBar>().height(), window.height() / 4);
    window.actions().trigger(Command::toggle_presenter);
    QTest::qWait(100);
    EXPECT_GT(visible_docks(), 3);
    EXPECT_FALSE(view<EventSentenceBar>().is_caption());
}

TEST_F(Window, TabGoesRoundEveryViewAndIsTrappedNowhere) {
    open();
    QTest::qWait(50);
    QApplication::setActiveWindow(&window);
    QWidget* first = &view<PhysicalMemoryView>().canvas();
    first->setFocus();
    QSet<QWidget*> seen;
    bool came_back = false;
    for (int i = 0; i < 60 && !came_back; ++i) {
        QTest::keyClick(QApplication::focusWidget(), Qt::Key_Tab);
        seen += QApplication::focusWidget();
        came_back = QApplication::focusWidget() == first;
    }
    EXPECT_TRUE(came_back);
    for (QWidget* each :
         std::initializer_list<QWidget*>{&view<StackView>(), &view<TimelineView>(), &view<AddressSpaceView>()}) {
        EXPECT_TRUE(seen.contains(each)) << each->metaObject()->className();
    }
}

TEST_F(Window, APageAskedForWhileTheMachineBootsIsThereThen) {
    window.open_runs(std::make_unique<ScriptedSource>(test::vmapped_machine(), 100));
    window.actions().trigger(Command::go_to);
    ASSERT_TRUE(wait_for_position(0));
    EXPECT_TRUE(view<PageWalkView>().isVisible());
}

TEST_F(Window, EveryListedKeyDoesSomething) {
    for (const CommandInfo& info : all_commands())
        EXPECT_TRUE(window.actions().action(info.id)->isEnabled()) << info.name << " has nobody who carries it out";
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
