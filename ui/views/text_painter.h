// SPDX-License-Identifier: GPL-3.0-or-later
//
// Text in painted views: it never leaves its rectangle. What does not fit is shortened with an ellipsis, or left out
// where half a word would mislead. What was written where is remembered until the next paint, so that a test can say
// that nothing was clipped and nothing written over something else.
#pragma once

#include "ui/theme/look.h"

#include <QList>
#include <QPainter>
#include <QRectF>
#include <QString>
#include <cstdint>

namespace ksl::ui {

struct WrittenText {
    QString text;  ///< as it should read
    QString shown; ///< as it was written; empty: left out
    QRectF rect;   ///< the ink, with the font's height
};

enum class TextFit : std::uint8_t {
    shorten, ///< with an ellipsis
    whole,   ///< all of it or nothing
};

class TextPainter {
public:
    /// `written` is emptied.
    TextPainter(QPainter& painter, QList<WrittenText>& written);

    void set_font(const QFont& font);
    void set_colour(QColor colour) { painter_.setPen(colour); }
    [[nodiscard]] double width_of(const QString& text) const;
    [[nodiscard]] double line_height() const;

    /// One line. Returns the width taken; 0 if it was left out.
    double write(const QRectF& rect, Qt::Alignment alignment, const QString& text, TextFit fit = TextFit::shorten);

private:
    QPainter& painter_;
    QList<WrittenText>& written_;
};

} // namespace ksl::ui
