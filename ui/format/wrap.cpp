// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/format/wrap.h"

#include <cmath>

namespace ksl::ui {

QStringList wrapped(const QString& text, const QFontMetricsF& metrics, double width) {
    QStringList lines;
    QString line;
    for (const QString& word : text.split(u' ', Qt::SkipEmptyParts)) {
        const QString longer = line.isEmpty() ? word : line + u' ' + word;
        if (!line.isEmpty() && std::ceil(metrics.horizontalAdvance(longer)) > width) {
            lines += line;
            line = word;
        } else {
            line = longer;
        }
    }
    return lines << line;
}

} // namespace ksl::ui
