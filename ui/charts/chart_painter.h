// SPDX-License-Identifier: GPL-3.0-or-later
//
// Puts a Chart into a QCustomPlot. The only place, with chart_view.cpp and chart_export.cpp, that knows QCustomPlot.
#pragma once

#include "ui/charts/chart.h"
#include "ui/theme/look.h"

#include <QFont>
#include <QSizeF>

class QCustomPlot;

namespace ksl::ui {

/// Sizes of one picture. On the screen they follow the look; an export has its own, in its own unit of length.
struct ChartStyle {
    Look look;
    QFont text;
    QFont title;
    double line = 1;   ///< width of one look line in the picture's unit
    double width = 0;  ///< of the whole picture; texts wrap to it
    double height = 0; ///< the legend says less where it would leave too little of this to the plot; 0 = it may grow
};

/// Lengths that a picture needs besides its plot, from which an export finds its height.
struct ChartExtras {
    double title = 0;
    double legend = 0;
};
[[nodiscard]] ChartStyle screen_style(const Look& look, QSizeF size);

/// Replaces whatever `plot` shows.
void draw_chart(QCustomPlot& plot, const Chart& chart, const ChartStyle& style);
[[nodiscard]] ChartExtras extras_of(const Chart& chart, const ChartStyle& style);

/// `text` with line breaks, so that no line is wider than `width`; words longer than that stay whole.
[[nodiscard]] QString wrapped(const QString& text, const QFont& font, double width);

} // namespace ksl::ui
