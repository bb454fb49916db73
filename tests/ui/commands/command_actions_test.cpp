// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/commands/command_actions.h"

#include <gtest/gtest.h>

#include <QAction>
#include <QApplication>
#include <QLineEdit>
#include <QMainWindow>
#include <QMenu>
#include <QMenuBar>
#include <QPushButton>
#include <QTest>
#include <QVBoxLayout>
#include <array>

namespace ksl::ui {
namespace {

/// A window with a map, a text field and a button, and a record of what was carried out.
class CommandKeys : public testing::Test {
protected:
    CommandKeys() : actions_(window_) {
        auto* centre = new QWidget;
        auto* layout = new QVBoxLayout(centre);
        for (QWidget* widget : controls()) {
            layout->addWidget(widget);
        }
        map_.setFocusPolicy(Qt::StrongFocus);
        CommandActions::set_scope(map_, Scope::map);
        window_.setCentralWidget(centre);
        for (const Command command : {Command::shuttle_forward, Command::map_linear, Command::play_pause,
                                      Command::key_sheet, Command::zoom_in, Command::command_palette}) {
            actions_.on(command, [this, command] { done_.push_back(command); });
        }
        window_.show();
        QApplication::setActiveWindow(&window_);
    }
    std::array<QWidget*, 3> controls() { return {&map_, &text_, &button_}; }
    ~CommandKeys() override {
        for (QWidget* widget : controls()) {
            widget->setParent(nullptr);
        }
    }

    QMainWindow window_;
    QWidget map_;
    QLineEdit text_;
    QPushButton button_;
    CommandActions actions_;
    std::vector<Command> done_;
};

TEST_F(CommandKeys, ASharedKeyGoesToTheViewWithTheFocus) {
    map_.setFocus();
    QTest::keyClick(&map_, Qt::Key_L);
    button_.setFocus();
    QTest::keyClick(&button_, Qt::Key_L);
    EXPECT_EQ(done_, (std::vector{Command::map_linear, Command::shuttle_forward}));
}

TEST_F(CommandKeys, TextFieldsKeepTheirLetters) {
    text_.setFocus();
    QTest::keyClicks(&text_, QStringLiteral("l k?"));
    EXPECT_EQ(text_.text(), QStringLiteral("l k?"));
    EXPECT_TRUE(done_.empty());
    QTest::keyClick(&text_, Qt::Key_K, Qt::ControlModifier);
    EXPECT_EQ(done_, (std::vector{Command::command_palette}));
}

TEST_F(CommandKeys, AButtonKeepsTheSpaceBarButNotLetters) {
    int presses = 0;
    QObject::connect(&button_, &QPushButton::clicked, &button_, [&] { ++presses; });
    button_.setFocus();
    QTest::keyClick(&button_, Qt::Key_Space);
    EXPECT_EQ(presses, 1);
    EXPECT_TRUE(done_.empty());
    QTest::keyClick(&button_, Qt::Key_K);
    EXPECT_EQ(done_, (std::vector{Command::play_pause}));
}

TEST_F(CommandKeys, SignsAreFoundHoweverTheKeyboardTypesThem) {
    map_.setFocus();
    QTest::keyClick(&map_, Qt::Key_Question, Qt::ShiftModifier);
    QTest::keyClick(&map_, Qt::Key_Plus, Qt::ShiftModifier);
    QTest::keyClick(&map_, Qt::Key_Plus, Qt::KeypadModifier);
    EXPECT_EQ(done_, (std::vector{Command::key_sheet, Command::zoom_in, Command::zoom_in}));
}

TEST_F(CommandKeys, WhatNobodyCarriesOutIsDisabledAndSilent) {
    EXPECT_FALSE(actions_.action(Command::go_to)->isEnabled());
    map_.setFocus();
    QTest::keyClick(&map_, Qt::Key_G);
    EXPECT_TRUE(done_.empty());
}

TEST_F(CommandKeys, RemappingMovesTheKeyAndTheMenuText) {
    KeyMap map;
    map.remap(Command::play_pause, {QKeySequence(Qt::Key_P)});
    actions_.set_keys(map);
    map_.setFocus();
    QTest::keyClick(&map_, Qt::Key_K);
    QTest::keyClick(&map_, Qt::Key_P);
    EXPECT_EQ(done_, (std::vector{Command::play_pause}));
    EXPECT_TRUE(actions_.action(Command::play_pause)->text().endsWith(QStringLiteral("\tP")));
}

TEST_F(CommandKeys, MenusHoldEveryCommandThatNamesOne) {
    actions_.fill(*window_.menuBar());
    qsizetype in_menus = 0;
    for (const QAction* menu : window_.menuBar()->actions()) in_menus += menu->menu()->actions().size();
    const auto expected =
        std::ranges::count_if(all_commands(), [](const CommandInfo& info) { return info.menu != MenuId::none; });
    EXPECT_EQ(in_menus, expected);
    EXPECT_EQ(window_.menuBar()->actions().size(), 8);
}

} // namespace
} // namespace ksl::ui
