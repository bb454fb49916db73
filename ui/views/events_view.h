// SPDX-License-Identifier: GPL-3.0-or-later
//
// The events of the run as a table, the newest kMostRows of them. The rows of the present step are marked; Enter or a
// double click goes to a row's step.
#pragma once

#include "ui/engine/snapshot.h"
#include "ui/theme/theme.h"
#include "ui/views/snapshot_view.h"

#include <QAbstractTableModel>
#include <QTableView>
#include <cstdint>
#include <deque>
#include <span>

namespace ksl::ui {

class EventModel : public QAbstractTableModel {
    Q_OBJECT

public:
    static constexpr std::size_t kMostRows = 20'000;
    enum Column : std::uint8_t { step, time, cpu, kind, what, columns };

    using QAbstractTableModel::QAbstractTableModel;

    void clear();
    void append(std::span<const LoggedEvent> events);
    void set_machine(std::shared_ptr<const core::Machine> machine) { machine_ = std::move(machine); }
    [[nodiscard]] std::uint64_t position(int row) const { return events_[static_cast<std::size_t>(row)].position; }
    /// First row of the step that led to a position, or of the next step that reported anything; -1: none.
    [[nodiscard]] int row_of(std::uint64_t position) const;

    [[nodiscard]] int rowCount(const QModelIndex& parent = {}) const override;
    [[nodiscard]] int columnCount(const QModelIndex& parent = {}) const override;
    [[nodiscard]] QVariant data(const QModelIndex& index, int role) const override;
    [[nodiscard]] QVariant headerData(int section, Qt::Orientation orientation, int role) const override;

private:
    std::deque<LoggedEvent> events_;
    std::shared_ptr<const core::Machine> machine_;
};

class EventsView : public QTableView, public SnapshotView {
    Q_OBJECT

public:
    explicit EventsView(const Theme& theme, QWidget* parent = nullptr);

    [[nodiscard]] EventModel& events() { return *model_; }
    void show_snapshot(const SnapshotPtr& snapshot) override;

Q_SIGNALS:
    void position_chosen(std::uint64_t position);

private:
    void restyle();

    const Theme& theme_;
    EventModel* model_;
};

} // namespace ksl::ui
