// SPDX-License-Identifier: GPL-3.0-or-later
//
// QCustomPlot's bars, boxes and lines as this program draws them: series are told apart by pattern and marker as well
// as by colour.
#pragma once

#include "ui/charts/qcustomplot.h"
#include "ui/theme/patterns.h"

#include <QColor>
#include <cstddef>

namespace ksl::ui {

/// What lies over the tint of a bar or box, as lines: SVG and PDF keep them sharp.
struct PatternFill {
    Pattern pattern = Pattern::plain;
    QColor ink;
    double step = kPatternSide;
};

class PatternBars : public QCPBars {
public:
    PatternBars(QCPAxis* key, QCPAxis* value, PatternFill fill) : QCPBars(key, value), fill_(fill) {}

protected:
    void draw(QCPPainter* painter) override;
    void drawLegendIcon(QCPPainter* painter, const QRectF& rect) const override;

private:
    PatternFill fill_;
};

class PatternBox : public QCPStatisticalBox {
public:
    PatternBox(QCPAxis* key, QCPAxis* value, PatternFill fill) : QCPStatisticalBox(key, value), fill_(fill) {}

protected:
    void drawStatisticalBox(QCPPainter* painter, QCPStatisticalBoxDataContainer::const_iterator it,
                            const QCPScatterStyle& outliers) const override;
    void drawLegendIcon(QCPPainter* painter, const QRectF& rect) const override;

private:
    PatternFill fill_;
};

/// A line over steps or points with a few markers, none of them on the zero line, where those of all series would lie
/// on each other.
class MarkedGraph : public QCPGraph {
public:
    MarkedGraph(QCPAxis* key, QCPAxis* value, std::size_t series) : QCPGraph(key, value), series_(series) {}
    void set_marked_from(double least) { least_ = least; }
    void mark_all() { marks_all_ = true; }

protected:
    /// Data never leave the axes, but a marker on an axis is drawn whole.
    [[nodiscard]] QRect clipRect() const override { return parentPlot()->viewport(); }
    void drawScatterPlot(QCPPainter* painter, const QVector<QPointF>& points,
                         const QCPScatterStyle& style) const override;

private:
    static constexpr qsizetype kMarkers = 6;
    std::size_t series_;
    double least_ = 0;
    bool marks_all_ = false;
};

} // namespace ksl::ui
