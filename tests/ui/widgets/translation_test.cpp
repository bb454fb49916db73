// SPDX-License-Identifier: GPL-3.0-or-later
//
// A language that marks every text shows which texts do not go through the translator, and one third longer texts show
// where a translation would not fit.
#include "tests/ui/support/made_up_memory.h"
#include "tests/ui/support/pictures.h"
#include "ui/commands/command_actions.h"
#include "ui/frame_map/frame_map_view.h"
#include "ui/widgets/badge.h"
#include "ui/widgets/command_palette.h"
#include "ui/widgets/description_dialog.h"
#include "ui/widgets/event_sentence_bar.h"
#include "ui/widgets/key_sheet.h"

#include <gtest/gtest.h>

#include <QAbstractButton>
#include <QAction>
#include <QComboBox>
#include <QCoreApplication>
#include <QFontMetricsF>
#include <QLabel>
#include <QLineEdit>
#include <QMainWindow>
#include <QMenuBar>
#include <QTranslator>

namespace ksl::ui {
namespace {

class MarkingTranslator : public QTranslator {
public:
    [[nodiscard]] bool isEmpty() const override { return false; }
    [[nodiscard]] QString translate(const char* context, const char* text, const char* /*comment*/,
                                    int /*n*/) const override {
        // Qt's own texts have their own translations.
        if (std::string_view(context).starts_with('Q')) return {};
        const QString source = QString::fromUtf8(text);
        return u'[' + source + QString(source.size() / 3, u'~') + u']';
    }
};

class MarkedLanguage : public testing::Test {
protected:
    MarkedLanguage() { QCoreApplication::installTranslator(&translator_); }
    ~MarkedLanguage() override { QCoreApplication::removeTranslator(&translator_); }

    static void expect_marked(const QString& text, const QString& where) {
        const bool has_letters = std::ranges::any_of(text, [](QChar c) { return c.isLetter(); });
        EXPECT_TRUE(!has_letters || text.contains(u'[')) << where.toStdString() << ": " << text.toStdString();
    }
    /// Everything in `root` that a person reads.
    static void expect_all_marked(const QWidget& root) {
        for (const QLabel* label : root.findChildren<QLabel*>()) expect_marked(label->text(), QStringLiteral("label"));
        for (const QAbstractButton* button : root.findChildren<QAbstractButton*>()) {
            if (button->objectName().startsWith(QStringLiteral("qt_"))) continue;
            if (QByteArray(button->metaObject()->className()).startsWith("QLineEdit")) continue;
            if (button->text() == QStringLiteral("&Close") || button->text() == QStringLiteral("Close"))
                continue; // Qt's
            expect_marked(button->text(), QStringLiteral("button"));
        }
        for (const QComboBox* box : root.findChildren<QComboBox*>()) {
            for (int i = 0; i < box->count(); ++i) expect_marked(box->itemText(i), QStringLiteral("choice"));
        }
        for (const QWidget* widget : root.findChildren<QWidget*>()) {
            expect_marked(widget->accessibleName(), QStringLiteral("accessible name"));
            expect_marked(widget->toolTip(), QStringLiteral("tool tip"));
        }
        expect_marked(root.windowTitle(), QStringLiteral("title"));
    }

    MarkingTranslator translator_;
    Theme theme_;
};

TEST_F(MarkedLanguage, EveryTextOfTheMapIsTranslated) {
    const test::MadeUpMemory memory{1U << 14};
    FrameMapView view(theme_);
    view.set_source(&memory);
    expect_all_marked(view);
    expect_marked(view.canvas().summary(), QStringLiteral("summary"));
    for (const CanvasItem& item : view.canvas().accessible_items()) expect_marked(item.name, QStringLiteral("item"));
    for (const LegendEntry& entry : view.legend().entries()) expect_marked(entry.text, QStringLiteral("legend"));
    for (const auto& label : view.strip().labels()) expect_marked(label.text, QStringLiteral("strip"));
}

TEST_F(MarkedLanguage, EveryCommandAndMenuIsTranslated) {
    QMainWindow window;
    CommandActions actions(window);
    actions.fill(*window.menuBar());
    for (const QAction* menu : window.menuBar()->actions()) expect_marked(menu->text(), QStringLiteral("menu"));
    for (const CommandInfo& info : all_commands()) {
        expect_marked(actions.action(info.id)->text(), QStringLiteral("command"));
        expect_marked(actions.action(info.id)->toolTip(), QStringLiteral("help"));
    }
    CommandPalette palette(theme_, actions);
    expect_all_marked(palette);
    KeySheet sheet(theme_);
    sheet.show_for(actions.keys(), Scope::map);
    expect_all_marked(sheet);
}

TEST_F(MarkedLanguage, EveryTextOfTheSmallWidgetsIsTranslated) {
    const Badge badge(theme_, Fidelity::measured, {});
    expect_marked(badge.accessibleName(), QStringLiteral("badge"));
    const EventSentenceBar bar(theme_);
    expect_all_marked(bar);
    const DescriptionDialog dialog(theme_);
    expect_all_marked(dialog);
    for (const ThemeChoice choice : kThemeChoices) expect_marked(Theme::name_of(choice), QStringLiteral("theme"));
}

TEST_F(MarkedLanguage, LongerTextsStillFit) {
    const test::MadeUpMemory memory{1U << 14};
    FrameMapView view(theme_);
    view.set_source(&memory);
    (void)test::picture_of(view, QStringLiteral("frame_map_longer_language"), QSize(1024, 700));
    const QFontMetricsF metrics(theme_.look().font(TextSize::small));
    for (const LegendEntry& entry : view.legend().entries()) {
        EXPECT_TRUE(QRectF(view.legend().rect()).contains(entry.label)) << entry.text.toStdString();
        EXPECT_LE(metrics.horizontalAdvance(entry.text), entry.label.width() + 0.5);
    }
    for (const auto& label : view.strip().labels()) {
        EXPECT_TRUE(QRectF(view.strip().rect()).contains(label.rect)) << label.text.toStdString();
    }
}

} // namespace
} // namespace ksl::ui
