// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/theme/theme.h"

#include <gtest/gtest.h>

#include <QApplication>
#include <QFontInfo>
#include <QSignalSpy>

namespace ksl::ui {
namespace {

QPalette dark_desktop() {
    QPalette palette;
    palette.setColor(QPalette::Window, QColor(30, 30, 30));
    palette.setColor(QPalette::WindowText, QColor(230, 230, 230));
    return palette;
}

TEST(Theme, SystemFollowsTheLightnessOfThePalette) {
    EXPECT_EQ(scheme_of(dark_desktop()), Scheme::dark);
    EXPECT_EQ(scheme_of(Look{}.palette()), Scheme::light);
}

TEST(Theme, AChoiceIsSignalledOnceAndAppliedToTheStandardWidgets) {
    Theme theme;
    QSignalSpy changes(&theme, &Theme::changed);
    theme.choose(ThemeChoice::dark);
    EXPECT_EQ(changes.count(), 1);
    EXPECT_EQ(theme.look().scheme(), Scheme::dark);
    EXPECT_EQ(QApplication::palette().color(QPalette::Base), theme.look().colour(Role::canvas));
    theme.choose(ThemeChoice::dark);
    EXPECT_EQ(changes.count(), 1);
    QApplication::processEvents();
    EXPECT_EQ(changes.count(), 1) << "our own palette change must not come back as one of the system";
    theme.choose(ThemeChoice::light);
}

TEST(Theme, ScaleIsClampedToWhatTheLayoutSupports) {
    Theme theme;
    theme.choose(ThemeChoice::light);
    theme.set_scale(9);
    EXPECT_DOUBLE_EQ(theme.look().scale(), 2.5);
    theme.set_scale(0.1);
    EXPECT_DOUBLE_EQ(theme.look().scale(), 0.8);
    EXPECT_NEAR(theme.look().font(TextSize::title).pointSizeF(), 12.8, 1e-9);
}

TEST(Theme, PresenterModeEnlargesTypeAndLinesAndTurnsPatternsOn) {
    Theme theme;
    theme.choose(ThemeChoice::light);
    const double type = theme.look().font(TextSize::body).pointSizeF();
    const double line = theme.look().hairline().widthF();
    theme.set_presenter(true);
    EXPECT_DOUBLE_EQ(theme.look().font(TextSize::body).pointSizeF(), 1.5 * type);
    EXPECT_DOUBLE_EQ(theme.look().hairline().widthF(), 2 * line);
    EXPECT_TRUE(theme.look().has_patterns());
}

TEST(Theme, HighContrastHasThreePixelOutlinesAndPatterns) {
    const Look look{{.scheme = Scheme::high_contrast}};
    EXPECT_TRUE(look.has_patterns());
    for (const Outline kind : {Outline::hover, Outline::selected, Outline::danger}) {
        EXPECT_DOUBLE_EQ(look.outline(kind).widthF(), 3);
    }
    EXPECT_DOUBLE_EQ(look.hairline().widthF(), 3);
}

TEST(Theme, SeriesDifferInHueDashAndMarker) {
    for (const Scheme scheme : {Scheme::light, Scheme::dark, Scheme::print, Scheme::high_contrast}) {
        const Look look{{.scheme = scheme}};
        for (std::size_t a = 0; a < kSeries; ++a) {
            for (std::size_t b = a + 1; b < kSeries; ++b) {
                const SeriesStyle first = look.series(a);
                const SeriesStyle second = look.series(b);
                EXPECT_TRUE(scheme == Scheme::high_contrast || first.colour != second.colour);
                EXPECT_NE(first.pen.dashPattern(), second.pen.dashPattern()) << a << ' ' << b;
                EXPECT_NE(first.marker, second.marker);
                EXPECT_NE(first.pattern, second.pattern);
            }
        }
    }
}

TEST(Theme, AddressesAreSetInAFixedPitchFont) {
    EXPECT_TRUE(QFontInfo(Look{}.fixed_font(TextSize::body)).fixedPitch());
}

} // namespace
} // namespace ksl::ui
