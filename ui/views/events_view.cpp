// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/views/events_view.h"

#include "ui/format/format.h"
#include "ui/views/event_text.h"

#include <QHeaderView>
#include <algorithm>

namespace ksl::ui {

void EventModel::clear() {
    beginResetModel();
    events_.clear();
    machine_.reset();
    endResetModel();
}

void EventModel::append(std::span<const LoggedEvent> events) {
    if (events.empty()) return;
    if (events.size() > kMostRows) events = events.last(kMostRows);
    if (events_.size() + events.size() > kMostRows) {
        const auto old = static_cast<std::ptrdiff_t>(events_.size() + events.size() - kMostRows);
        beginRemoveRows({}, 0, static_cast<int>(old) - 1);
        events_.erase(events_.begin(), events_.begin() + old);
        endRemoveRows();
    }
    const int first = static_cast<int>(events_.size());
    beginInsertRows({}, first, first + static_cast<int>(events.size()) - 1);
    events_.insert(events_.end(), events.begin(), events.end());
    endInsertRows();
}

int EventModel::row_of(std::uint64_t position) const {
    const auto found = std::ranges::lower_bound(events_, position, {}, &LoggedEvent::position);
    return found == events_.end() ? -1 : static_cast<int>(found - events_.begin());
}

int EventModel::rowCount(const QModelIndex& parent) const {
    return parent.isValid() ? 0 : static_cast<int>(events_.size());
}
int EventModel::columnCount(const QModelIndex& parent) const {
    return parent.isValid() ? 0 : columns;
}

QVariant EventModel::data(const QModelIndex& index, int role) const {
    const LoggedEvent& row = events_[static_cast<std::size_t>(index.row())];
    if (role == Qt::TextAlignmentRole && (index.column() == step || index.column() == time))
        return QVariant::fromValue(Qt::AlignRight | Qt::AlignVCenter);
    const bool is_tip = role == Qt::ToolTipRole && index.column() == what;
    if (role != Qt::DisplayRole && !is_tip) return {};
    switch (index.column()) {
    case step: return format_count(row.position);
    case time: return format_playhead(row.at);
    case cpu: return QString::number(row.event.cpu.raw());
    case kind: return kind_name(row.event.body);
    case what: return machine_ == nullptr ? QString() : sentence_of(row.event, *machine_);
    default: return {};
    }
}

QVariant EventModel::headerData(int section, Qt::Orientation orientation, int role) const {
    if (orientation != Qt::Horizontal || role != Qt::DisplayRole) return {};
    switch (section) {
    case step: return tr("Step");
    case time: return tr("Time");
    case cpu: return tr("CPU");
    case kind: return tr("Kind");
    case what: return tr("What happened");
    default: return {};
    }
}

EventsView::EventsView(const Theme& theme, QWidget* parent)
    : QTableView(parent), theme_(theme), model_(new EventModel(this)) {
    setModel(model_);
    setAccessibleName(tr("Events"));
    setSelectionBehavior(QAbstractItemView::SelectRows);
    setSelectionMode(QAbstractItemView::SingleSelection);
    setShowGrid(false);
    setAlternatingRowColors(true);
    setWordWrap(false);
    setFrameShape(QFrame::NoFrame);
    setTabKeyNavigation(false);
    verticalHeader()->hide();
    horizontalHeader()->setStretchLastSection(true);
    horizontalHeader()->setHighlightSections(false);
    horizontalHeader()->setDefaultAlignment(Qt::AlignLeft | Qt::AlignVCenter);
    connect(this, &QTableView::activated, this,
            [this](const QModelIndex& index) { Q_EMIT position_chosen(model_->position(index.row())); });
    connect(&theme, &Theme::changed, this, &EventsView::restyle);
    restyle();
}

void EventsView::show_snapshot(const SnapshotPtr& snapshot) {
    if (snapshot == nullptr) {
        model_->clear();
        return;
    }
    model_->set_machine(snapshot->machine);
    const int row = model_->row_of(snapshot->position);
    if (snapshot->position == 0 || row < 0) {
        clearSelection();
        return;
    }
    selectRow(row);
    scrollTo(model_->index(row, 0));
}

void EventsView::restyle() {
    const Look& look = theme_.look();
    setPalette(look.palette());
    setFont(look.font(TextSize::small));
    horizontalHeader()->setFont(look.font(TextSize::small));
    const QFontMetrics metrics(font());
    verticalHeader()->setDefaultSectionSize(metrics.height() + look.px(6));
    const auto wide = [&](const QString& text) { return metrics.horizontalAdvance(text) + look.px(20); };
    setColumnWidth(EventModel::step, wide(QStringLiteral("1 000 000")));
    setColumnWidth(EventModel::time, wide(QStringLiteral("1000.000 ms")));
    setColumnWidth(EventModel::cpu, wide(tr("CPU")));
    setColumnWidth(EventModel::kind, wide(QStringLiteral("out of memory")));
}

} // namespace ksl::ui
