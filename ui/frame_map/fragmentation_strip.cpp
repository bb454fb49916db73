// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/frame_map/fragmentation_strip.h"

#include "ui/format/format.h"
#include "ui/frame_map/frame_text.h"
#include "ui/theme/patterns.h"

#include <QFontMetricsF>
#include <QPainter>
#include <algorithm>
#include <cmath>

namespace ksl::ui {

namespace {

constexpr int kWidth = 210;
constexpr int kMargin = 8;
constexpr double kMostRow = 26;

} // namespace

FragmentationStrip::FragmentationStrip(const Theme& theme, QWidget* parent) : QWidget(parent), theme_(theme) {
    setFocusPolicy(Qt::TabFocus);
    setSizePolicy(QSizePolicy::Fixed, QSizePolicy::Preferred);
    connect(&theme, &Theme::changed, this, [this] {
        updateGeometry();
        update();
    });
    set_summary({});
}

void FragmentationStrip::set_summary(const FragmentationSummary& summary) {
    summary_ = summary;
    sentence_ = fragmentation_sentence(summary);
    QString counts;
    for (unsigned order = 0; order < core::kOrders; ++order) {
        counts += tr(", order %1: %2").arg(order).arg(format_count(summary.free_blocks[order]));
    }
    setAccessibleName(tr("Fragmentation: %1, %2%3").arg(sentence_, index_text(), counts));
    setToolTip(sentence_);
    update();
}

QString FragmentationStrip::title() {
    return tr("Free blocks");
}
QString FragmentationStrip::index_text() const {
    return tr("index %1").arg(format_decimal(summary_.index, 2));
}

QSize FragmentationStrip::sizeHint() const {
    return {theme_.look().px(kWidth), theme_.look().px(480)};
}
int FragmentationStrip::least_height() const {
    const Look& look = theme_.look();
    const int line = static_cast<int>(std::ceil(QFontMetricsF(look.font(TextSize::small)).height()));
    return (line * (static_cast<int>(core::kOrders) + 7)) + look.px(3 * kMargin);
}
QSize FragmentationStrip::minimumSizeHint() const {
    return {theme_.look().px(kWidth), 0};
}

FragmentationStrip::Geometry FragmentationStrip::geometry() const {
    const Look& look = theme_.look();
    const QFontMetricsF metrics(look.font(TextSize::small));
    const double margin = look.px(kMargin);
    const double line = metrics.height();
    const QRectF area = QRectF(rect()).adjusted(margin, margin, -margin, -margin);
    Geometry g;
    g.title = QRectF(area.left(), area.top(), area.width(), line);
    const QString text = sentence_ + u'.';
    const QRectF sentence = metrics.boundingRect(QRectF(0, 0, area.width(), 10'000), Qt::TextWordWrap, text);
    const double below = std::ceil(sentence.height()) + line + margin;
    const double rows_top = g.title.bottom() + (margin / 2);
    const double row = std::clamp((area.bottom() - below - rows_top) / core::kOrders, 1.0, kMostRow * look.scale());

    double widest_count = 0;
    double most = 1;
    for (const std::uint64_t count : summary_.free_blocks) {
        widest_count = std::max(widest_count, std::ceil(metrics.horizontalAdvance(format_count(count))) + 1);
        most = std::max(most, std::log2(1 + static_cast<double>(count)));
    }
    const double order_width = std::ceil(metrics.horizontalAdvance(QStringLiteral("10"))) + 1;
    const double bar_left = area.left() + order_width + look.px(6);
    const double bar_width = std::max(0.0, area.right() - widest_count - look.px(6) - bar_left);
    for (unsigned order = 0; order < core::kOrders; ++order) {
        // Small orders at the top: what a stack needs is compared with everything below the line.
        const double y = rows_top + (order * row);
        const double share = std::log2(1 + static_cast<double>(summary_.free_blocks[order])) / most;
        g.rows[order] = {.order = QRectF(area.left(), y, order_width, row),
                         .bar = QRectF(bar_left, y + (row * 0.2), bar_width * share, row * 0.6),
                         .count = QRectF(area.right() - widest_count, y, widest_count, row)};
    }
    g.needed_y = rows_top + (summary_.needed_order * row);
    const double after_rows = rows_top + (core::kOrders * row) + (margin / 2);
    g.index = QRectF(area.left(), after_rows, area.width(), line);
    g.sentence = QRectF(area.left(), g.index.bottom(), area.width(), std::ceil(sentence.height()));
    return g;
}

QList<FragmentationStrip::Label> FragmentationStrip::labels() const {
    const Geometry g = geometry();
    QList<Label> all{{title(), g.title}, {index_text(), g.index}, {sentence_ + u'.', g.sentence}};
    for (unsigned order = 0; order < core::kOrders; ++order) {
        all += {QString::number(order), g.rows[order].order};
        all += {format_count(summary_.free_blocks[order]), g.rows[order].count};
    }
    return all;
}

void FragmentationStrip::paintEvent(QPaintEvent* /*event*/) {
    const Look& look = theme_.look();
    const Geometry g = geometry();
    QPainter painter(this);
    painter.fillRect(rect(), look.colour(Role::panel));
    painter.setPen(look.colour(Role::text));
    painter.setFont(look.font(TextSize::small, TextWeight::bold));
    painter.drawText(g.title, Qt::AlignLeft | Qt::AlignVCenter, title());
    painter.setFont(look.font(TextSize::small));
    for (unsigned order = 0; order < core::kOrders; ++order) {
        const Row& row = g.rows[order];
        const bool is_enough = !summary_.needs_contiguous || order >= summary_.needed_order;
        painter.setPen(look.colour(is_enough ? Role::text : Role::muted));
        painter.drawText(row.order, Qt::AlignRight | Qt::AlignVCenter, QString::number(order));
        painter.drawText(row.count, Qt::AlignRight | Qt::AlignVCenter, format_count(summary_.free_blocks[order]));
        // Blocks that are too small are an outline: they count, but not for this design.
        painter.fillRect(row.bar, is_enough ? look.colour(Role::focus) : look.colour(Role::canvas));
        painter.setPen(look.hairline());
        painter.setBrush(Qt::NoBrush);
        if (row.bar.width() >= 1) painter.drawRect(row.bar);
    }
    if (summary_.needs_contiguous) {
        QPen needed(look.colour(Role::text), 2);
        needed.setDashPattern({4, 2});
        painter.setPen(needed);
        painter.drawLine(QPointF(look.px(4), g.needed_y), QPointF(width() - look.px(4), g.needed_y));
    }
    painter.setPen(look.colour(Role::muted));
    painter.drawText(g.index, Qt::AlignLeft | Qt::AlignVCenter, index_text());
    painter.setPen(look.colour(Role::text));
    painter.drawText(g.sentence, Qt::TextWordWrap, sentence_ + u'.');
    if (hasFocus()) {
        painter.setPen(look.focus_ring());
        painter.drawRect(QRectF(rect()).adjusted(1, 1, -1, -1));
    }
}

} // namespace ksl::ui
