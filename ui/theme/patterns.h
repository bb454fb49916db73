// SPDX-License-Identifier: GPL-3.0-or-later
//
// Patterns as bitmaps of device pixels, so that they stay crisp: a line is one pixel wide at scale 1 and two at scale
// 2, never a blur. The frame map reads the bits directly; everything else gets a QBrush. Where a picture leaves as
// vectors (SVG, PDF) draw_pattern() draws the same lines.
#pragma once

#include "ui/theme/palette.h"

#include <QColor>
#include <QImage>
#include <QRectF>
#include <cstdint>

class QPainter;

namespace ksl::ui {

/// Side of a pattern's tile in device pixels at scale 1; at scale s it is s times as long.
inline constexpr int kPatternSide = 8;

/// True where the pattern has ink. `x` and `y` are device pixels, `scale` 1 or more whole device pixels a logical one.
[[nodiscard]] bool pattern_ink(Pattern pattern, int x, int y, int scale = 1);

/// One tile: `ink` on `ground`.
[[nodiscard]] QImage pattern_tile(Pattern pattern, QColor ink, QColor ground, int scale = 1);

/// The same pattern as lines inside `area`, for vector output; `step` is the tile's side in the painter's units.
void draw_pattern(QPainter& painter, const QRectF& area, Pattern pattern, QColor ink, double step = kPatternSide);

} // namespace ksl::ui
