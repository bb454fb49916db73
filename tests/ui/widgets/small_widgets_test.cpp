// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/theme/icons.h"
#include "ui/widgets/badge.h"
#include "ui/widgets/empty_state.h"

#include <gtest/gtest.h>

#include <QAction>
#include <QDir>
#include <QPushButton>

namespace ksl::ui {
namespace {

TEST(BadgeWidget, SaysItsKindAndSourceToEverybody) {
    const Theme theme;
    const QString source = QStringLiteral("Intel SDM vol. 3A, 4.10.3");
    Badge badge(theme, Fidelity::modelled, source);
    EXPECT_EQ(badge.toolTip(), source);
    EXPECT_EQ(badge.accessibleName(), QStringLiteral("modelled: ") + source);
    EXPECT_GE(badge.sizeHint().height(), 24) << "a target for a finger";
    EXPECT_NE(badge.focusPolicy() & Qt::TabFocus, 0) << "what hovering shows, the keyboard reaches";
}

TEST(BadgeWidget, ShapesDifferWithoutColour) {
    Theme theme;
    theme.choose(ThemeChoice::high_contrast);
    std::vector<QImage> images;
    for (const Fidelity fidelity : {Fidelity::measured, Fidelity::modelled, Fidelity::simplified}) {
        Badge badge(theme, fidelity, {});
        badge.resize(60, 24);
        images.push_back(badge.grab(QRect(0, 0, 18, 24)).toImage()); // the mark alone
    }
    EXPECT_NE(images[0], images[1]);
    EXPECT_NE(images[1], images[2]);
    EXPECT_NE(images[0], images[2]);
}

TEST(EmptyStateWidget, ItsButtonsFollowTheirActions) {
    const Theme theme;
    EmptyState empty(theme, QLatin1StringView("memory"), QStringLiteral("No run yet"),
                     QStringLiteral("Open a scenario."));
    QAction action(QStringLiteral("Open scenario…\tCtrl+O"));
    int triggered = 0;
    QObject::connect(&action, &QAction::triggered, [&] { ++triggered; });
    action.setEnabled(false);
    empty.add_action(&action);
    auto* button = empty.findChild<QPushButton*>();
    EXPECT_EQ(button->text(), QStringLiteral("Open scenario…"));
    EXPECT_FALSE(button->isEnabled());
    action.setEnabled(true);
    button->click();
    EXPECT_EQ(triggered, 1);
}

TEST(Icons, EveryFileDrawsSomethingInTheColourAsked) {
    const QStringList files = QDir(QStringLiteral(KSL_SOURCE_DIR "/assets/icons")).entryList({QStringLiteral("*.svg")});
    EXPECT_GE(files.size(), 25);
    for (const QString& file : files) {
        const QByteArray name = file.chopped(4).toLatin1();
        const QImage image = icon_pixmap(QLatin1StringView(name), Qt::red, 20, 2).toImage();
        ASSERT_EQ(image.width(), 40) << file.toStdString() << " is not in icons.qrc";
        int ink = 0;
        for (int y = 0; y < image.height(); ++y) {
            for (int x = 0; x < image.width(); ++x) {
                const QColor pixel = image.pixelColor(x, y);
                if (pixel.alpha() < 128) continue;
                ++ink;
                EXPECT_GT(pixel.red(), 200) << file.toStdString();
                EXPECT_LT(pixel.green(), 50) << file.toStdString();
            }
        }
        EXPECT_GT(ink, 40) << file.toStdString();
    }
    EXPECT_TRUE(icon_pixmap(QLatin1StringView("no_such_icon"), Qt::red, 20, 1).isNull());
}

} // namespace
} // namespace ksl::ui
