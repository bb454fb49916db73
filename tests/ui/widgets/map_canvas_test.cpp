// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/ui/support/pictures.h"
#include "tests/ui/support/plain_canvas.h"
#include "ui/widgets/description_dialog.h"

#include <gtest/gtest.h>

#include <QAccessible>
#include <QSignalSpy>
#include <QTest>

namespace ksl::ui {
namespace {

using test::PlainCanvas;

class Canvas : public testing::Test {
protected:
    Canvas() {
        theme_.choose(ThemeChoice::light);
        canvas_.resize(600, 200);
        canvas_.show();
        QApplication::setActiveWindow(&canvas_);
        QApplication::processEvents();
    }
    Theme theme_;
    PlainCanvas canvas_{theme_, 20};
};

TEST_F(Canvas, TheCursorIsBroughtIntoView) {
    canvas_.zoom_by(10, QPointF(0, 100));
    for (int i = 0; i < 19; ++i) canvas_.carry_out(Command::cursor_right);
    EXPECT_EQ(canvas_.cursor(), 19);
    EXPECT_TRUE(QRectF(canvas_.rect()).contains(canvas_.camera().to_widget(QRectF(191, 1, 8, 8)).center()));
    QSignalSpy moved(&canvas_, &MapCanvas::cursor_moved);
    canvas_.carry_out(Command::cursor_right);
    EXPECT_EQ(moved.count(), 0) << "there is nowhere to go";
}

TEST_F(Canvas, ASmallPictureIsCentredAndALargeOneHasNoGap) {
    const QRectF whole = canvas_.camera().to_widget(QRectF(0, 0, 200, 10));
    EXPECT_NEAR(whole.center().y(), 100, 0.6);
    canvas_.zoom_by(20, QPointF(300, 100));
    canvas_.pan_by({1e6, 1e6});
    const QRectF after = canvas_.camera().to_widget(QRectF(0, 0, 200, 10));
    EXPECT_GT(after.right(), 590);
    EXPECT_LT(after.right(), 601);
}

TEST_F(Canvas, FittedStaysFittedWhenTheWindowIsResized) {
    canvas_.resize(900, 300);
    QApplication::processEvents();
    EXPECT_TRUE(canvas_.is_fitted());
    const QRectF whole = canvas_.camera().to_widget(QRectF(0, 0, 200, 10));
    EXPECT_GT(whole.width(), 880);
    canvas_.zoom_by(4, QPointF(450, 150));
    const QPointF before = canvas_.camera().origin();
    canvas_.resize(910, 310);
    QApplication::processEvents();
    EXPECT_FALSE(canvas_.is_fitted());
    EXPECT_NEAR(canvas_.camera().origin().x(), before.x(), 1e-6);
}

TEST_F(Canvas, ARulerZoomsAlongItsLengthOnly) {
    PlainCanvas ruler(theme_, 20, ZoomAxes::horizontal);
    ruler.resize(600, 200);
    ruler.show();
    QApplication::processEvents();
    const double tall = ruler.camera().scale_y();
    ruler.zoom_by(3, QPointF(10, 10));
    EXPECT_DOUBLE_EQ(ruler.camera().scale_y(), tall);
    EXPECT_DOUBLE_EQ(ruler.camera().scale_x(), 9);
}

TEST_F(Canvas, TheFocusRingIsSeenInEveryTheme) {
    for (const ThemeChoice choice : kThemeChoices) {
        theme_.choose(choice);
        canvas_.setFocus();
        QApplication::processEvents();
        const QImage image = canvas_.grab().toImage().convertToFormat(QImage::Format_RGB32);
        EXPECT_GT(test::count_of(image, canvas_.look().colour(Role::focus)), 2 * (600 + 200))
            << static_cast<int>(choice);
    }
}

TEST_F(Canvas, AClickChoosesAndADragDoesNot) {
    const QPoint at = canvas_.camera().to_widget(QPointF(55, 5)).toPoint();
    QTest::mouseClick(&canvas_, Qt::LeftButton, {}, at);
    EXPECT_EQ(canvas_.cursor(), 5);
    canvas_.zoom_by(4, at);
    const QPointF before = canvas_.camera().origin();
    QTest::mousePress(&canvas_, Qt::LeftButton, {}, QPoint(300, 100));
    QTest::mouseMove(&canvas_, QPoint(200, 100));
    QMouseEvent move(QEvent::MouseMove, QPointF(200, 100), canvas_.mapToGlobal(QPointF(200, 100)), Qt::NoButton,
                     Qt::LeftButton, Qt::NoModifier);
    QApplication::sendEvent(&canvas_, &move);
    QTest::mouseRelease(&canvas_, Qt::LeftButton, {}, QPoint(200, 100));
    EXPECT_EQ(canvas_.cursor(), 5);
    EXPECT_GT(canvas_.camera().origin().x(), before.x());
}

TEST_F(Canvas, NeverShowsMoreThanSixtyChildrenToAScreenReader) {
    PlainCanvas many(theme_, 500);
    QAccessibleInterface* interface = QAccessible::queryAccessibleInterface(&many);
    ASSERT_NE(interface, nullptr);
    EXPECT_EQ(interface->childCount(), 60);
    QAccessibleInterface* last = interface->child(59);
    EXPECT_EQ(last->text(QAccessible::Name), QStringLiteral("Box 59"));
    many.set_boxes(3);
    EXPECT_EQ(interface->childCount(), 3);
    EXPECT_FALSE(last->isValid()) << "an item that is gone says so instead of inventing a name";
    EXPECT_EQ(interface->child(59), nullptr);
}

TEST_F(Canvas, TheDescriptionFollowsTheView) {
    DescriptionDialog dialog(theme_);
    dialog.show_for(canvas_);
    EXPECT_TRUE(dialog.text().startsWith(QStringLiteral("Row of 20 boxes\nBox 0")));
    canvas_.set_boxes(2);
    EXPECT_EQ(dialog.text(), QStringLiteral("Row of 2 boxes\nBox 0\nBox 1"));
}

} // namespace
} // namespace ksl::ui
