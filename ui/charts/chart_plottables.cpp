// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/charts/chart_plottables.h"

#include <algorithm>
#include <iterator>

namespace ksl::ui {

namespace {

void draw_fill(QCPPainter& painter, const QRectF& area, const PatternFill& fill) {
    painter.save();
    painter.setAntialiasing(true);
    draw_pattern(painter, area, fill.pattern, fill.ink, fill.step);
    painter.restore();
}

/// A swatch: `painter` has the series' pen and brush.
void draw_swatch(QCPPainter& painter, const QRectF& area, const PatternFill& fill) {
    painter.drawRect(area);
    draw_fill(painter, area, fill);
}

} // namespace

void PatternBars::draw(QCPPainter* painter) {
    QCPBars::draw(painter);
    for (const QCPBarsData& bar : *data()) {
        draw_fill(*painter, getBarRect(bar.key, bar.value).normalized(), fill_);
    }
}

void PatternBars::drawLegendIcon(QCPPainter* painter, const QRectF& rect) const {
    painter->setPen(pen());
    painter->setBrush(brush());
    draw_swatch(*painter, rect, fill_);
}

void PatternBox::drawStatisticalBox(QCPPainter* painter, QCPStatisticalBoxDataContainer::const_iterator it,
                                    const QCPScatterStyle& outliers) const {
    const QRectF box = getQuartileBox(it).normalized();
    painter->save();
    painter->setPen(Qt::NoPen);
    painter->setBrush(brush());
    painter->drawRect(box);
    painter->restore();
    draw_fill(*painter, box, fill_);
    // The base class would fill the box again, over the pattern; only its outline is wanted now.
    painter->save();
    applyDefaultAntialiasingHint(painter);
    painter->setPen(pen());
    painter->setBrush(Qt::NoBrush);
    painter->drawRect(box);
    painter->setPen(medianPen());
    painter->drawLine(QLineF(coordsToPixels(it->key - (width() * 0.5), it->median),
                             coordsToPixels(it->key + (width() * 0.5), it->median)));
    painter->setPen(whiskerPen());
    painter->drawLines(getWhiskerBackboneLines(it));
    painter->setPen(whiskerBarPen());
    painter->drawLines(getWhiskerBarLines(it));
    applyScattersAntialiasingHint(painter);
    outliers.applyTo(painter, pen());
    for (const double outlier : it->outliers) outliers.drawShape(painter, coordsToPixels(it->key, outlier));
    painter->restore();
}

void PatternBox::drawLegendIcon(QCPPainter* painter, const QRectF& rect) const {
    painter->setPen(pen());
    painter->setBrush(brush());
    draw_swatch(*painter, rect, fill_);
}

void MarkedGraph::drawScatterPlot(QCPPainter* painter, const QVector<QPointF>& points,
                                  const QCPScatterStyle& style) const {
    if (marks_all_) {
        QCPGraph::drawScatterPlot(painter, points, style);
        return;
    }
    const double lowest = valueAxis()->coordToPixel(least_);
    QVector<QPointF> eligible;
    std::ranges::copy_if(points, std::back_inserter(eligible), [&](const QPointF& p) { return p.y() <= lowest; });
    // Each series starts somewhere else, so that markers of equal curves stand side by side.
    const qsizetype step = std::max<qsizetype>(1, eligible.size() / kMarkers);
    QVector<QPointF> chosen;
    for (qsizetype i = static_cast<qsizetype>(series_) * step / 3 % step; i < eligible.size(); i += step) {
        chosen += eligible[i];
    }
    QCPGraph::drawScatterPlot(painter, chosen, style);
}

} // namespace ksl::ui
