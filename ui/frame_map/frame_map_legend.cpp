// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/frame_map/frame_map_legend.h"

#include "ui/frame_map/frame_text.h"

#include <QFontMetricsF>
#include <QPainter>
#include <algorithm>

namespace ksl::ui {

namespace {

constexpr int kSwatchWidth = 24; // three tiles of a pattern
constexpr int kGap = 6;
constexpr int kBetween = 14;
constexpr int kMargin = 6;

LegendEntry class_entry(FrameClass kind) {
    return {.text = name_of(kind), .kind = kind, .colour = {}, .swatch = {}, .label = {}};
}
LegendEntry colour_entry(const QString& text, QColor colour) {
    return {.text = text, .kind = {}, .colour = colour, .swatch = {}, .label = {}};
}

} // namespace

FrameMapLegend::FrameMapLegend(const Theme& theme, QWidget* parent) : QWidget(parent), theme_(theme) {
    // Not Fixed: that would be the height of its hint, whatever the width asks for.
    QSizePolicy policy(QSizePolicy::Preferred, QSizePolicy::Minimum);
    policy.setHeightForWidth(true);
    setSizePolicy(policy);
    connect(&theme, &Theme::changed, this, &FrameMapLegend::restyle);
    restyle();
}

void FrameMapLegend::show_mode(MapMode mode, const FrameMapSource* source) {
    mode_ = mode;
    source_ = source;
    restyle();
}

void FrameMapLegend::restyle() {
    const Look& look = theme_.look();
    entries_.clear();
    switch (mode_) {
    case MapMode::frame_class:
    case MapMode::selection:
        for (const FrameClass kind : kAllFrameClasses) entries_ += class_entry(kind);
        break;
    case MapMode::free_order:
        for (unsigned order = 0; order < core::kOrders; ++order) {
            const double at = (order + 0.5) / core::kOrders;
            entries_ += colour_entry(order == 0 ? tr("order 0") : QString::number(order), look.prominence(at));
        }
        entries_ += colour_entry(tr("in use"), look.colour(Role::panel));
        break;
    case MapMode::age:
        entries_ += colour_entry(tr("oldest"), look.prominence(0));
        entries_ += colour_entry(tr("older"), look.prominence(0.5));
        entries_ += colour_entry(tr("newest"), look.prominence(1));
        break;
    case MapMode::owner:
        for (unsigned slot = 1; slot <= kSeries; ++slot) {
            const QString name = source_ != nullptr ? source_->owner_name(slot) : QString();
            if (!name.isEmpty()) entries_ += colour_entry(name, look.series(slot - 1).colour);
        }
        entries_ += colour_entry(tr("others"), look.colour(Role::panel));
        break;
    }
    place(entries_, width());
    QString spoken;
    for (const LegendEntry& entry : entries_)
        spoken += (spoken.isEmpty() ? QString() : QStringLiteral(", ")) + entry.text;
    setAccessibleName(tr("Legend: %1").arg(spoken));
    updateGeometry();
    update();
}

int FrameMapLegend::place(QList<LegendEntry>& entries, int width) const {
    const Look& look = theme_.look();
    const QFontMetricsF metrics(look.font(TextSize::small));
    const double line = std::max<double>(look.px(20), metrics.height() + 2);
    const double swatch_height = std::min<double>(look.px(16), line - 2);
    const double margin = look.px(kMargin);
    double x = margin;
    double y = margin;
    for (LegendEntry& entry : entries) {
        const double text = std::ceil(metrics.horizontalAdvance(entry.text)) + 1;
        const double whole = look.px(kSwatchWidth) + look.px(kGap) + text;
        if (x > margin && x + whole > width - margin) {
            x = margin;
            y += line + look.px(2);
        }
        entry.swatch = QRectF(x, y + ((line - swatch_height) / 2), look.px(kSwatchWidth), swatch_height);
        entry.label = QRectF(entry.swatch.right() + look.px(kGap), y, text, line);
        x += whole + look.px(kBetween);
    }
    return static_cast<int>(std::ceil(y + line + margin));
}

int FrameMapLegend::heightForWidth(int width) const {
    QList<LegendEntry> scratch = entries_;
    return place(scratch, width);
}
QSize FrameMapLegend::sizeHint() const {
    constexpr int kComfortable = 640;
    return {kComfortable, heightForWidth(std::max(width(), kComfortable))};
}
QSize FrameMapLegend::minimumSizeHint() const {
    const int least = theme_.look().px(180);
    return {least, heightForWidth(std::max(width(), least))};
}

void FrameMapLegend::resizeEvent(QResizeEvent* event) {
    QWidget::resizeEvent(event);
    place(entries_, width());
}

void FrameMapLegend::paintEvent(QPaintEvent* /*event*/) {
    const Look& look = theme_.look();
    QPainter painter(this);
    painter.fillRect(rect(), look.colour(Role::panel));
    painter.setFont(look.font(TextSize::small));
    for (const LegendEntry& entry : entries_) {
        // The pattern is always in the legend, also while the map shows plain colours: that is how one learns it. Its
        // phase starts with the swatch, so that every swatch shows the same piece.
        painter.setBrushOrigin(entry.swatch.topLeft());
        painter.fillRect(entry.swatch, entry.kind ? look.fill_with_pattern(*entry.kind, devicePixelRatioF())
                                                  : QBrush(entry.colour.value_or(QColor())));
        painter.setPen(look.hairline());
        painter.setBrush(Qt::NoBrush);
        painter.drawRect(entry.swatch);
        painter.setPen(look.colour(Role::text));
        painter.drawText(entry.label, Qt::AlignLeft | Qt::AlignVCenter, entry.text);
    }
}

} // namespace ksl::ui
