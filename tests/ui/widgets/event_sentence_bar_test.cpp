// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/widgets/event_sentence_bar.h"

#include <gtest/gtest.h>

#include <QApplication>
#include <QLabel>
#include <QPushButton>
#include <QSignalSpy>
#include <QTest>
#include <algorithm>

namespace ksl::ui {
namespace {

class SentenceBar : public testing::Test {
protected:
    SentenceBar() {
        // The off-screen platform has no assistive technology to listen; the signal is sent with the same events.
        QObject::connect(&bar_, &EventSentenceBar::announced, [this](const QString& said) {
            EXPECT_EQ(bar_.accessibleName(), said);
            announced_ += said;
        });
        bar_.resize(500, 40);
        bar_.show();
    }
    static QString sentence(int i) { return QStringLiteral("task %1 got a stack").arg(i); }

    Theme theme_;
    EventSentenceBar bar_{theme_};
    QStringList announced_;
};

TEST_F(SentenceBar, IsAnnouncedAtMostTwiceASecondAndTheLatestWins) {
    for (int i = 0; i < 20; ++i) bar_.set_sentence(sentence(i), false);
    EXPECT_EQ(announced_, QStringList{sentence(0)});
    QTest::qWait(EventSentenceBar::kAnnounceEveryMs + 100);
    EXPECT_EQ(announced_, (QStringList{sentence(0), sentence(19)}));
    QTest::qWait(EventSentenceBar::kAnnounceEveryMs + 100);
    EXPECT_EQ(announced_.size(), 2) << "nothing new, nothing said";
}

TEST_F(SentenceBar, IsSilentWhilePlayingFastAndCatchesUpAfterwards) {
    bar_.set_announcing(false);
    bar_.set_sentence(sentence(1), false);
    bar_.set_sentence(sentence(2), false);
    EXPECT_TRUE(announced_.isEmpty());
    bar_.set_announcing(true);
    EXPECT_EQ(announced_, QStringList{sentence(2)});
}

TEST_F(SentenceBar, ALongSentenceIsElidedAndWholeInTheToolTip) {
    const QString lengthy = QString(600, u'x');
    bar_.set_sentence(lengthy, false);
    bar_.resize(300, 40);
    QApplication::processEvents();
    const auto labels = bar_.findChildren<QLabel*>();
    const auto label = std::ranges::find_if(labels, [](const QLabel* l) { return l->text().startsWith(u'x'); });
    ASSERT_NE(label, labels.end());
    EXPECT_LE((*label)->fontMetrics().horizontalAdvance((*label)->text()), (*label)->width());
    EXPECT_EQ((*label)->toolTip(), lengthy);
}

TEST_F(SentenceBar, WhyIsOfferedOnlyWhereThereIsAReason) {
    auto* why = bar_.findChild<QPushButton*>();
    QSignalSpy asked(&bar_, &EventSentenceBar::why_requested);
    bar_.set_sentence(sentence(1), false);
    EXPECT_FALSE(why->isEnabled());
    bar_.set_sentence(sentence(2), true);
    why->click();
    EXPECT_EQ(asked.count(), 1);
}

} // namespace
} // namespace ksl::ui
