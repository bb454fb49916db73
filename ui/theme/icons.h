// SPDX-License-Identifier: GPL-3.0-or-later
//
// The line icons of assets/icons, 20 pixels at user scale 100 %, in a colour of the theme. An icon never stands alone:
// whoever shows one gives it a text too.
#pragma once

#include "ui/theme/look.h"

#include <QIcon>
#include <QLatin1StringView>
#include <QPixmap>

namespace ksl::ui {

inline constexpr int kIconSide = 20;

/// `name` as in assets/icons, without ".svg"; an unknown name gives an empty pixmap. `side` in device-independent
/// pixels.
[[nodiscard]] QPixmap icon_pixmap(QLatin1StringView name, QColor colour, int side, double device_pixel_ratio);
/// In text colour, and in muted colour when disabled, at scales 1 and 2.
[[nodiscard]] QIcon icon(QLatin1StringView name, const Look& look);

} // namespace ksl::ui
