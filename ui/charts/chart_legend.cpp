// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/charts/chart_legend.h"

#include <QFontMetricsF>
#include <cmath>
#include <variant>

namespace ksl::ui {

namespace {

template <class... Ts>
struct Overloaded : Ts... {
    using Ts::operator()...;
};

ChartExtras extras_of(const Chart& chart, const ChartStyle& style, LegendDetail detail) {
    const QFontMetricsF text(style.text);
    const QFontMetricsF title(style.title);
    const double margin = text.height() / 2;
    ChartExtras extras;
    const QString title_text = wrapped(chart.title, style.title, style.width - text.height());
    extras.title = margin + (title.lineSpacing() * static_cast<double>(title_text.count(u'\n') + 1));
    for (const LegendText& entry : legend_of(chart)) {
        const auto lines = static_cast<double>(legend_text(entry, style, detail).count(u'\n') + 1);
        extras.legend += std::ceil(text.lineSpacing() * lines) + std::ceil(text.height() / 6);
    }
    if (extras.legend > 0) extras.legend += 2 * margin;
    return extras;
}

} // namespace

QString box_letter(std::size_t series) {
    return {QChar(u'A' + static_cast<char16_t>(series % 26))};
}

std::vector<LegendText> legend_of(const Chart& chart) {
    std::vector<LegendText> all;
    const auto with_numbers = [&](const auto& plot) {
        for (const auto& s : plot.series) all.push_back({s.name, summary_text(s.summary, chart.x.quantity)});
    };
    const auto names = [&](const auto& plot) {
        for (const auto& s : plot.series) all.push_back({s.name, {}});
    };
    std::visit(Overloaded{[&](const HistogramPlot& plot) { with_numbers(plot); },
                          [&](const EcdfPlot& plot) { with_numbers(plot); },
                          [&](const BoxPlot& plot) {
                              with_numbers(plot);
                              for (std::size_t i = 0; i < all.size(); ++i)
                                  all[i].name = box_letter(i) + QStringLiteral(": ") + all[i].name;
                          },
                          [&](const BarPlot& plot) { names(plot); }, [&](const LinePlot& plot) { names(plot); }},
               chart.plot);
    return all;
}

LegendDetail detail_for(const Chart& chart, const ChartStyle& style) {
    constexpr double kMostOfHeight = 0.45;
    if (style.height <= 0) return LegendDetail::full;
    for (const LegendDetail detail : {LegendDetail::full, LegendDetail::names}) {
        const ChartExtras extras = extras_of(chart, style, detail);
        if (extras.title + extras.legend <= kMostOfHeight * style.height) return detail;
    }
    return LegendDetail::one_line;
}

QString legend_text(const LegendText& text, const ChartStyle& style, LegendDetail detail) {
    const QFontMetricsF metrics(style.text);
    const double room = style.width - (5 * metrics.height());
    if (detail == LegendDetail::one_line) return metrics.elidedText(text.name, Qt::ElideRight, room);
    QString name = wrapped(text.name, style.text, room);
    if (detail == LegendDetail::names) return name;
    return text.numbers.isEmpty() ? name : name + u'\n' + wrapped(text.numbers, style.text, room);
}

ChartExtras extras_of(const Chart& chart, const ChartStyle& style) {
    return extras_of(chart, style, detail_for(chart, style));
}

QString wrapped(const QString& text, const QFont& font, double width) {
    const QFontMetricsF metrics(font);
    QString out;
    QString line;
    for (const QString& word : text.split(u' ', Qt::SkipEmptyParts)) {
        const QString longer = line.isEmpty() ? word : line + u' ' + word;
        if (line.isEmpty() || metrics.horizontalAdvance(longer) <= width) {
            line = longer;
            continue;
        }
        out += line + u'\n';
        line = word;
    }
    return out + line;
}

} // namespace ksl::ui
