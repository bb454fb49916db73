// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/ui/support/moments.h"
#include "ui/commands/commands.h"
#include "ui/views/address_space_view.h"
#include "ui/views/cpus_view.h"
#include "ui/views/physical_memory_view.h"
#include "ui/views/stack_view.h"
#include "ui/views/timeline_view.h"

#include <gtest/gtest.h>

#include <QSet>
#include <QSignalSpy>
#include <QTest>
#include <algorithm>

namespace ksl::ui {
namespace {

using test::Moments;

class Views : public testing::Test {
protected:
    Views() { moments.forward(206); }
    template <class View>
    void open(View& view, QSize size) {
        view.resize(size);
        view.show();
        QApplication::processEvents();
    }
    Theme theme;
    Moments moments{test::vmapped_machine()};
};

TEST_F(Views, AllSurviveHavingNoMachine) {
    PhysicalMemoryView memory(theme);
    StackView stack(theme);
    CpusView cpus(theme);
    AddressSpaceView space(theme);
    TimelineView timeline(theme);
    for (const bool again : {false, true}) {
        memory.show_snapshot(nullptr);
        (void)memory.grab();
        for (const auto& show : {moments.now(), std::shared_ptr<const Snapshot>()}) {
            memory.show_snapshot(show);
            stack.show_snapshot(show);
            cpus.show_snapshot(show);
            space.show_snapshot(show);
            timeline.show_snapshot(show);
            for (QWidget* view : std::initializer_list<QWidget*>{&memory, &stack, &cpus, &space, &timeline}) {
                view->resize(400, 300);
                EXPECT_FALSE(view->grab().isNull()) << again;
            }
        }
    }
    EXPECT_EQ(stack.summary(), QStringLiteral("Stack, no machine"));
}

TEST_F(Views, TheStackViewFollowsTheCpuThatActed) {
    StackView view(theme);
    QSignalSpy shown(&view, &StackView::stack_shown);
    view.show_snapshot(moments.now());
    ASSERT_NE(view.reading(), nullptr);
    EXPECT_EQ(view.reading()->id, interesting_stack(moments.source.machine(), core::CpuId{0}));
    EXPECT_EQ(shown.count(), 1);
    view.show_snapshot(moments.now());
    EXPECT_EQ(shown.count(), 1) << "the same stack is not announced again";
    const auto other = moments.source.machine().state().tasks[core::kInitTask].stack;
    view.select_stack(other);
    EXPECT_EQ(view.reading()->id, other);
    EXPECT_TRUE(view.summary().startsWith(QStringLiteral("Stack of init, 16"))) << view.summary().toStdString();
}

TEST_F(Views, EveryFrameOfAStackSaysWhoseItIs) {
    PhysicalMemoryView view(theme);
    view.show_snapshot(moments.now());
    MachineFrames frames;
    (void)frames.reading().update(moments.now()->machine);
    const auto stack =
        read_stack(moments.source.machine(), interesting_stack(moments.source.machine(), core::CpuId{0}));
    const QString details = frames.frame_details(*stack->frames[1]);
    EXPECT_TRUE(details.startsWith(QStringLiteral("page 2 of 4 of the stack of task"))) << details.toStdString();
    EXPECT_TRUE(details.contains(QStringLiteral("zone DMA"))) << details.toStdString();
}

TEST_F(Views, FragmentationIsTheAllocatorsOwn) {
    MachineFrames frames;
    (void)frames.reading().update(moments.now()->machine);
    const FragmentationSummary summary = frames.fragmentation();
    std::uint64_t free = 0;
    for (unsigned order = 0; order < core::kOrders; ++order) free += summary.free_blocks[order] << order;
    EXPECT_EQ(free, moments.source.machine().state().memory.pages.free_pages().count());
    EXPECT_EQ(summary.needed_order, 2U);
    EXPECT_FALSE(summary.needs_contiguous);
}

TEST_F(Views, ATimelineClickGoesToTheStepAtThatTime) {
    TimelineView view(theme);
    view.append(moments.records);
    view.show_snapshot(moments.now());
    open(view, {800, 170});
    QSignalSpy scrubbed(&view, &TimelineView::scrubbed);
    QTest::mouseClick(&view, Qt::LeftButton, {}, QPoint(790, 8));
    ASSERT_EQ(scrubbed.count(), 1);
    const auto late = scrubbed.takeFirst().at(0).toULongLong();
    EXPECT_GT(late, 190U);
    QTest::mouseClick(&view, Qt::LeftButton, {}, QPoint(1, 8));
    EXPECT_EQ(scrubbed.takeFirst().at(0).toULongLong(), view.position_at(core::Nanoseconds{0}));
    // Anywhere below the ruler too, where a drag would pan.
    QTest::mouseClick(&view, Qt::LeftButton, {}, QPoint(500, 100));
    ASSERT_EQ(scrubbed.count(), 1);
    const auto middle = scrubbed.takeFirst().at(0).toULongLong();
    EXPECT_GT(middle, 0U);
    EXPECT_LT(middle, late);
}

TEST_F(Views, PositionsAndTimesOfATimelineAgree) {
    TimelineView view(theme);
    view.append(moments.records);
    for (std::size_t i = 0; i < moments.records.size(); ++i) {
        const std::uint64_t position = view.position_at(moments.records[i].at);
        EXPECT_GE(position, i + 1) << "a step's time is at its end";
        EXPECT_EQ(moments.records[position - 1].at, moments.records[i].at);
    }
}

TEST_F(Views, AStackInTheAddressSpaceIsChosenByClickAndByKeyboard) {
    AddressSpaceView view(theme);
    view.show_snapshot(moments.now());
    open(view, {900, 200});
    QSignalSpy clicked(&view, &AddressSpaceView::stack_clicked);
    const SpaceArea& last = view.reading().areas.back();
    ASSERT_FALSE(last.stack.is_none());
    for (std::size_t i = 1; i < view.reading().areas.size(); ++i) view.carry_out(Command::cursor_right);
    view.carry_out(Command::inspect);
    ASSERT_EQ(clicked.count(), 1);
    EXPECT_EQ(clicked.takeFirst().at(0).value<core::StackId>(), last.stack);
    const QRectF at = view.accessible_items().back().rect;
    QTest::mouseClick(&view, Qt::LeftButton, {}, at.center().toPoint());
    ASSERT_EQ(clicked.count(), 1);
    EXPECT_EQ(clicked.takeFirst().at(0).value<core::StackId>(), last.stack);
}

TEST_F(Views, TheAddressSpaceZoomsIntoTheAreas) {
    AddressSpaceView view(theme);
    view.show_snapshot(moments.now());
    open(view, {900, 200});
    const qsizetype all = view.accessible_items().size();
    view.zoom_by(16, QPointF(1, 100));
    EXPECT_LT(view.accessible_items().size(), all);
    EXPECT_GE(view.accessible_items().size(), 1);
}

TEST_F(Views, CpuCardsSayWhatTheirCpuDoes) {
    CpusView view(theme);
    view.show_snapshot(moments.now());
    open(view, {400, 500});
    const auto items = view.accessible_items();
    ASSERT_EQ(items.size(), 2);
    EXPECT_TRUE(items[0].name.startsWith(QStringLiteral("cpu 0, task "))) << items[0].name.toStdString();
    EXPECT_TRUE(items[1].name.startsWith(QStringLiteral("cpu 1, idle"))) << items[1].name.toStdString();
    EXPECT_TRUE(items[0].name.contains(QStringLiteral("2 cache slots taken"))) << items[0].name.toStdString();
}

TEST_F(Views, EveryViewHasItemsForScreenReaders) {
    StackView stack(theme);
    stack.show_snapshot(moments.now());
    open(stack, {380, 460});
    EXPECT_GE(stack.accessible_items().size(), 5);
    for (const CanvasItem& item : stack.accessible_items()) EXPECT_FALSE(item.name.isEmpty());
    const QString first = stack.accessible_items().front().name;
    stack.setFocus();
    stack.carry_out(Command::cursor_down);
    EXPECT_TRUE(stack.accessible_items()[1].is_current);
    EXPECT_TRUE(first.startsWith(QStringLiteral("guard, no entry"))) << first.toStdString();
}

TEST_F(Views, AStackMovesFromStepToStepOnlyIfItIsLetTo) {
    StackView view(theme);
    open(view, {380, 460});
    view.show_snapshot(moments.now());
    ASSERT_NE(view.reading(), nullptr);
    const auto next_of_the_same_stack = [&] {
        const core::StackId before = view.reading()->id;
        for (int i = 0; i < 16; ++i) {
            const std::size_t items = view.reading()->items.size();
            moments.forward(1);
            view.show_snapshot(moments.now());
            if (view.reading()->id == before && view.reading()->items.size() != items) return true;
        }
        return false;
    };
    ASSERT_TRUE(next_of_the_same_stack());
    EXPECT_FALSE(view.is_moving());
    view.let_move(true);
    ASSERT_TRUE(next_of_the_same_stack());
    EXPECT_TRUE(view.is_moving());
    EXPECT_FALSE(view.grab().isNull()) << "in between it can be drawn";
    QTest::mouseClick(&view, Qt::LeftButton, {}, view.rect().center());
    EXPECT_FALSE(view.is_moving()) << "a click ends it";
    theme.set_reduced_motion(true);
    ASSERT_TRUE(next_of_the_same_stack());
    EXPECT_FALSE(view.is_moving());
}

TEST_F(Views, MarkersSumUpWhatLiesBetweenThem) {
    TimelineView view(theme);
    open(view, {900, 170});
    view.append(moments.records);
    view.show_snapshot(moments.now());
    EXPECT_TRUE(view.between().isEmpty());
    view.set_marker(TimelineView::Marker::b);
    EXPECT_EQ(view.marker(TimelineView::Marker::b), moments.now()->position);
    EXPECT_FALSE(view.marker(TimelineView::Marker::a));
    Moments earlier{test::vmapped_machine()};
    earlier.forward(6);
    view.show_snapshot(earlier.now());
    view.set_marker(TimelineView::Marker::a);
    const auto clones = std::ranges::count_if(
        moments.records, [&](const StepRecord& r) { return r.kind == StepKind::clone && r.at > earlier.now()->now; });
    EXPECT_TRUE(view.between().contains(QStringLiteral(" %1 clones").arg(clones))) << view.between().toStdString();
    EXPECT_TRUE(view.summary().contains(view.between()));
    EXPECT_FALSE(view.grab().isNull());
    view.clear();
    EXPECT_TRUE(view.between().isEmpty());
}

TEST_F(Views, SelectionIsCentredAndThenFilled) {
    AddressSpaceView view(theme);
    open(view, {700, 200});
    view.show_snapshot(moments.now());
    view.select_stack(view.reading().areas.front().stack);
    view.zoom_by(2, {600, 100});
    const double scale = view.camera().scale_x();
    view.centre_selection();
    EXPECT_DOUBLE_EQ(view.camera().scale_x(), scale);
    const QRectF here = view.rect_of(view.reading().areas.front().stack);
    EXPECT_FALSE(here.isEmpty()) << "in view now";
    view.centre_selection();
    EXPECT_GT(view.camera().scale_x(), scale) << "the second time closer";
}

TEST_F(Views, EveryPictureExplainsItsParts) {
    StackView stack(theme);
    CpusView cpus(theme);
    AddressSpaceView space(theme);
    TimelineView timeline(theme);
    timeline.append(moments.records);
    PhysicalMemoryView memory(theme);
    for (MapCanvas* view : std::initializer_list<MapCanvas*>{&stack, &cpus, &space, &timeline, &memory.canvas()}) {
        if (auto* shows = dynamic_cast<SnapshotView*>(view)) shows->show_snapshot(moments.now());
    }
    memory.show_snapshot(moments.now());
    memory.resize(600, 500);
    memory.show();
    for (MapCanvas* view : std::initializer_list<MapCanvas*>{&stack, &cpus, &space, &timeline}) open(*view, {500, 400});
    for (MapCanvas* view : std::initializer_list<MapCanvas*>{&stack, &cpus, &space, &timeline, &memory.canvas()}) {
        QSet<QString> tips;
        for (int y = 4; y < view->height(); y += 6) {
            for (int x = 4; x < view->width(); x += 24) tips += view->tip(QPointF(x, y));
        }
        tips.remove(QString());
        EXPECT_GE(tips.size(), 3) << view->metaObject()->className();
    }
}

} // namespace
} // namespace ksl::ui
