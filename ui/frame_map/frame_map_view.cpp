// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/frame_map/frame_map_view.h"

#include "ui/frame_map/frame_text.h"

#include <QComboBox>
#include <QGridLayout>
#include <QHBoxLayout>
#include <QLabel>
#include <QSignalBlocker>

namespace ksl::ui {

FrameMapView::FrameMapView(const Theme& theme, QWidget* parent)
    : QWidget(parent), theme_(theme), bar_(new QWidget(this)), mode_label_(new QLabel(tr("&Colour"), this)),
      mode_(new QComboBox(this)), layout_label_(new QLabel(tr("&Layout"), this)), layout_(new QComboBox(this)),
      pointed_(new QLabel(this)), canvas_(new FrameMapCanvas(theme, this)), strip_(new FragmentationStrip(theme, this)),
      legend_(new FrameMapLegend(theme, this)) {
    mode_label_->setBuddy(mode_);
    layout_label_->setBuddy(layout_);
    mode_->setAccessibleName(tr("Colour of the map"));
    layout_->setAccessibleName(tr("Layout of the map"));
    mode_->setToolTip(tr("What the colours say: the kind of memory, how large a free block is, what changed last, or "
                         "where the chosen stack lies (M)"));
    layout_->setToolTip(tr("Hilbert curve: every block of memory is a square or a domino (H). By address: row by row, "
                           "2 MiB a row (L)"));
    layout_->addItem(tr("Hilbert curve"), static_cast<int>(MapLayout::hilbert));
    layout_->addItem(tr("By address"), static_cast<int>(MapLayout::linear));
    for (QComboBox* box : {mode_, layout_}) box->setSizeAdjustPolicy(QComboBox::AdjustToContents);
    pointed_->setTextFormat(Qt::PlainText);
    pointed_->setSizePolicy(QSizePolicy::Ignored, QSizePolicy::Preferred);
    pointed_->setAlignment(Qt::AlignRight | Qt::AlignVCenter);

    auto* bar = new QHBoxLayout(bar_);
    bar->setContentsMargins(8, 4, 8, 4);
    bar->setSpacing(8);
    bar->addWidget(mode_label_);
    bar->addWidget(mode_);
    bar->addSpacing(12);
    bar->addWidget(layout_label_);
    bar->addWidget(layout_);
    bar->addWidget(pointed_, 1);
    auto* grid = new QGridLayout(this);
    grid->setContentsMargins(0, 0, 0, 0);
    grid->setSpacing(0);
    grid->addWidget(bar_, 0, 0, 1, 2);
    grid->addWidget(canvas_, 1, 0);
    grid->addWidget(strip_, 1, 1);
    grid->addWidget(legend_, 2, 0, 1, 2);
    grid->setRowStretch(1, 1);
    grid->setColumnStretch(0, 1);

    connect(mode_, &QComboBox::activated, this,
            [this](int row) { canvas_->set_mode(static_cast<MapMode>(mode_->itemData(row).toInt())); });
    connect(layout_, &QComboBox::activated, this,
            [this](int row) { canvas_->set_layout(static_cast<MapLayout>(layout_->itemData(row).toInt())); });
    connect(canvas_, &FrameMapCanvas::mode_changed, this, &FrameMapView::refresh_legend);
    connect(canvas_, &FrameMapCanvas::description_changed, this,
            [this] { layout_->setCurrentIndex(layout_->findData(static_cast<int>(canvas_->layout()))); });
    connect(canvas_, &FrameMapCanvas::pointed_at, this, [this](const QString& sentence) {
        const QFontMetrics metrics(pointed_->font());
        pointed_->setText(metrics.elidedText(sentence, Qt::ElideRight, pointed_->width()));
    });
    connect(&theme, &Theme::changed, this, &FrameMapView::restyle);
    setFocusProxy(canvas_);
    fill_modes();
    restyle();
}

void FrameMapView::set_source(const FrameMapSource* source) {
    canvas_->set_source(source);
    strip_->set_summary(source != nullptr ? source->fragmentation() : FragmentationSummary{});
    fill_modes();
    refresh_legend();
}

void FrameMapView::refresh(std::span<const std::uint32_t> dirty_tiles) {
    canvas_->mark_dirty(dirty_tiles);
    if (canvas_->source() != nullptr) strip_->set_summary(canvas_->source()->fragmentation());
}

void FrameMapView::resizeEvent(QResizeEvent* event) {
    QWidget::resizeEvent(event);
    // In a low window the map needs the room more than the strip does.
    const auto height_here = [this](const QWidget& part, int high) {
        return part.parentWidget() == this && !part.isHidden() ? high : 0;
    };
    const int bars =
        height_here(*bar_, bar_->sizeHint().height()) + height_here(*legend_, legend_->heightForWidth(width()));
    strip_->setVisible(height() - bars >= strip_->least_height());
}

void FrameMapView::fill_modes() {
    const QSignalBlocker blocker(mode_);
    mode_->clear();
    for (const MapMode mode : canvas_->modes()) mode_->addItem(name_of(mode), static_cast<int>(mode));
    refresh_legend();
}

void FrameMapView::refresh_legend() {
    mode_->setCurrentIndex(mode_->findData(static_cast<int>(canvas_->mode())));
    legend_->show_mode(canvas_->mode(), canvas_->source());
}

void FrameMapView::restyle() {
    const Look& look = theme_.look();
    setPalette(look.palette());
    setAutoFillBackground(true);
    for (QWidget* part :
         {bar_, static_cast<QWidget*>(mode_label_), static_cast<QWidget*>(mode_), static_cast<QWidget*>(layout_label_),
          static_cast<QWidget*>(layout_), static_cast<QWidget*>(pointed_)}) {
        part->setFont(look.font(TextSize::small));
    }
    for (QComboBox* box : {mode_, layout_}) box->setMinimumHeight(look.px(28));
}

} // namespace ksl::ui
