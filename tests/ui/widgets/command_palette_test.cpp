// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/widgets/command_palette.h"
#include "ui/widgets/key_sheet.h"

#include <gtest/gtest.h>

#include <QAction>
#include <QApplication>
#include <QLineEdit>
#include <QMainWindow>
#include <QTest>
#include <algorithm>

namespace ksl::ui {
namespace {

class Palette : public testing::Test {
protected:
    Palette() {
        for (const Command command : {Command::zoom_in, Command::zoom_out, Command::go_to, Command::go_to_marker_a}) {
            actions_.on(command, [this, command] { done_.push_back(command); });
        }
        palette_.open_empty();
        QApplication::processEvents();
    }

    Theme theme_;
    QMainWindow window_;
    CommandActions actions_{window_};
    CommandPalette palette_{theme_, actions_};
    std::vector<Command> done_;
};

TEST_F(Palette, ShowsEveryCommandButItself) {
    EXPECT_EQ(static_cast<std::size_t>(palette_.shown().size()), all_commands().size() - 1);
}

TEST_F(Palette, AFewLettersFindTheCommandAndEnterCarriesItOut) {
    auto* field = palette_.findChild<QLineEdit*>();
    QTest::keyClicks(field, QStringLiteral("gtma"));
    ASSERT_FALSE(palette_.shown().isEmpty());
    EXPECT_EQ(palette_.shown().front(), Command::go_to_marker_a);
    QTest::keyClick(field, Qt::Key_Return);
    EXPECT_EQ(done_, (std::vector{Command::go_to_marker_a}));
    EXPECT_FALSE(palette_.isVisible());
}

TEST_F(Palette, ArrowsChooseAmongMatches) {
    auto* field = palette_.findChild<QLineEdit*>();
    QTest::keyClicks(field, QStringLiteral("zoom"));
    QTest::keyClick(field, Qt::Key_Down);
    QTest::keyClick(field, Qt::Key_Return);
    ASSERT_EQ(done_.size(), 1U);
    EXPECT_EQ(done_[0], palette_.shown()[1]);
}

TEST_F(Palette, WhatCannotBeDoneComesLastAndDoesNothing) {
    const QList<Command> shown = palette_.shown();
    const auto is_enabled = [this](Command c) { return actions_.action(c)->isEnabled(); };
    EXPECT_TRUE(std::ranges::is_partitioned(shown, is_enabled));
    palette_.set_pattern(QStringLiteral("import a real"));
    QTest::keyClick(palette_.findChild<QLineEdit*>(), Qt::Key_Return);
    EXPECT_TRUE(done_.empty());
    EXPECT_TRUE(palette_.isVisible());
}

TEST(KeySheetRows, ListOnlyKeysThatWouldActInTheView) {
    const KeyMap keys;
    const auto rows = key_sheet_rows(keys, Scope::map);
    EXPECT_EQ(rows.front().scope, Scope::map);
    for (const KeySheetRow& row : rows) {
        EXPECT_NE(row.command, Command::set_marker_a) << "the timeline's";
        EXPECT_NE(row.command, Command::shuttle_forward) << "its key is the map's here";
    }
    const auto fit = std::ranges::find(rows, Command::map_fit, &KeySheetRow::command);
    ASSERT_NE(fit, rows.end());
    EXPECT_EQ(fit->keys, QStringLiteral("Home"));
    const auto everywhere = key_sheet_rows(keys, Scope::global);
    EXPECT_TRUE(
        std::ranges::any_of(everywhere, [](const auto& row) { return row.command == Command::shuttle_forward; }));
}

} // namespace
} // namespace ksl::ui
