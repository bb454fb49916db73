// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/ui/support/made_up_charts.h"
#include "tests/ui/support/pictures.h"
#include "ui/charts/chart_view.h"
#include "ui/charts/qcustomplot.h"

#include <gtest/gtest.h>

namespace ksl::ui {
namespace {

class ChartPictures : public testing::TestWithParam<ThemeChoice> {
protected:
    ChartPictures() { theme_.choose(GetParam()); }
    /// The plot is most of the picture, nothing that is written is cut, nothing lies on anything else.
    static void expect_room(const ChartView& view, const char* name) {
        auto* plot = view.findChild<QCustomPlot*>();
        const QRect axes = plot->axisRect()->rect();
        EXPECT_GT(axes.height(), 0.3 * plot->height()) << name;
        EXPECT_GT(axes.width(), plot->width() * 2 / 3) << name;
        QList<QRect> parts{plot->axisRect()->outerRect()};
        for (int row = 0; row < plot->plotLayout()->rowCount(); ++row) {
            auto* element = plot->plotLayout()->element(row, 0);
            if (element == plot->axisRect()) continue;
            EXPECT_GE(element->outerRect().height(), element->minimumOuterSizeHint().height())
                << name << " row " << row;
            EXPECT_GE(element->outerRect().width(), element->minimumOuterSizeHint().width()) << name << " row " << row;
            EXPECT_TRUE(plot->rect().contains(element->outerRect())) << name << " row " << row;
            for (const QRect& other : parts)
                EXPECT_FALSE(other.intersects(element->outerRect())) << name << " row " << row;
            parts += element->outerRect();
        }
    }

    Theme theme_;
};
INSTANTIATE_TEST_SUITE_P(Themes, ChartPictures,
                         testing::Values(ThemeChoice::light, ThemeChoice::dark, ThemeChoice::print,
                                         ThemeChoice::high_contrast),
                         [](const auto& choice) { return test::theme_name(choice.param).toStdString(); });

TEST_P(ChartPictures, EverySeriesOfEveryChartIsSeen) {
    for (const auto& [name, chart] : test::every_chart()) {
        ChartView view(theme_);
        view.set_chart(chart);
        const QImage image = test::picture_of(
            view, QStringLiteral("chart_%1_%2").arg(QLatin1StringView(name), test::theme_name(GetParam())));
        expect_room(view, name);
        const std::size_t series = std::visit([](const auto& plot) { return plot.series.size(); }, chart.plot);
        for (std::size_t s = 0; s < series; ++s) {
            EXPECT_GT(test::count_of(image, theme_.look().series(s).colour), 100) << name << " series " << s;
        }
        EXPECT_GT(test::count_of(image, theme_.look().colour(Role::text)), 100) << name;
    }
}

TEST_P(ChartPictures, TheTable) {
    ChartView view(theme_);
    view.set_chart(test::box_chart());
    view.show_table(true);
    const QImage image =
        test::picture_of(view, QStringLiteral("chart_table_%1").arg(test::theme_name(GetParam())), QSize(1280, 400));
    EXPECT_GE(test::colours_of(image).size(), 3U);
}

TEST_P(ChartPictures, SmallAndLarge) {
    for (const double scale : {0.8, 2.5}) {
        theme_.set_scale(scale);
        ChartView view(theme_);
        view.set_chart(test::histogram_chart());
        const QString name = QStringLiteral("chart_scale_%1_%2").arg(scale * 100).arg(test::theme_name(GetParam()));
        const QImage image = test::picture_of(view, name, scale < 1 ? QSize(480, 360) : QSize(1280, 720));
        EXPECT_GT(test::count_of(image, theme_.look().series(0).colour), 20);
        expect_room(view, qPrintable(name));
    }
    theme_.set_scale(1);
}

} // namespace
} // namespace ksl::ui
