// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/charts/chart.h"

#include "ui/format/format.h"

#include <QCoreApplication>
#include <algorithm>
#include <cmath>
#include <limits>

namespace ksl::ui {

namespace {

class ChartText {
    Q_DECLARE_TR_FUNCTIONS(ChartText)
};

template <class... Ts>
struct Overloaded : Ts... {
    using Ts::operator()...;
};

QString kind_of(const Chart& chart) {
    return std::visit(Overloaded{[](const HistogramPlot&) { return ChartText::tr("histogram"); },
                                 [](const EcdfPlot&) { return ChartText::tr("cumulative distribution"); },
                                 [](const BoxPlot&) { return ChartText::tr("box plot"); },
                                 [](const BarPlot&) { return ChartText::tr("bar chart"); },
                                 [](const LinePlot&) { return ChartText::tr("line chart"); }},
                      chart.plot);
}

QString unit_of(Quantity quantity) {
    switch (quantity) {
    case Quantity::time_ns: return QStringLiteral("ns");
    case Quantity::bytes: return QStringLiteral("bytes");
    case Quantity::share: return QStringLiteral("share");
    case Quantity::count:
    case Quantity::number: break;
    }
    return {};
}

QString header(const ChartAxis& axis) {
    const QString unit = unit_of(axis.quantity);
    return unit.isEmpty() ? axis.label : QStringLiteral("%1 (%2)").arg(axis.label, unit);
}

/// Enough digits to read the same number back.
QString plain(double value) {
    return QString::number(value, 'g', std::numeric_limits<double>::max_digits10);
}

QString with_name(const QString& name, const QString& text) {
    return name + QStringLiteral(", ") + text;
}

QStringList spoken_series(const HistogramPlot& plot, const Chart& chart) {
    QStringList all;
    for (const auto& s : plot.series) all += with_name(s.name, summary_text(s.summary, chart.x.quantity));
    return all;
}
QStringList spoken_series(const EcdfPlot& plot, const Chart& chart) {
    QStringList all;
    for (const auto& s : plot.series) all += with_name(s.name, summary_text(s.summary, chart.x.quantity));
    return all;
}
QStringList spoken_series(const BoxPlot& plot, const Chart& chart) {
    QStringList all;
    for (const auto& s : plot.series) all += with_name(s.name, summary_text(s.summary, chart.x.quantity));
    return all;
}
QStringList spoken_series(const BarPlot& plot, const Chart& chart) {
    QStringList all;
    for (const auto& s : plot.series) {
        QString text = s.name;
        for (std::size_t i = 0; i < s.values.size(); ++i) {
            text += QStringLiteral(", %1 %2").arg(plot.groups.value(static_cast<qsizetype>(i)),
                                                  format_quantity(s.values[i], chart.y.quantity));
        }
        all += text;
    }
    return all;
}
QStringList spoken_series(const LinePlot& plot, const Chart& chart) {
    QStringList all;
    for (const auto& s : plot.series) {
        if (s.points.empty()) {
            all += s.name;
            continue;
        }
        const auto& first = s.points.front();
        const auto& last = s.points.back();
        all += with_name(
            s.name, ChartText::tr("from %1 at %2 to %3 at %4")
                        .arg(format_quantity(first.y, chart.y.quantity), format_quantity(first.x, chart.x.quantity),
                             format_quantity(last.y, chart.y.quantity), format_quantity(last.x, chart.x.quantity)));
    }
    return all;
}

ChartTable table_of_plot(const HistogramPlot& plot, const Chart& chart) {
    ChartTable table{
        .headers = {ChartText::tr("%1 from").arg(header(chart.x)), ChartText::tr("%1 to").arg(header(chart.x))},
        .rows = {}};
    for (const auto& s : plot.series) table.headers += s.name;
    const std::size_t bins = plot.series.empty() ? 0 : plot.series.front().histogram.shares.size();
    for (std::size_t i = 0; i < bins; ++i) {
        const Histogram& first = plot.series.front().histogram;
        QStringList row{plain(first.edges[i]), plain(first.edges[i + 1])};
        for (const auto& s : plot.series) row += plain(s.histogram.shares[i]);
        table.rows.push_back(row);
    }
    return table;
}

/// Series with points of their own: name, x, y.
template <class Plot>
ChartTable table_of_points(const Plot& plot, const Chart& chart) {
    ChartTable table{.headers = {ChartText::tr("Series"), header(chart.x), header(chart.y)}, .rows = {}};
    for (const auto& s : plot.series) {
        for (const ChartPoint& point : s.points) table.rows.push_back({s.name, plain(point.x), plain(point.y)});
    }
    return table;
}
ChartTable table_of_plot(const EcdfPlot& plot, const Chart& chart) {
    return table_of_points(plot, chart);
}
ChartTable table_of_plot(const LinePlot& plot, const Chart& chart) {
    ChartTable table = table_of_points(plot, chart);
    const bool has_intervals = std::ranges::any_of(plot.series, [](const auto& s) { return !s.intervals.empty(); });
    if (!has_intervals) return table;
    table.headers += {ChartText::tr("Low"), ChartText::tr("High")};
    std::size_t row = 0;
    for (const auto& s : plot.series) {
        for (std::size_t i = 0; i < s.points.size(); ++i, ++row) {
            const bool has_own = i < s.intervals.size();
            table.rows[row] +=
                {has_own ? plain(s.intervals[i].x) : QString(), has_own ? plain(s.intervals[i].y) : QString()};
        }
    }
    return table;
}
ChartTable table_of_plot(const BoxPlot& plot, const Chart& chart) {
    ChartTable table{.headers = {ChartText::tr("Series"), QStringLiteral("n")}, .rows = {}};
    for (const char* column : {"min", "p5", "q1", "median", "q3", "p95", "p99", "max", "mean"}) {
        const QString unit = unit_of(chart.x.quantity);
        const QString name = QString::fromLatin1(column);
        table.headers += unit.isEmpty() ? name : QStringLiteral("%1 (%2)").arg(name, unit);
    }
    for (const auto& s : plot.series) {
        const Summary& m = s.summary;
        QStringList row{s.name, QString::number(m.n)};
        for (const double value : {m.min, m.p5, m.q1, m.median, m.q3, m.p95, m.p99, m.max, m.mean}) row += plain(value);
        table.rows.push_back(row);
    }
    return table;
}
ChartTable table_of_plot(const BarPlot& plot, const Chart& chart) {
    ChartTable table{.headers = {chart.x.label}, .rows = {}};
    for (const auto& s : plot.series) table.headers += s.name;
    for (qsizetype group = 0; group < plot.groups.size(); ++group) {
        QStringList row{plot.groups[group]};
        for (const auto& s : plot.series) {
            const auto at = static_cast<std::size_t>(group);
            row += at < s.values.size() ? plain(s.values[at]) : QString();
        }
        table.rows.push_back(row);
    }
    return table;
}

QString csv_field(const QString& field) {
    const bool needs_quotes =
        field.contains(u',') || field.contains(u'"') || field.contains(u'\n') || field.contains(u'\r');
    if (!needs_quotes) return field;
    QString quoted = field;
    quoted.replace(u'"', QStringLiteral("\"\""));
    return u'"' + quoted + u'"';
}

} // namespace

QString format_quantity(double value, Quantity quantity) {
    switch (quantity) {
    case Quantity::time_ns: return format_time(value);
    case Quantity::bytes:
        return value < 0 ? format_decimal(value, 0)
                         : format_bytes(core::Bytes{static_cast<std::uint64_t>(std::llround(value))});
    case Quantity::share: return format_percent(value, 1);
    case Quantity::count:
        return format_decimal(value, value == static_cast<double>(static_cast<std::int64_t>(value)) ? 0 : 2);
    case Quantity::number: break;
    }
    return QString::number(value, 'g', 4);
}

QString summary_text(const Summary& summary, Quantity quantity) {
    return ChartText::tr("n %1, median %2, p99 %3")
        .arg(format_count(summary.n), format_quantity(summary.median, quantity),
             format_quantity(summary.p99, quantity));
}

QString description_of(const Chart& chart) {
    const QStringList series = std::visit([&](const auto& plot) { return spoken_series(plot, chart); }, chart.plot);
    return ChartText::tr("%1, %2, %n series", nullptr, static_cast<int>(series.size()))
               .arg(chart.title, kind_of(chart)) +
           (series.isEmpty() ? QString() : QStringLiteral(": ") + series.join(QStringLiteral("; ")));
}

ChartTable table_of(const Chart& chart) {
    return std::visit([&](const auto& plot) { return table_of_plot(plot, chart); }, chart.plot);
}

QString csv_of(const ChartTable& table) {
    QString csv;
    const auto add_line = [&csv](const QStringList& fields) {
        for (qsizetype i = 0; i < fields.size(); ++i)
            csv += (i == 0 ? QString() : QStringLiteral(",")) + csv_field(fields[i]);
        csv += QStringLiteral("\r\n");
    };
    add_line(table.headers);
    for (const QStringList& row : table.rows) add_line(row);
    return csv;
}

HistogramPlot histogram_of(const std::vector<Sample>& samples, AxisScale scale, std::size_t bins) {
    double from = std::numeric_limits<double>::infinity();
    double to = -from;
    for (const Sample& sample : samples) {
        for (const double value : sample.values) {
            // A logarithmic axis has no place for zero; such values fall into its first bin.
            if (scale == AxisScale::logarithmic && value <= 0) continue;
            from = std::min(from, value);
            to = std::max(to, value);
        }
    }
    if (!(from < to)) {
        // One value alone, or none: an axis around it.
        from = std::isfinite(from) ? from : 1;
        to = from == 0 ? 1 : from * 2;
    }
    const std::vector<double> edges =
        bin_edges(from, to, bins, scale == AxisScale::logarithmic ? BinScale::logarithmic : BinScale::linear);
    HistogramPlot plot;
    for (const Sample& sample : samples) {
        plot.series.push_back({.name = sample.name,
                               .histogram = make_histogram(sample.values, edges),
                               .summary = summarise(sample.values)});
    }
    return plot;
}

EcdfPlot ecdf_of(const std::vector<Sample>& samples) {
    EcdfPlot plot;
    for (const Sample& sample : samples) {
        plot.series.push_back(
            {.name = sample.name, .points = make_ecdf(sample.values), .summary = summarise(sample.values)});
    }
    return plot;
}

BoxPlot boxes_of(const std::vector<Sample>& samples) {
    BoxPlot plot;
    for (const Sample& sample : samples)
        plot.series.push_back({.name = sample.name, .summary = summarise(sample.values)});
    return plot;
}

} // namespace ksl::ui
