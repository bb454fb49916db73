// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/charts/chart_view.h"

#include "ui/charts/chart_painter.h"
#include "ui/charts/chart_plot.h"
#include "ui/theme/icons.h"

#include <QAbstractTableModel>
#include <QHBoxLayout>
#include <QHeaderView>
#include <QPainter>
#include <QStackedWidget>
#include <QTableView>
#include <QToolButton>
#include <QVBoxLayout>

namespace ksl::ui {

class ChartTableModel : public QAbstractTableModel {
public:
    using QAbstractTableModel::QAbstractTableModel;

    void set_table(ChartTable table) {
        beginResetModel();
        table_ = std::move(table);
        endResetModel();
    }
    [[nodiscard]] int rowCount(const QModelIndex& parent = {}) const override {
        return parent.isValid() ? 0 : static_cast<int>(table_.rows.size());
    }
    [[nodiscard]] int columnCount(const QModelIndex& parent = {}) const override {
        return parent.isValid() ? 0 : static_cast<int>(table_.headers.size());
    }
    [[nodiscard]] QVariant data(const QModelIndex& index, int role) const override {
        if (!index.isValid()) return {};
        const QString text = table_.rows[static_cast<std::size_t>(index.row())].value(index.column());
        bool is_number = false;
        const double number = text.toDouble(&is_number);
        switch (role) {
        case Qt::DisplayRole: return is_number ? QString::number(number, 'g', 6) : text;
        case Qt::TextAlignmentRole:
            return static_cast<int>(Qt::AlignVCenter | (is_number ? Qt::AlignRight : Qt::AlignLeft));
        default: return {};
        }
    }
    [[nodiscard]] QVariant headerData(int section, Qt::Orientation orientation, int role) const override {
        if (role != Qt::DisplayRole) return {};
        return orientation == Qt::Horizontal ? QVariant(table_.headers.value(section)) : QVariant(section + 1);
    }

private:
    ChartTable table_;
};

ChartView::ChartView(const Theme& theme, QWidget* parent)
    : QWidget(parent), theme_(theme), pages_(new QStackedWidget(this)), plot_(new ChartPlot(pages_)),
      table_(new QTableView(pages_)), model_(new ChartTableModel(this)), table_button_(new QToolButton(this)),
      scale_button_(new QToolButton(this)), export_button_(new QToolButton(this)) {
    pages_->addWidget(plot_);
    pages_->addWidget(table_);
    table_->setModel(model_);
    table_->verticalHeader()->hide();
    plot_->setFocusPolicy(Qt::TabFocus);
    plot_->installEventFilter(this);

    table_button_->setText(tr("View as table"));
    table_button_->setCheckable(true);
    connect(table_button_, &QToolButton::toggled, this, &ChartView::show_table);
    scale_button_->setText(tr("Logarithmic axis"));
    scale_button_->setCheckable(true);
    connect(scale_button_, &QToolButton::clicked, this,
            [this](bool on) { Q_EMIT scale_requested(on ? AxisScale::logarithmic : AxisScale::linear); });
    export_button_->setText(tr("Export…"));
    connect(export_button_, &QToolButton::clicked, this, &ChartView::export_requested);
    auto* bar = new QHBoxLayout;
    bar->setContentsMargins(8, 4, 8, 4);
    bar->addStretch(1);
    for (QToolButton* button : {scale_button_, table_button_, export_button_}) {
        button->setToolButtonStyle(Qt::ToolButtonTextBesideIcon);
        button->setAutoRaise(true);
        bar->addWidget(button);
    }
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(0);
    layout->addWidget(pages_, 1);
    layout->addLayout(bar);
    setMinimumSize(320, 240);
    connect(&theme, &Theme::changed, this, &ChartView::restyle);
    restyle();
}

void ChartView::set_chart(const Chart& chart) {
    chart_ = chart;
    model_->set_table(table_of(chart));
    const bool is_logarithmic = chart.x.scale == AxisScale::logarithmic;
    scale_button_->setChecked(is_logarithmic);
    const bool has_value_axis = !std::holds_alternative<BarPlot>(chart.plot);
    scale_button_->setVisible(has_value_axis);
    const QString description = description_of(chart);
    setAccessibleName(description);
    plot_->setAccessibleName(description);
    table_->setAccessibleName(tr("Table of %1").arg(chart.title));
    redraw();
    table_->resizeColumnsToContents();
}

void ChartView::show_table(bool on) {
    table_button_->setChecked(on);
    pages_->setCurrentWidget(on ? static_cast<QWidget*>(table_) : plot_);
}
bool ChartView::shows_table() const {
    return pages_->currentWidget() == table_;
}

void ChartView::redraw() {
    if (!chart_) return;
    draw_chart(*plot_, *chart_, screen_style(theme_.look(), plot_->size()));
    plot_->settle(plot_->rect());
    plot_->replot(QCustomPlot::rpQueuedReplot);
}

bool ChartView::eventFilter(QObject* watched, QEvent* event) {
    const bool is_focus = event->type() == QEvent::FocusIn || event->type() == QEvent::FocusOut;
    if (watched == plot_ && is_focus) plot_->update();
    // Legends and titles wrap to the plot's own width, which it has by now.
    if (watched == plot_ && event->type() == QEvent::Resize) redraw();
    if (watched != plot_ || event->type() != QEvent::Paint || !plot_->hasFocus())
        return QWidget::eventFilter(watched, event);
    // The plot paints itself; the focus ring goes on top of it.
    plot_->removeEventFilter(this);
    QCoreApplication::sendEvent(plot_, event);
    plot_->installEventFilter(this);
    QPainter painter(plot_);
    painter.setPen(theme_.look().focus_ring());
    painter.drawRect(QRectF(plot_->rect()).adjusted(1, 1, -1, -1));
    return true;
}

void ChartView::restyle() {
    const Look& look = theme_.look();
    setPalette(look.palette());
    setAutoFillBackground(true);
    table_->setPalette(look.palette());
    table_->setFont(look.fixed_font(TextSize::small));
    table_->horizontalHeader()->setFont(look.font(TextSize::small));
    table_button_->setIcon(icon(QLatin1StringView("table"), look));
    export_button_->setIcon(icon(QLatin1StringView("export"), look));
    for (QToolButton* button : {scale_button_, table_button_, export_button_}) {
        button->setFont(look.font(TextSize::small));
        button->setIconSize(QSize(look.px(kIconSide), look.px(kIconSide)));
        button->setMinimumHeight(look.px(28));
    }
    redraw();
}

} // namespace ksl::ui
