// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/ui/support/pictures.h"
#include "tests/ui/support/plain_canvas.h"
#include "ui/theme/icons.h"
#include "ui/widgets/badge.h"
#include "ui/widgets/command_palette.h"
#include "ui/widgets/description_dialog.h"
#include "ui/widgets/empty_state.h"
#include "ui/widgets/event_sentence_bar.h"
#include "ui/widgets/key_sheet.h"

#include <gtest/gtest.h>

#include <QAction>
#include <QDir>
#include <QGridLayout>
#include <QHBoxLayout>
#include <QLabel>
#include <QMainWindow>
#include <QPushButton>
#include <QTreeWidget>
#include <QVBoxLayout>

namespace ksl::ui {
namespace {

class WidgetPictures : public testing::TestWithParam<ThemeChoice> {
protected:
    WidgetPictures() { theme_.choose(GetParam()); }
    [[nodiscard]] static QString name(const char* what) {
        return QString::fromLatin1(what) + u'_' + test::theme_name(GetParam());
    }
    Theme theme_;
};
INSTANTIATE_TEST_SUITE_P(Themes, WidgetPictures,
                         testing::Values(ThemeChoice::light, ThemeChoice::dark, ThemeChoice::print,
                                         ThemeChoice::high_contrast),
                         [](const auto& choice) { return test::theme_name(choice.param).toStdString(); });

TEST_P(WidgetPictures, CommandPalette) {
    QMainWindow window;
    CommandActions actions(window);
    for (const CommandInfo& info : all_commands()) {
        if (info.menu != MenuId::file) actions.on(info.id, [] {});
    }
    CommandPalette palette(theme_, actions);
    palette.open_empty();
    palette.set_pattern(QStringLiteral("ne"));
    const QImage image = test::picture_of(palette, name("command_palette"), palette.size());
    EXPECT_GT(test::count_of(image, theme_.look().colour(Role::focus)), 1000) << "the current line is marked";
}

TEST_P(WidgetPictures, KeySheet) {
    KeySheet sheet(theme_);
    sheet.show_for(KeyMap{}, Scope::map);
    const QImage image = test::picture_of(sheet, name("key_sheet"), sheet.size());
    EXPECT_GE(test::colours_of(image).size(), 3U);
}

TEST_P(WidgetPictures, EmptyStateBadgesAndSentence) {
    QWidget board;
    auto* layout = new QVBoxLayout(&board);
    auto* empty =
        new EmptyState(theme_, QLatin1StringView("memory"), QStringLiteral("No run yet"),
                       QStringLiteral("A scenario says which machine, which stack design and which workload to "
                                      "simulate. Open one, or start with the first lesson."));
    QAction open(QStringLiteral("Open scenario…\tCtrl+O"));
    QAction lesson(QStringLiteral("Start lesson 1"));
    empty->add_action(&open);
    empty->add_action(&lesson);
    layout->addWidget(empty, 1);
    auto* badges = new QHBoxLayout;
    for (const Fidelity fidelity : {Fidelity::measured, Fidelity::modelled, Fidelity::simplified}) {
        badges->addWidget(new Badge(theme_, fidelity, QStringLiteral("source")));
    }
    badges->addStretch(1);
    layout->addLayout(badges);
    auto* bar = new EventSentenceBar(theme_);
    bar->set_sentence(QStringLiteral("task 412 got stack ffff'c900'000d'8000 (4 frames, guard below) in 1.46 µs"),
                      true);
    layout->addWidget(bar);
    auto* caption = new EventSentenceBar(theme_);
    caption->set_caption(true);
    caption->set_sentence(QStringLiteral("task 412 got stack ffff'c900'000d'8000 (4 frames, guard below)"), false);
    layout->addWidget(caption);
    board.setPalette(theme_.look().palette());
    const QImage image = test::picture_of(board, name("small_widgets"));
    EXPECT_GE(test::colours_of(image).size(), 3U);
    for (const QLabel* label : board.findChildren<QLabel*>()) {
        if (label->text().isEmpty()) continue;
        if (label->wordWrap()) {
            EXPECT_GE(label->height(), label->heightForWidth(label->width())) << label->text().toStdString();
            continue;
        }
        EXPECT_LE(label->fontMetrics().horizontalAdvance(label->text()), label->width() + 1)
            << label->text().toStdString();
        EXPECT_LE(label->fontMetrics().height(), label->height() + 1) << label->text().toStdString();
    }
}

TEST_P(WidgetPictures, AllIcons) {
    QWidget board;
    auto* grid = new QGridLayout(&board);
    board.setPalette(theme_.look().palette());
    board.setAutoFillBackground(true);
    int number = 0;
    for (const QString& file :
         QDir(QStringLiteral(KSL_SOURCE_DIR "/assets/icons")).entryList({QStringLiteral("*.svg")})) {
        const QByteArray icon_name = file.chopped(4).toLatin1();
        auto* button = new QPushButton(icon(QLatin1StringView(icon_name), theme_.look()), file.chopped(4));
        button->setIconSize(QSize(20, 20));
        grid->addWidget(button, number / 6, number % 6);
        ++number;
    }
    const QImage image = test::picture_of(board, name("icons"), QSize(900, 300));
    EXPECT_GE(test::colours_of(image).size(), 2U);
}

TEST_P(WidgetPictures, DescriptionAndCanvas) {
    test::PlainCanvas canvas(theme_, 12);
    canvas.resize(700, 120);
    canvas.show();
    QApplication::setActiveWindow(&canvas);
    canvas.setFocus();
    (void)test::picture_of(canvas, name("plain_canvas"), QSize(700, 120));
    DescriptionDialog dialog(theme_);
    dialog.show_for(canvas);
    const QImage image = test::picture_of(dialog, name("description"), dialog.size());
    EXPECT_GE(test::colours_of(image).size(), 2U);
}

} // namespace
} // namespace ksl::ui
