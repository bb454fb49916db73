// SPDX-License-Identifier: GPL-3.0-or-later
//
// QCustomPlot whose axes know their length when they choose ticks. The library makes ticks before it lays itself out,
// from the lengths of the last time; laying out twice gives every picture the ticks of its own size.
#pragma once

#include "ui/charts/qcustomplot.h"

#include <QRect>

namespace ksl::ui {

class ChartPlot : public QCustomPlot {
public:
    using QCustomPlot::QCustomPlot;

    void settle(const QRect& viewport) {
        setViewport(viewport);
        updateLayout();
        updateLayout();
    }
};

} // namespace ksl::ui
