// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/charts/chart_painter.h"

#include "ui/charts/chart_legend.h"
#include "ui/charts/chart_plottables.h"
#include "ui/charts/qcustomplot.h"
#include "ui/charts/unit_ticker.h"

#include <QFontMetricsF>
#include <algorithm>
#include <cmath>
#include <limits>

namespace ksl::ui {

namespace {

QCPScatterStyle::ScatterShape shape_of(Marker marker) {
    switch (marker) {
    case Marker::disc: return QCPScatterStyle::ssCircle;
    case Marker::square: return QCPScatterStyle::ssSquare;
    case Marker::triangle: return QCPScatterStyle::ssTriangle;
    case Marker::diamond: return QCPScatterStyle::ssDiamond;
    case Marker::triangle_down: return QCPScatterStyle::ssTriangleInverted;
    case Marker::cross: return QCPScatterStyle::ssPlus;
    }
    return QCPScatterStyle::ssCircle;
}

/// Smallest and largest value seen.
struct Extent {
    double from = std::numeric_limits<double>::infinity();
    double to = -std::numeric_limits<double>::infinity();

    void add(double value) {
        if (!std::isfinite(value)) return;
        from = std::min(from, value);
        to = std::max(to, value);
    }
    [[nodiscard]] bool is_empty() const { return !(from <= to); }
};

class ChartPainter {
public:
    ChartPainter(QCustomPlot& plot, const Chart& chart, const ChartStyle& style)
        : plot_(plot), chart_(chart), style_(style), look_(style.look), legend_texts_(legend_of(chart)),
          detail_(detail_for(chart, style)) {}

    void draw() {
        clear();
        style_axes();
        std::visit([this](const auto& plot) { draw_plot(plot); }, chart_.plot);
        place_legend();
        place_title();
    }

private:
    static constexpr std::size_t kMostMarked = 30; ///< points of a line that all get their marker

    void clear() {
        plot_.clearPlottables();
        plot_.clearItems();
        // Axes keep tickers and styles of the last chart; a fresh layout has none. The legend belongs to it.
        plot_.plotLayout()->clear();
        auto* rect = new QCPAxisRect(&plot_);
        plot_.plotLayout()->addElement(0, 0, rect);
        legend_ = new QCPLegend;
        plot_.plotLayout()->addElement(1, 0, legend_); // before its first item: items look for the plot through it
        plot_.setAutoAddPlottableToLegend(false);
        x_ = rect->axis(QCPAxis::atBottom);
        y_ = rect->axis(QCPAxis::atLeft);
        for (QCPAxis* axis : {x_, y_}) {
            axis->setLayer(QStringLiteral("axes"));
            axis->grid()->setLayer(QStringLiteral("grid"));
        }
        rect->axis(QCPAxis::atTop)->setVisible(false);
        rect->axis(QCPAxis::atRight)->setVisible(false);
        plot_.setBackground(look_.colour(Role::canvas));
        plot_.setNotAntialiasedElements(QCP::aeAxes | QCP::aeGrid | QCP::aeSubGrid);
    }

    [[nodiscard]] QPen pen(Role role, double width) const { return {look_.colour(role), width * style_.line}; }
    [[nodiscard]] double line_height() const { return QFontMetricsF(style_.text).height(); }

    void style_axis(QCPAxis& axis, const ChartAxis& description) const {
        axis.setLabel(description.label);
        axis.setLabelFont(style_.text);
        axis.setTickLabelFont(style_.text);
        axis.setLabelColor(look_.colour(Role::text));
        axis.setTickLabelColor(look_.colour(Role::text));
        axis.setBasePen(pen(Role::hairline, 1));
        axis.setTickPen(pen(Role::hairline, 1));
        axis.setSubTickPen(pen(Role::hairline, 1));
        const int tick = static_cast<int>(std::lround(line_height() / 4));
        axis.setTickLength(0, tick);
        axis.setSubTickLength(0, tick / 2);
        axis.setTickLabelPadding(tick + 2);
        axis.setLabelPadding(tick / 2);
        QPen grid = look_.grid_line();
        grid.setCosmetic(false); // a hairline of the screen would vanish on paper
        grid.setWidthF(style_.line);
        axis.grid()->setPen(grid);
        axis.grid()->setSubGridVisible(false);
        axis.grid()->setZeroLinePen(Qt::NoPen);
        axis.setScaleType(description.scale == AxisScale::logarithmic ? QCPAxis::stLogarithmic : QCPAxis::stLinear);
        axis.setTicker(QSharedPointer<UnitTicker>::create(axis, description, style_.text));
    }
    void style_axes() const {
        style_axis(*x_, chart_.x);
        style_axis(*y_, chart_.y);
    }

    [[nodiscard]] QPen series_pen(std::size_t series) const {
        QPen own = look_.series(series).pen;
        own.setWidthF(own.widthF() * style_.line);
        return own;
    }
    [[nodiscard]] QCPScatterStyle series_marker(std::size_t series) const {
        const SeriesStyle own = look_.series(series);
        return {shape_of(own.marker), QPen(own.colour, 1.5 * style_.line), QBrush(look_.colour(Role::canvas)),
                std::max(6.0, line_height() * 0.4)};
    }
    [[nodiscard]] PatternFill series_fill(std::size_t series) const {
        const SeriesStyle own = look_.series(series);
        return {.pattern = own.pattern, .ink = own.colour, .step = kPatternSide * style_.line};
    }
    [[nodiscard]] QBrush series_tint(std::size_t series) const {
        const double part = look_.scheme() == Scheme::high_contrast ? 0 : 0.25;
        return mixed(look_.colour(Role::canvas), look_.series(series).colour, part);
    }

    void add_to_legend(QCPAbstractPlottable& plottable, const LegendText& text) {
        plottable.setName(legend_text(text, style_, detail_));
        auto* item = new QCPPlottableLegendItem(legend_, &plottable);
        legend_->addItem(item);
    }

    MarkedGraph* add_graph(std::size_t series, const std::vector<ChartPoint>& points, QCPGraph::LineStyle line) {
        auto* graph = new MarkedGraph(x_, y_, series);
        QVector<double> keys;
        QVector<double> values;
        for (const ChartPoint& point : points) {
            keys += point.x;
            values += point.y;
        }
        graph->setData(keys, values, true);
        graph->setLineStyle(line);
        graph->setPen(series_pen(series));
        graph->setAdaptiveSampling(false); // thinned already, and exports must not depend on it
        graph->setScatterStyle(series_marker(series));
        return graph;
    }

    static void set_range(QCPAxis& axis, const ChartAxis& description, Extent extent, double headroom) {
        if (extent.is_empty()) extent = {.from = 1, .to = 2};
        if (description.scale == AxisScale::logarithmic) {
            const double from = extent.from > 0 ? extent.from : 1;
            const double to = extent.to > from ? extent.to : from * 10;
            const double grow = std::pow(to / from, 0.02);
            axis.setRange(from / grow, to * grow);
            return;
        }
        if (extent.from == extent.to) extent.to = extent.from + 1;
        const double length = extent.to - extent.from;
        const bool starts_at_zero = extent.from == 0;
        axis.setRange(starts_at_zero ? 0 : extent.from - (0.03 * length), extent.to + (headroom * length));
    }

    void draw_plot(const HistogramPlot& plot) {
        Extent x;
        Extent y;
        y.add(0);
        for (std::size_t s = 0; s < plot.series.size(); ++s) {
            const Histogram& histogram = plot.series[s].histogram;
            // Steps begin at each edge; a last point at the last edge closes the outline.
            std::vector<ChartPoint> steps;
            for (std::size_t i = 0; i < histogram.shares.size(); ++i) {
                steps.push_back({.x = histogram.edges[i], .y = histogram.shares[i]});
                y.add(histogram.shares[i]);
            }
            if (!histogram.edges.empty()) steps.push_back({.x = histogram.edges.back(), .y = 0});
            for (const double edge : histogram.edges) x.add(edge);
            MarkedGraph* graph = add_graph(s, steps, QCPGraph::lsStepLeft);
            add_to_legend(*graph, legend_texts_[s]);
        }
        for (int i = 0; i < plot_.plottableCount(); ++i) {
            if (auto* graph = dynamic_cast<MarkedGraph*>(plot_.plottable(i))) graph->set_marked_from(0.08 * y.to);
        }
        set_range(*x_, chart_.x, x, 0.03);
        set_range(*y_, chart_.y, y, 0.08);
    }

    void draw_plot(const EcdfPlot& plot) {
        Extent x;
        for (std::size_t s = 0; s < plot.series.size(); ++s) {
            for (const ChartPoint& point : plot.series[s].points) x.add(point.x);
            MarkedGraph* graph = add_graph(s, plot.series[s].points, QCPGraph::lsStepLeft);
            graph->set_marked_from(0.04);
            add_to_legend(*graph, legend_texts_[s]);
        }
        set_range(*x_, chart_.x, x, 0.03);
        y_->setRange(0, 1.05);
        for (const auto& [share, name] : {std::pair{0.5, "p50"}, std::pair{0.99, "p99"}})
            add_level(share, QString::fromLatin1(name));
    }

    /// A dashed line across the plot with its name above its left end.
    void add_level(double at, const QString& name) {
        auto* line = new QCPItemLine(&plot_);
        line->start->setTypeX(QCPItemPosition::ptAxisRectRatio);
        line->end->setTypeX(QCPItemPosition::ptAxisRectRatio);
        for (QCPItemPosition* end : {line->start, line->end}) {
            end->setTypeY(QCPItemPosition::ptPlotCoords);
            end->setAxisRect(x_->axisRect());
            end->setAxes(x_, y_);
        }
        line->start->setCoords(0, at);
        line->end->setCoords(1, at);
        QPen dashed = pen(Role::muted, 1);
        dashed.setDashPattern({4, 3});
        line->setPen(dashed);
        auto* text = new QCPItemText(&plot_);
        text->position->setTypeX(QCPItemPosition::ptAxisRectRatio);
        text->position->setTypeY(QCPItemPosition::ptPlotCoords);
        text->position->setAxisRect(x_->axisRect());
        text->position->setAxes(x_, y_);
        text->position->setCoords(0.01, at);
        text->setPositionAlignment(Qt::AlignLeft | (at > 0.9 ? Qt::AlignTop : Qt::AlignBottom));
        text->setText(name);
        text->setFont(style_.text);
        text->setColor(look_.colour(Role::muted));
        text->setPen(Qt::NoPen);
    }

    void draw_plot(const BoxPlot& plot) {
        Extent x;
        auto names = QSharedPointer<QCPAxisTickerText>::create();
        const auto count = static_cast<double>(plot.series.size());
        for (std::size_t s = 0; s < plot.series.size(); ++s) {
            const Summary& m = plot.series[s].summary;
            auto* box = new PatternBox(y_, x_, series_fill(s));
            const double at = count - static_cast<double>(s); // the first one on top
            box->addData(at, m.p5, m.q1, m.median, m.q3, m.p95, {m.min, m.max});
            box->setWidth(0.5);
            box->setWhiskerWidth(0.3);
            const QPen outline(look_.series(s).colour, 1.5 * style_.line);
            box->setPen(outline);
            box->setWhiskerPen(outline);
            box->setWhiskerBarPen(outline);
            box->setMedianPen(QPen(look_.colour(Role::text), 3 * style_.line, Qt::SolidLine, Qt::FlatCap));
            box->setBrush(series_tint(s));
            // Extremes are ticks across the whisker's direction, not points that look like data.
            QPainterPath tick;
            tick.moveTo(0, -5);
            tick.lineTo(0, 5);
            box->setOutlierStyle(QCPScatterStyle(tick, outline, Qt::NoBrush, std::max(6.0, line_height() * 0.5)));
            for (const double value : {m.min, m.max}) x.add(value);
            names->addTick(at, box_letter(s));
            add_to_legend(*box, legend_texts_[s]);
        }
        y_->setTicker(names);
        y_->setTickLength(0, 0);
        y_->setSubTicks(false);
        y_->grid()->setVisible(false);
        y_->setRange(0.4, count + 0.6);
        set_range(*x_, chart_.x, x, 0.03);
    }

    void draw_plot(const BarPlot& plot) {
        Extent y;
        y.add(0);
        auto names = QSharedPointer<QCPAxisTickerText>::create();
        const double group_width = 0.8;
        const double room = style_.width / std::max<double>(1, static_cast<double>(plot.groups.size()) + 1);
        for (qsizetype group = 0; group < plot.groups.size(); ++group) {
            names->addTick(static_cast<double>(group), wrapped(plot.groups[group], style_.text, room));
        }
        const double bar = group_width / std::max<double>(1, static_cast<double>(plot.series.size()));
        std::vector<double> stacked(static_cast<std::size_t>(plot.groups.size()), 0);
        QCPBars* below = nullptr;
        for (std::size_t s = 0; s < plot.series.size(); ++s) {
            auto* bars = new PatternBars(x_, y_, series_fill(s));
            const bool is_stacked = plot.style == BarStyle::stacked;
            const double shift = is_stacked ? 0 : ((static_cast<double>(s) + 0.5) * bar) - (group_width / 2);
            for (std::size_t group = 0; group < plot.series[s].values.size() && group < stacked.size(); ++group) {
                const double value = plot.series[s].values[group];
                if (value != 0) bars->addData(static_cast<double>(group) + shift, value);
                stacked[group] = is_stacked ? stacked[group] + value : value;
                y.add(stacked[group]);
            }
            bars->setWidthType(QCPBars::wtPlotCoords);
            bars->setWidth(is_stacked ? 0.5 : bar * 0.9);
            bars->setPen(QPen(look_.series(s).colour, 1.5 * style_.line));
            bars->setBrush(series_tint(s));
            if (is_stacked && below != nullptr) bars->moveAbove(below);
            below = bars;
            add_to_legend(*bars, legend_texts_[s]);
        }
        x_->setTicker(names);
        x_->setSubTicks(false);
        x_->setTickLength(0, 0);
        x_->grid()->setVisible(false);
        x_->setRange(-0.6, static_cast<double>(plot.groups.size()) - 0.4);
        set_range(*y_, chart_.y, y, 0.08);
    }

    void draw_plot(const LinePlot& plot) {
        Extent x;
        Extent y;
        for (std::size_t s = 0; s < plot.series.size(); ++s) {
            const std::vector<ChartPoint> points = thinned(plot.series[s].points);
            MarkedGraph* graph = add_graph(s, points, QCPGraph::lsLine);
            if (points.size() <= kMostMarked) graph->mark_all();
            for (const ChartPoint& point : points) {
                x.add(point.x);
                y.add(point.y);
            }
            if (plot.series[s].intervals.size() == plot.series[s].points.size() &&
                points.size() == plot.series[s].points.size()) {
                add_intervals(*graph, s, plot.series[s], y);
            }
            add_to_legend(*graph, legend_texts_[s]);
        }
        if (chart_.y.scale == AxisScale::linear && y.from > 0 && y.from < 0.5 * y.to) y.add(0);
        set_range(*x_, chart_.x, x, 0.03);
        set_range(*y_, chart_.y, y, 0.08);
    }

    void add_intervals(QCPGraph& graph, std::size_t s, const LinePlot::Series& series, Extent& y) {
        auto* bars = new QCPErrorBars(x_, y_);
        bars->setDataPlottable(&graph);
        QVector<double> minus;
        QVector<double> plus;
        for (std::size_t i = 0; i < series.points.size(); ++i) {
            minus += series.points[i].y - series.intervals[i].x;
            plus += series.intervals[i].y - series.points[i].y;
            y.add(series.intervals[i].x);
            y.add(series.intervals[i].y);
        }
        bars->setData(minus, plus);
        bars->setPen(QPen(look_.series(s).colour, 1.5 * style_.line));
        bars->setWhiskerWidth(line_height() * 0.5);
        bars->setSymbolGap(line_height() * 0.5);
    }

    void place_legend() {
        QCPLayoutGrid& layout = *plot_.plotLayout();
        if (legend_->itemCount() == 0) {
            layout.remove(legend_);
            layout.simplify();
            return;
        }
        layout.setRowStretchFactor(1, 0.001);
        legend_->setLayer(QStringLiteral("legend"));
        legend_->setBorderPen(Qt::NoPen);
        legend_->setBrush(Qt::NoBrush);
        legend_->setFont(style_.text);
        legend_->setTextColor(look_.colour(Role::text));
        for (int i = 0; i < legend_->itemCount(); ++i) {
            legend_->item(i)->setFont(style_.text);
            legend_->item(i)->setTextColor(look_.colour(Role::text));
        }
        legend_->setIconSize(static_cast<int>(2.2 * line_height()), static_cast<int>(line_height()));
        legend_->setIconTextPadding(static_cast<int>(line_height() / 2));
        legend_->setRowSpacing(static_cast<int>(line_height() / 6));
        const int side = static_cast<int>(line_height() / 2);
        legend_->setMargins(QMargins(side, side / 2, side, side / 2));
        legend_->setFillOrder(QCPLegend::foRowsFirst);
    }

    void place_title() {
        QCPLayoutGrid& layout = *plot_.plotLayout();
        layout.insertRow(0);
        auto* title =
            new QCPTextElement(&plot_, wrapped(chart_.title, style_.title, style_.width - line_height()), style_.title);
        title->setTextColor(look_.colour(Role::text));
        title->setTextFlags(Qt::AlignLeft | Qt::AlignVCenter);
        const int side = static_cast<int>(line_height() / 2);
        title->setMargins(QMargins(side, side, side, 0));
        layout.addElement(0, 0, title);
        layout.setRowSpacing(0);
    }

    QCustomPlot& plot_;
    const Chart& chart_;
    const ChartStyle& style_;
    const Look& look_;
    std::vector<LegendText> legend_texts_;
    LegendDetail detail_;
    QCPLegend* legend_ = nullptr;
    QCPAxis* x_ = nullptr;
    QCPAxis* y_ = nullptr;
};

} // namespace

ChartStyle screen_style(const Look& look, QSizeF size) {
    return {.look = look,
            .text = look.font(TextSize::small),
            .title = look.font(TextSize::body, TextWeight::bold),
            .line = 1,
            .width = size.width(),
            .height = size.height()};
}

void draw_chart(QCustomPlot& plot, const Chart& chart, const ChartStyle& style) {
    ChartPainter(plot, chart, style).draw();
}

} // namespace ksl::ui
