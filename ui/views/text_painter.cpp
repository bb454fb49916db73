// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/views/text_painter.h"

#include <QFontMetricsF>
#include <QHash>
#include <QPaintDevice>
#include <QPair>
#include <cmath>

namespace ksl::ui {

namespace {

/// Widths of what was written lately. Views write the same words frame after frame, and to shape them is what takes
/// longest in measuring them.
class WidthCache {
public:
    double width(const QString& text, const QFont& font, int dots_an_inch) {
        const auto place = static_cast<quint64>(index_of(font)) << 32U | static_cast<quint32>(dots_an_inch);
        const auto found = widths_.constFind({place, text});
        if (found != widths_.constEnd()) return *found;
        if (widths_.size() >= kMost) widths_.clear();
        const double width = std::ceil(QFontMetricsF(font).horizontalAdvance(text));
        widths_.insert({place, text}, width);
        return width;
    }

private:
    static constexpr qsizetype kMost = 4096;
    static constexpr qsizetype kMostFonts = 32;

    qsizetype index_of(const QFont& font) {
        const qsizetype found = fonts_.indexOf(font);
        if (found >= 0) return found;
        if (fonts_.size() >= kMostFonts) {
            fonts_.clear();
            widths_.clear();
        }
        fonts_ += font;
        return fonts_.size() - 1;
    }

    QList<QFont> fonts_; ///< few: sizes and weights of one look
    QHash<QPair<quint64, QString>, double> widths_;
};

/// Only widgets write, and they are all on one thread.
WidthCache& width_cache() {
    static WidthCache cache;
    return cache;
}

} // namespace

TextPainter::TextPainter(QPainter& painter, QList<WrittenText>& written) : painter_(painter), written_(written) {
    written_.clear();
}

void TextPainter::set_font(const QFont& font) {
    painter_.setFont(font);
}

double TextPainter::width_of(const QString& text) const {
    return width_cache().width(text, painter_.font(), painter_.device()->logicalDpiX());
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
    const double width = shown.isEmpty() ? 0 : (shown.size() == text.size() ? needed : width_of(shown));
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
