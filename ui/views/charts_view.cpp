// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/views/charts_view.h"

#include "sim/store/run_store.h"
#include "ui/charts/chart_view.h"

#include <QComboBox>
#include <QHBoxLayout>
#include <QLabel>
#include <QSignalBlocker>
#include <QVBoxLayout>

namespace ksl::ui {

ChartsView::ChartsView(const Theme& theme, QWidget* parent)
    : QWidget(parent), theme_(theme), label_(new QLabel(tr("C&hart"), this)), choice_(new QComboBox(this)),
      view_(new ChartView(theme, this)) {
    setAccessibleName(tr("Charts"));
    label_->setBuddy(choice_);
    choice_->setAccessibleName(tr("Chart"));
    choice_->setSizeAdjustPolicy(QComboBox::AdjustToMinimumContentsLengthWithIcon);
    auto* bar = new QHBoxLayout;
    bar->setContentsMargins(8, 4, 8, 4);
    bar->addWidget(label_);
    bar->addWidget(choice_, 1);
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->addLayout(bar);
    layout->addWidget(view_, 1);
    connect(choice_, &QComboBox::currentIndexChanged, this, &ChartsView::choose);
    connect(view_, &ChartView::export_requested, this, &ChartsView::export_requested);
    connect(&theme, &Theme::changed, this, &ChartsView::restyle);
    restyle();
}

sim::Result<void> ChartsView::open(const std::string& database) {
    KSL_TRY_ASSIGN(store, sim::RunStore::open(database, sim::OpenMode::read));
    KSL_TRY_ASSIGN(charts, charts_of(store));
    charts_ = std::move(charts);
    {
        const QSignalBlocker blocker(choice_);
        choice_->clear();
        for (const NamedChart& each : charts_) choice_->addItem(each.chart.title);
    }
    choose(0);
    return {};
}

int ChartsView::count() const {
    return static_cast<int>(charts_.size());
}

void ChartsView::choose(int chart) {
    if (chart < 0 || chart >= count()) return;
    const QSignalBlocker blocker(choice_);
    choice_->setCurrentIndex(chart);
    view_->set_chart(charts_[static_cast<std::size_t>(chart)].chart);
}

const NamedChart* ChartsView::current() const {
    const int index = choice_->currentIndex();
    return index < 0 ? nullptr : &charts_[static_cast<std::size_t>(index)];
}

void ChartsView::restyle() {
    const Look& look = theme_.look();
    setPalette(look.palette());
    for (QWidget* part : std::initializer_list<QWidget*>{label_, choice_}) part->setFont(look.font(TextSize::small));
    choice_->setMinimumHeight(look.px(26));
}

} // namespace ksl::ui
