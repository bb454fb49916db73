// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/ui/support/made_up_charts.h"
#include "ui/charts/chart_view.h"
#include "ui/format/format.h"

#include <gtest/gtest.h>

#include <QAbstractItemModel>
#include <QAbstractItemModelTester>
#include <QSignalSpy>
#include <QTableView>
#include <QToolButton>

namespace ksl::ui {
namespace {

TEST(ChartDescription, NamesEverySeriesWithItsNumbers) {
    QString text = description_of(test::histogram_chart());
    text.replace(QChar(kThinSpace), u' ');
    EXPECT_TRUE(text.startsWith(QStringLiteral("Clone latency, histogram, 3 series: direct map, 16 KiB, no guard")))
        << text.toStdString();
    EXPECT_EQ(text.count(QStringLiteral("n 20 000, median ")), 3);
    EXPECT_EQ(text.count(QStringLiteral("p99 ")), 3);
    for (const auto& [name, chart] : test::every_chart()) EXPECT_GT(description_of(chart).size(), 60) << name;
}

TEST(ChartTableOf, HasTheNumbersThatAreDrawn) {
    const Chart chart = test::line_chart();
    const ChartTable table = table_of(chart);
    EXPECT_EQ(table.headers.size(), 5);
    EXPECT_EQ(table.rows.size(), 22U);
    const auto& series = std::get<LinePlot>(chart.plot).series;
    for (std::size_t i = 0; i < 11; ++i) {
        EXPECT_EQ(table.rows[i][1].toDouble(), series[0].points[i].x) << "bit for bit";
        EXPECT_EQ(table.rows[i][2].toDouble(), series[0].points[i].y);
        EXPECT_EQ(table.rows[i][3].toDouble(), series[0].intervals[i].x);
    }
    for (const auto& [name, each] : test::every_chart()) {
        const ChartTable t = table_of(each);
        EXPECT_FALSE(t.rows.empty()) << name;
        for (const QStringList& row : t.rows) EXPECT_EQ(row.size(), t.headers.size()) << name;
    }
}

TEST(ChartTableOf, BoxesListTheSummary) {
    const ChartTable table = table_of(test::box_chart());
    EXPECT_TRUE(table.headers.contains(QStringLiteral("median (ns)")));
    EXPECT_EQ(table.rows.size(), 3U);
    EXPECT_EQ(table.rows[0][1], QStringLiteral("20000")) << "plain numbers, for machines";
}

TEST(Csv, QuotesWhatNeedsIt) {
    const ChartTable table{.headers = {QStringLiteral("a,b"), QStringLiteral("say \"hi\"")},
                           .rows = {{QStringLiteral("1.5"), QStringLiteral("two\nlines")}}};
    EXPECT_EQ(csv_of(table), QStringLiteral("\"a,b\",\"say \"\"hi\"\"\"\r\n1.5,\"two\nlines\"\r\n"));
}

TEST(HistogramOf, SharesItsEdgesAndSurvivesDegenerateData) {
    const HistogramPlot plot = histogram_of(test::three_designs(), AxisScale::logarithmic);
    EXPECT_EQ(plot.series[0].histogram.edges, plot.series[2].histogram.edges);
    for (const AxisScale scale : {AxisScale::linear, AxisScale::logarithmic}) {
        for (const std::vector<double>& values : {std::vector<double>{}, {0}, {5}, {5, 5}, {0, 0, 3}}) {
            const HistogramPlot odd = histogram_of({{.name = QStringLiteral("x"), .values = values}}, scale);
            double sum = 0;
            for (const double share : odd.series[0].histogram.shares) sum += share;
            EXPECT_NEAR(sum, values.empty() ? 0 : 1, 1e-12);
        }
    }
}

TEST(ChartViewWidget, ShowsTheSameDataAsATable) {
    const Theme theme;
    ChartView view(theme);
    view.set_chart(test::box_chart());
    view.show_table(true);
    EXPECT_TRUE(view.shows_table());
    auto* table = view.findChild<QTableView*>();
    const QAbstractItemModelTester tester(table->model(), QAbstractItemModelTester::FailureReportingMode::Fatal);
    EXPECT_EQ(table->model()->rowCount(), 3);
    EXPECT_TRUE(view.accessibleName().startsWith(QStringLiteral("Clone latency by design, box plot")));
    view.set_chart(test::line_chart());
    EXPECT_EQ(table->model()->rowCount(), 22);
    view.show_table(false);
    EXPECT_FALSE(view.shows_table());
}

TEST(ChartViewWidget, AsksForTheOtherScaleInsteadOfBendingTheBins) {
    const Theme theme;
    ChartView view(theme);
    view.set_chart(test::histogram_chart());
    QSignalSpy asked(&view, &ChartView::scale_requested);
    for (QToolButton* button : view.findChildren<QToolButton*>()) {
        if (button->text().startsWith(QStringLiteral("Log"))) button->click();
    }
    ASSERT_EQ(asked.count(), 1);
    EXPECT_EQ(asked[0][0].value<AxisScale>(), AxisScale::linear);
}

} // namespace
} // namespace ksl::ui
