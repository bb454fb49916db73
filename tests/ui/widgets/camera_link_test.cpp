// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/ui/support/plain_canvas.h"
#include "ui/widgets/camera_link.h"
#include "ui/widgets/motion.h"

#include <gtest/gtest.h>

#include <QApplication>
#include <QTest>

namespace ksl::ui {
namespace {

using test::PlainCanvas;

class Linked : public testing::Test {
protected:
    Linked() {
        for (PlainCanvas* canvas : {&a_, &b_}) {
            canvas->resize(600, 200);
            canvas->show();
        }
        QApplication::processEvents();
    }
    Theme theme_;
    PlainCanvas a_{theme_, 20};
    PlainCanvas b_{theme_, 20};
    CameraLink link_{a_, b_, nullptr};
};

TEST_F(Linked, ZoomAndPanOfOneSideMoveTheOther) {
    link_.set_on(true);
    a_.zoom_by(3, {100, 100});
    EXPECT_EQ(a_.camera(), b_.camera());
    b_.pan_by({40, 0});
    EXPECT_EQ(a_.camera(), b_.camera()) << "both ways";
    a_.fit();
    EXPECT_TRUE(b_.is_fitted());
}

TEST_F(Linked, AWiderSideHasTheSameInTheMiddle) {
    b_.resize(900, 200);
    QApplication::processEvents();
    link_.set_on(true);
    a_.zoom_by(6, {300, 100});
    EXPECT_DOUBLE_EQ(a_.camera().scale_x(), b_.camera().scale_x());
    const double a = a_.camera().to_content({300, 100}).x();
    const double b = b_.camera().to_content({450, 100}).x();
    EXPECT_NEAR(a, b, 1e-6);
}

TEST_F(Linked, OffEachGoesItsOwnWayAndOnBJoinsA) {
    a_.zoom_by(3, {100, 100});
    EXPECT_TRUE(b_.is_fitted());
    link_.set_on(true);
    EXPECT_EQ(a_.camera(), b_.camera());
    link_.set_on(false);
    b_.fit();
    EXPECT_FALSE(a_.is_fitted());
}

TEST(Motion, EndsByItselfAndCanBeCutShort) {
    const Theme theme;
    int pictures = 0;
    Motion motion(theme, [&] { ++pictures; });
    EXPECT_DOUBLE_EQ(motion.at(), 1) << "nothing moves: everything is where it is";
    motion.start(60);
    ASSERT_TRUE(motion.is_running());
    EXPECT_LT(motion.at(), 1);
    EXPECT_TRUE(QTest::qWaitFor([&] { return !motion.is_running(); }, 5000));
    EXPECT_GT(pictures, 0);
    motion.start(60'000);
    motion.finish();
    EXPECT_FALSE(motion.is_running());
    EXPECT_DOUBLE_EQ(motion.at(), 1);
}

TEST(Motion, IsNoneForWhoWantsNone) {
    Theme theme;
    theme.set_reduced_motion(true);
    Motion motion(theme, [] {});
    motion.start(60'000);
    EXPECT_FALSE(motion.is_running());
}

} // namespace
} // namespace ksl::ui
