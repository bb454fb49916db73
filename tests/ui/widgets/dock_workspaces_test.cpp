// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/widgets/dock_workspaces.h"

#include <gtest/gtest.h>

#include <QApplication>
#include <QDockWidget>
#include <QPushButton>
#include <QTest>

namespace ksl::ui {
namespace {

class Docks : public testing::Test {
protected:
    Docks() {
        window_.resize(1600, 900);
        window_.setCentralWidget(new QPushButton(QStringLiteral("centre")));
        for (const char* name : {"left", "right", "bottom"}) {
            auto* dock = new QDockWidget(QString::fromLatin1(name), &window_);
            dock->setObjectName(QString::fromLatin1(name));
            dock->setWidget(new QPushButton(QString::fromLatin1(name)));
            docks_.push_back(dock);
        }
        spaces_ = new DockWorkspaces(window_,
                                     [this](Workspace workspace, ScreenClass screen) { arrange(workspace, screen); });
        window_.show();
        QApplication::setActiveWindow(&window_);
        QApplication::processEvents();
    }

    void arrange(Workspace workspace, ScreenClass screen) {
        last_screen_ = screen;
        window_.addDockWidget(Qt::LeftDockWidgetArea, docks_[0]);
        window_.addDockWidget(Qt::RightDockWidgetArea, docks_[1]);
        window_.addDockWidget(Qt::BottomDockWidgetArea, docks_[2]);
        docks_[0]->setVisible(workspace == Workspace::explore || workspace == Workspace::lesson);
        docks_[1]->setVisible(workspace == Workspace::explore);
        docks_[2]->setVisible(workspace != Workspace::lesson);
    }
    [[nodiscard]] std::vector<bool> visible() const {
        std::vector<bool> all;
        for (const QDockWidget* dock : docks_) all.push_back(dock->isVisible());
        return all;
    }
    [[nodiscard]] static QString focused() {
        const auto* button = qobject_cast<QPushButton*>(QApplication::focusWidget());
        return button != nullptr ? button->text() : QString();
    }

    QMainWindow window_;
    std::vector<QDockWidget*> docks_;
    DockWorkspaces* spaces_ = nullptr;
    ScreenClass last_screen_ = ScreenClass::small;
};

TEST_F(Docks, EachWorkspaceRemembersItsOwnChanges) {
    docks_[1]->hide();
    spaces_->switch_to(Workspace::lesson);
    EXPECT_EQ(visible(), (std::vector{true, false, false}));
    spaces_->switch_to(Workspace::explore);
    EXPECT_EQ(visible(), (std::vector{true, false, true})) << "the dock that was closed stays closed";
    EXPECT_EQ(spaces_->current(), Workspace::explore);
}

TEST_F(Docks, ResetBringsTheFirstArrangementBackAlsoFromFloating) {
    docks_[0]->setFloating(true);
    docks_[1]->hide();
    spaces_->reset();
    EXPECT_EQ(visible(), (std::vector{true, true, true}));
    EXPECT_FALSE(docks_[0]->isFloating());
}

TEST_F(Docks, AChangeOnOneClassOfScreenDoesNotReachAnother) {
    EXPECT_EQ(last_screen_, ScreenClass::medium);
    docks_[1]->hide();
    spaces_->switch_to(Workspace::trace);
    window_.resize(1200, 700);
    spaces_->switch_to(Workspace::explore);
    EXPECT_EQ(last_screen_, ScreenClass::small);
    EXPECT_EQ(visible(), (std::vector{true, true, true}));
}

TEST_F(Docks, LayoutsSurviveTheSettingsFile) {
    docks_[2]->hide();
    const auto saved = spaces_->save();
    docks_[2]->show();
    spaces_->load(saved, Workspace::explore);
    EXPECT_EQ(visible(), (std::vector{true, true, false}));
    spaces_->load({{QStringLiteral("explore/medium"), QByteArray("not a layout")}}, Workspace::explore);
    EXPECT_EQ(visible(), (std::vector{true, true, true})) << "a broken file gives the first arrangement";
}

TEST_F(Docks, F6GoesRoundEveryVisibleViewBothWays) {
    window_.centralWidget()->setFocus();
    QStringList forward;
    for (int i = 0; i < 4; ++i) {
        spaces_->focus_next();
        forward += focused();
    }
    EXPECT_EQ(QSet<QString>(forward.begin(), forward.end()).size(), 4);
    EXPECT_EQ(forward.back(), QStringLiteral("centre"));
    spaces_->focus_previous();
    EXPECT_EQ(focused(), forward[2]);
    docks_[0]->hide();
    QStringList rest;
    for (int i = 0; i < 3; ++i) {
        spaces_->focus_next();
        rest += focused();
    }
    EXPECT_FALSE(rest.contains(QStringLiteral("left")));
}

TEST(ScreenClasses, AreThoseOfTheDesign) {
    EXPECT_EQ(screen_class(1365), ScreenClass::small);
    EXPECT_EQ(screen_class(1366), ScreenClass::medium);
    EXPECT_EQ(screen_class(2199), ScreenClass::medium);
    EXPECT_EQ(screen_class(2200), ScreenClass::large);
}

} // namespace
} // namespace ksl::ui
