// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/theme/patterns.h"

#include <QPainter>
#include <QPen>
#include <algorithm>
#include <cmath>
#include <vector>

namespace ksl::ui {

namespace {

/// Pattern in the unit of one logical pixel; x and y are 0..7.
bool has_ink(Pattern pattern, int x, int y) {
    constexpr int kHalf = kPatternSide / 2;
    switch (pattern) {
    case Pattern::plain: return false;
    case Pattern::slash: return (x + y) % kPatternSide == kPatternSide - 1;
    case Pattern::backslash: return x == y;
    case Pattern::grid: return x % kHalf == 0 || y % kHalf == 0;
    case Pattern::lines: return y % kHalf == 1;
    case Pattern::dotted_lines: return y % kHalf == 1 && x % kHalf < 2;
    case Pattern::dense_cross: return x % kHalf == y % kHalf || (x + y) % kHalf == kHalf - 1;
    case Pattern::hatch: return x == y || (x + y) % kPatternSide == kPatternSide - 1;
    }
    return false;
}

int wrap(int value, int side) {
    const int rest = value % side;
    return rest < 0 ? rest + side : rest;
}

/// The multiples of `step` in [from, to).
std::vector<double> multiples(double step, double from, double to) {
    std::vector<double> all;
    const auto first = static_cast<std::int64_t>(std::ceil(from / step));
    const auto last = static_cast<std::int64_t>(std::ceil(to / step));
    for (std::int64_t i = first; i < last; ++i) all.push_back(static_cast<double>(i) * step);
    return all;
}

/// Parallel lines x + y = c (rising) or x - y = c, c a multiple of `step`: their phase does not depend on where `area`
/// begins, so that neighbouring areas join. Each line is cut at the area by arithmetic: SVG Tiny knows no clipping.
void draw_diagonals(QPainter& painter, const QRectF& area, double step, bool rises) {
    const double least = rises ? area.left() + area.top() : area.left() - area.bottom();
    const double most = least + area.width() + area.height();
    const double slope = rises ? -1 : 1; // x = c + slope * y
    for (const double c : multiples(step, least, most)) {
        const double x_top = c + (slope * area.top());
        const double x_bottom = c + (slope * area.bottom());
        const double from = std::max(std::min(x_top, x_bottom), area.left());
        const double to = std::min(std::max(x_top, x_bottom), area.right());
        if (from < to) painter.drawLine(QPointF(from, (from - c) / slope), QPointF(to, (to - c) / slope));
    }
}

void draw_rows(QPainter& painter, const QRectF& area, double step) {
    for (const double y : multiples(step, area.top(), area.bottom())) {
        painter.drawLine(QPointF(area.left(), y), QPointF(area.right(), y));
    }
}

void draw_columns(QPainter& painter, const QRectF& area, double step) {
    for (const double x : multiples(step, area.left(), area.right())) {
        painter.drawLine(QPointF(x, area.top()), QPointF(x, area.bottom()));
    }
}

} // namespace

bool pattern_ink(Pattern pattern, int x, int y, int scale) {
    return has_ink(pattern, wrap(x, kPatternSide * scale) / scale, wrap(y, kPatternSide * scale) / scale);
}

QImage pattern_tile(Pattern pattern, QColor ink, QColor ground, int scale) {
    const int side = kPatternSide * scale;
    QImage tile(side, side, QImage::Format_ARGB32_Premultiplied);
    tile.fill(ground);
    for (int y = 0; y < side; ++y) {
        for (int x = 0; x < side; ++x) {
            if (pattern_ink(pattern, x, y, scale)) tile.setPixelColor(x, y, ink);
        }
    }
    return tile;
}

void draw_pattern(QPainter& painter, const QRectF& area, Pattern pattern, QColor ink, double step) {
    if (pattern == Pattern::plain || area.isEmpty()) return;
    painter.save();
    painter.setClipRect(area, Qt::IntersectClip); // for the last half pixel of line ends
    QPen pen(ink, step / kPatternSide, Qt::SolidLine, Qt::FlatCap);
    if (pattern == Pattern::dotted_lines) pen.setDashPattern({2, 2});
    painter.setPen(pen);
    switch (pattern) {
    case Pattern::plain: break;
    case Pattern::slash: draw_diagonals(painter, area, step, true); break;
    case Pattern::backslash: draw_diagonals(painter, area, step, false); break;
    case Pattern::grid:
        draw_rows(painter, area, step / 2);
        draw_columns(painter, area, step / 2);
        break;
    case Pattern::lines:
    case Pattern::dotted_lines: draw_rows(painter, area, step / 2); break;
    case Pattern::dense_cross:
        draw_diagonals(painter, area, step / 2, true);
        draw_diagonals(painter, area, step / 2, false);
        break;
    case Pattern::hatch:
        draw_diagonals(painter, area, step, true);
        draw_diagonals(painter, area, step, false);
        break;
    }
    painter.restore();
}

} // namespace ksl::ui
