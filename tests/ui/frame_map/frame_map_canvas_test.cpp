// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/ui/support/made_up_memory.h"
#include "ui/commands/command_actions.h"
#include "ui/frame_map/frame_map_canvas.h"

#include <gtest/gtest.h>

#include <QAccessible>
#include <QMainWindow>
#include <QSignalSpy>
#include <QTest>

namespace ksl::ui {
namespace {

using core::Pfn;
using test::MadeUpMemory;

class FrameMap : public testing::Test {
protected:
    FrameMap() {
        theme_.choose(ThemeChoice::light);
        window_.setCentralWidget(&canvas_);
        window_.resize(900, 700);
        window_.show();
        canvas_.set_source(&memory_);
        connect_canvas_commands(actions_);
        QApplication::setActiveWindow(&window_);
        canvas_.setFocus();
        QApplication::processEvents();
    }
    ~FrameMap() override {
        window_.takeCentralWidget();
        canvas_.setParent(nullptr);
    }
    void key(Qt::Key key, Qt::KeyboardModifiers modifiers = Qt::NoModifier) {
        QTest::keyClick(&canvas_, key, modifiers);
    }

    Theme theme_;
    MadeUpMemory memory_{1U << 18};
    FrameMapCanvas canvas_{theme_};
    QMainWindow window_;
    CommandActions actions_{window_};
};

TEST_F(FrameMap, StartsFittedAndShowsTheWholeMachine) {
    EXPECT_TRUE(canvas_.is_fitted());
    const QRectF map(canvas_.camera().to_widget(QRectF(0, 0, 512, 512)));
    EXPECT_TRUE(QRectF(canvas_.rect()).adjusted(-1, -1, 1, 1).contains(map));
    EXPECT_NEAR(map.center().x(), canvas_.width() / 2.0, 1);
}

TEST_F(FrameMap, TheWheelKeepsThePointUnderThePointer) {
    const QPointF at(200, 300);
    canvas_.zoom_by(3, at);
    const QPointF before = canvas_.camera().to_content(at);
    canvas_.zoom_by(2, at);
    const QPointF after = canvas_.camera().to_content(at);
    EXPECT_NEAR(before.x(), after.x(), 1e-6);
    EXPECT_NEAR(before.y(), after.y(), 1e-6);
    key(Qt::Key_Home);
    EXPECT_TRUE(canvas_.is_fitted());
}

TEST_F(FrameMap, ThePictureNeverLeavesTheWindow) {
    canvas_.zoom_by(8, QPointF(10, 10));
    for (int i = 0; i < 50; ++i) canvas_.pan_by({-500, 300});
    const QRectF map = canvas_.camera().to_widget(QRectF(0, 0, 512, 512));
    EXPECT_LT(map.left(), 10);
    EXPECT_GT(map.bottom(), canvas_.height() - 10);
}

TEST_F(FrameMap, ArrowsWalkFromBlockToBlockInBothLayouts) {
    for (const Qt::Key layout : {Qt::Key_H, Qt::Key_L}) {
        key(layout);
        canvas_.set_cursor(Pfn{1000});
        const auto block_of = [&](Pfn frame) {
            const unsigned order = order_of(memory_.frame_bytes()[frame.raw()]);
            return frame.raw() >> order << order;
        };
        for (const auto& [there, back] :
             {std::pair{Qt::Key_Right, Qt::Key_Left}, std::pair{Qt::Key_Down, Qt::Key_Up}}) {
            const Pfn from = canvas_.cursor();
            key(there);
            EXPECT_NE(block_of(canvas_.cursor()), block_of(from)) << "the cursor moved to another block";
            key(back);
        }
    }
}

TEST_F(FrameMap, KeysReachModeLayoutAndZoom) {
    EXPECT_EQ(canvas_.mode(), MapMode::frame_class);
    key(Qt::Key_M);
    EXPECT_EQ(canvas_.mode(), MapMode::free_order);
    key(Qt::Key_M, Qt::ShiftModifier);
    EXPECT_EQ(canvas_.mode(), MapMode::frame_class);
    key(Qt::Key_L);
    EXPECT_EQ(canvas_.layout(), MapLayout::linear);
    key(Qt::Key_H);
    EXPECT_EQ(canvas_.layout(), MapLayout::hilbert);
    key(Qt::Key_Plus);
    EXPECT_FALSE(canvas_.is_fitted());
    key(Qt::Key_0);
    EXPECT_TRUE(canvas_.is_fitted());
    QSignalSpy inspected(&canvas_, &MapCanvas::inspected);
    key(Qt::Key_Return);
    EXPECT_EQ(inspected.count(), 1);
}

TEST_F(FrameMap, AllModesAreOfferedWhereTheSourceHasTheData) {
    EXPECT_EQ(canvas_.modes().size(), kMapModes);
    for (std::size_t i = 0; i < kMapModes; ++i) {
        key(Qt::Key_M);
        EXPECT_FALSE(canvas_.grab().isNull());
    }
    EXPECT_EQ(canvas_.mode(), MapMode::frame_class);
}

TEST_F(FrameMap, AChangedTileRedrawsToWhatAFreshCanvasShows) {
    for (const double zoom : {1.0, 6.0}) {
        canvas_.zoom_by(zoom, QPointF(100, 100));
        (void)canvas_.grab();
        for (std::uint64_t pfn = std::uint64_t{5} * kTileFrames; pfn < std::uint64_t{6} * kTileFrames; pfn += 64) {
            memory_.set_block(pfn, 6, zoom > 1 ? FrameClass::unmovable : FrameClass::damage);
        }
        const std::array<std::uint32_t, 1> tiles{5};
        canvas_.mark_dirty(tiles);
        EXPECT_FALSE(canvas_.fold());
        const QImage updated = canvas_.grab().toImage();

        FrameMapCanvas fresh(theme_);
        fresh.resize(canvas_.size());
        fresh.set_source(&memory_);
        fresh.zoom_by(zoom, QPointF(100, 100));
        canvas_.clearFocus();
        EXPECT_EQ(canvas_.grab().toImage(), fresh.grab().toImage()) << "zoom " << zoom;
        canvas_.setFocus();
        canvas_.fit();
    }
}

TEST_F(FrameMap, MoreTilesThanTheBudgetWaitForTheNextFrame) {
    std::vector<std::uint32_t> tiles;
    for (std::uint32_t tile = 0; tile < canvas_.lod().grid().tiles(); ++tile) tiles.push_back(tile);
    canvas_.mark_dirty(tiles);
    EXPECT_TRUE(canvas_.fold(10));
    EXPECT_FALSE(canvas_.fold(1000));
}

TEST_F(FrameMap, ScreenReadersHearASummaryAreasAndTheBlocksAtTheCursor) {
    QAccessibleInterface* map = QAccessible::queryAccessibleInterface(&canvas_);
    ASSERT_NE(map, nullptr);
    EXPECT_EQ(map->role(), QAccessible::Chart);
    EXPECT_TRUE(map->text(QAccessible::Name).contains(QStringLiteral("Physical memory map")));
    ASSERT_GT(map->childCount(), 17);
    EXPECT_LE(map->childCount(), MapCanvas::kMostItems);
    int areas = 0;
    int current = 0;
    for (int i = 0; i < map->childCount(); ++i) {
        QAccessibleInterface* child = map->child(i);
        ASSERT_NE(child, nullptr);
        EXPECT_TRUE(child->isValid());
        EXPECT_FALSE(child->text(QAccessible::Name).isEmpty());
        EXPECT_EQ(map->indexOfChild(child), i);
        areas += child->role() == QAccessible::Grouping ? 1 : 0;
        current += child->state().selected ? 1 : 0;
    }
    EXPECT_EQ(areas, 16);
    EXPECT_EQ(current, 1);
    const QString description = canvas_.description();
    EXPECT_EQ(description.count(u'\n'), map->childCount());
}

TEST_F(FrameMap, AnotherMachineReplacesTheFirst) {
    const MadeUpMemory small{20'000};
    canvas_.set_source(&small);
    EXPECT_EQ(canvas_.lod().grid().frames().count(), 20'000U);
    EXPECT_FALSE(canvas_.grab().isNull());
    canvas_.set_source(nullptr);
    EXPECT_FALSE(canvas_.summary().isEmpty());
    EXPECT_FALSE(canvas_.grab().isNull());
    key(Qt::Key_Right);
}

TEST_F(FrameMap, HoveringNamesTheBlockAndItsBuddy) {
    QSignalSpy pointed(&canvas_, &FrameMapCanvas::pointed_at);
    QTest::mouseMove(&canvas_, canvas_.camera().to_widget(QPointF(10.5, 10.5)).toPoint());
    QApplication::processEvents();
    ASSERT_GE(pointed.count(), 1);
    EXPECT_TRUE(pointed.back().front().toString().startsWith(QStringLiteral("Frame ")));
}

} // namespace
} // namespace ksl::ui
