// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QFontMetricsF>
#include <QString>
#include <QStringList>

namespace ksl::ui {

/// The text in lines that are no wider than `width`, broken between words. A word that is wider has a line to itself.
[[nodiscard]] QStringList wrapped(const QString& text, const QFontMetricsF& metrics, double width);

} // namespace ksl::ui
