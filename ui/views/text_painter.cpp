// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/views/text_painter.h"

#include <QFontMetricsF>
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

TextPainter::TextPainter(QPainter& painter, QList<WrittenText>& written) : painter_(painter), written_(written) {
    written_.clear();
}

void TextPainter::set_font(const QFont& font) {
    painter_.setFont(font);
}

double TextPainter::width_of(const QString& text) const {
    return std::ceil(QFontMetricsF(painter_.font()).horizontalAdvance(text));
}

double TextPainter::line_height() const {
    return std::ceil(QFontMetricsF(painter_.font()).height());
}

double TextPainter::write(const QRectF& rect, Qt::Alignment alignment, const QString& text, TextFit fit) {
    const QFontMetricsF metrics(painter_.font());
    const double needed = width_of(text);
    QString shown = text;
    // The descent's last pixel may touch the border; a letter may not.
    if (rect.height() + 1 < metrics.ascent() + metrics.descent()) shown.clear();
    if (needed > rect.width()) {
        shown = fit == TextFit::whole || shown.isEmpty() ? QString()
                                                         : metrics.elidedText(text, Qt::ElideRight, rect.width());
        if (shown == QStringLiteral("…")) shown.clear();
    }
    const double width = shown.isEmpty() ? 0 : width_of(shown);
    double x = rect.left();
    if ((alignment & Qt::AlignRight) != 0) x = rect.right() - width;
    if ((alignment & Qt::AlignHCenter) != 0) x = rect.center().x() - (width / 2);
    const double height = metrics.height();
    double y = rect.center().y() - (height / 2);
    if ((alignment & Qt::AlignTop) != 0) y = rect.top();
    if ((alignment & Qt::AlignBottom) != 0) y = rect.bottom() - height;
    written_ += {.text = text, .shown = shown, .rect = QRectF(x, y, width, shown.isEmpty() ? 0 : height)};
    if (!shown.isEmpty()) painter_.drawText(QPointF(x, y + metrics.ascent()), shown);
    return width;
}

} // namespace ksl::ui
