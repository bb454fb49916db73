// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/widgets/badge.h"

#include <QCoreApplication>
#include <QFontMetrics>
#include <QPainter>
#include <QToolTip>
#include <algorithm>

namespace ksl::ui {

namespace {

constexpr int kPadding = 6;
constexpr int kMark = 8;
constexpr int kLeastHeight = 24; // a target for a finger

} // namespace

QString name_of(Fidelity fidelity) {
    switch (fidelity) {
    case Fidelity::measured: return QCoreApplication::translate("Badge", "measured");
    case Fidelity::modelled: return QCoreApplication::translate("Badge", "modelled");
    case Fidelity::simplified: return QCoreApplication::translate("Badge", "simplified");
    }
    return {};
}

Badge::Badge(const Theme& theme, Fidelity fidelity, const QString& source, QWidget* parent)
    : QWidget(parent), theme_(theme), fidelity_(fidelity) {
    setFocusPolicy(Qt::TabFocus);
    setSizePolicy(QSizePolicy::Fixed, QSizePolicy::Fixed);
    set(fidelity, source);
    connect(&theme, &Theme::changed, this, [this] {
        updateGeometry();
        update();
    });
}

void Badge::set(Fidelity fidelity, const QString& source) {
    fidelity_ = fidelity;
    source_ = source;
    setToolTip(source);
    //: how true a figure is, then its source
    setAccessibleName(tr("%1: %2").arg(name_of(fidelity), source));
    updateGeometry();
    update();
}

QSize Badge::sizeHint() const {
    const Look& look = theme_.look();
    const QFontMetrics metrics(look.font(TextSize::small));
    const int width = metrics.horizontalAdvance(name_of(fidelity_)) + look.px((3 * kPadding) + kMark);
    return {width, std::max(look.px(kLeastHeight), metrics.height() + look.px(4))};
}

void Badge::paintEvent(QPaintEvent* /*event*/) {
    const Look& look = theme_.look();
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    const bool is_focused = hasFocus();
    painter.setPen(is_focused ? look.focus_ring() : look.hairline());
    painter.setBrush(look.colour(Role::canvas));
    const double inset = is_focused ? 1 : 0.5;
    painter.drawRoundedRect(QRectF(rect()).adjusted(inset, inset, -inset, -inset), 3, 3);

    const double side = look.px(kMark);
    const QRectF mark(look.px(kPadding), (height() - side) / 2, side, side);
    painter.setRenderHint(QPainter::Antialiasing, false);
    painter.setPen(QPen(look.colour(Role::text), 1));
    painter.setBrush(Qt::NoBrush);
    painter.drawRect(mark);
    QRectF filled = mark;
    if (fidelity_ == Fidelity::modelled) filled.setTop(mark.center().y());
    if (fidelity_ != Fidelity::simplified) painter.fillRect(filled, look.colour(Role::text));

    painter.setFont(look.font(TextSize::small));
    painter.setPen(look.colour(Role::text));
    const QRectF text(mark.right() + look.px(kPadding), 0, width(), height());
    painter.drawText(text, Qt::AlignLeft | Qt::AlignVCenter, name_of(fidelity_));
}

void Badge::focusInEvent(QFocusEvent* event) {
    QWidget::focusInEvent(event);
    QToolTip::showText(mapToGlobal(rect().bottomLeft()), source_, this);
    update();
}
void Badge::focusOutEvent(QFocusEvent* event) {
    QWidget::focusOutEvent(event);
    QToolTip::hideText();
    update();
}

} // namespace ksl::ui
