// SPDX-License-Identifier: GPL-3.0-or-later
//
// A chart as data: everything that is drawn, nothing about how. The window, the command line and a test build the same
// value; ChartView shows it, export_chart() writes it, table_of() lists it, description_of() says it.
#pragma once

#include "ui/charts/chart_stats.h"

#include <QString>
#include <QStringList>
#include <cstdint>
#include <optional>
#include <variant>
#include <vector>

namespace ksl::ui {

/// What an axis counts; decides how its numbers are written.
enum class Quantity : std::uint8_t { time_ns, bytes, count, share, number };
enum class AxisScale : std::uint8_t { linear, logarithmic };

struct ChartAxis {
    QString label; ///< without the unit: numbers carry it
    Quantity quantity = Quantity::number;
    AxisScale scale = AxisScale::linear;
};

/// Bins of several runs over the same edges.
struct HistogramPlot {
    struct Series {
        QString name; ///< the full design sentence
        Histogram histogram;
        Summary summary;
    };
    std::vector<Series> series;
};

/// Cumulative distributions.
struct EcdfPlot {
    struct Series {
        QString name;
        std::vector<ChartPoint> points; ///< x = value, y = share 0..1
        Summary summary;
    };
    std::vector<Series> series;
};

/// Median, quartiles, whiskers at 5 and 95 %, ticks at the extremes.
struct BoxPlot {
    struct Series {
        QString name;
        Summary summary;
    };
    std::vector<Series> series;
};

enum class BarStyle : std::uint8_t { grouped, stacked };
struct BarPlot {
    struct Series {
        QString name;
        std::vector<double> values; ///< one a group
    };
    QStringList groups;
    std::vector<Series> series;
    BarStyle style = BarStyle::grouped;
};

/// Values over a parameter.
struct LinePlot {
    struct Series {
        QString name;
        std::vector<ChartPoint> points; ///< ascending in x
        /// With each point, the ends of its confidence interval (x = low, y = high); empty if there are none.
        std::vector<ChartPoint> intervals;
    };
    std::vector<Series> series;
};

struct Chart {
    QString title;
    ChartAxis x;
    ChartAxis y;
    std::variant<HistogramPlot, EcdfPlot, BoxPlot, BarPlot, LinePlot> plot;
    QString
        caption; ///< title, scenario, design, seed, version, digest, fidelity: what an export carries below the picture
};

/// "Clone latency histogram, 3 series: direct 16K, n 50 000, median 1.21 µs, p99 2.69 µs; ...": accessible name and alt
/// text.
[[nodiscard]] QString description_of(const Chart& chart);

struct ChartTable {
    QStringList headers;
    std::vector<QStringList> rows; ///< plain numbers with a point, for machines; units are in the headers
};
[[nodiscard]] ChartTable table_of(const Chart& chart);
/// RFC 4180: comma, CRLF, quotes where needed.
[[nodiscard]] QString csv_of(const ChartTable& table);

/// A number as the axis writes it, with unit.
[[nodiscard]] QString format_quantity(double value, Quantity quantity);
/// "n 50 000, median 1.21 µs, p99 2.69 µs".
[[nodiscard]] QString summary_text(const Summary& summary, Quantity quantity);

/// Raw values of several runs, ready to be shown as any of the three pictures of a distribution.
struct Sample {
    QString name;
    std::vector<double> values;
};
inline constexpr std::size_t kDefaultBins = 60;
[[nodiscard]] HistogramPlot histogram_of(const std::vector<Sample>& samples, AxisScale scale,
                                         std::size_t bins = kDefaultBins);
[[nodiscard]] EcdfPlot ecdf_of(const std::vector<Sample>& samples);
[[nodiscard]] BoxPlot boxes_of(const std::vector<Sample>& samples);

} // namespace ksl::ui
