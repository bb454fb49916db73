// SPDX-License-Identifier: GPL-3.0-or-later
//
// What stands around a chart's plot, title and legend, as text, and how much room it takes.
#pragma once

#include "ui/charts/chart.h"
#include "ui/charts/chart_painter.h"

#include <QString>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace ksl::ui {

struct LegendText {
    QString name;
    QString numbers; ///< n, median, p99 on a line of their own
};

/// How much a legend says. A picture that is too low for everything keeps its plot and says less; the table and the
/// description still have it all.
enum class LegendDetail : std::uint8_t { full, names, one_line };

/// Boxes are named by letters on the axis; the legend says what they stand for.
[[nodiscard]] QString box_letter(std::size_t series);
/// One a series.
[[nodiscard]] std::vector<LegendText> legend_of(const Chart& chart);
[[nodiscard]] LegendDetail detail_for(const Chart& chart, const ChartStyle& style);
[[nodiscard]] QString legend_text(const LegendText& text, const ChartStyle& style, LegendDetail detail);

} // namespace ksl::ui
