// SPDX-License-Identifier: GPL-3.0-or-later
//
// A against B at the playhead: what each has done so far, what it cost, and by how much B differs.
#pragma once

#include "ui/engine/run_totals.h"
#include "ui/theme/theme.h"
#include "ui/views/snapshot_view.h"

#include <QTableWidget>
#include <span>

namespace ksl::ui {

class CompareView : public QTableWidget, public SnapshotView {
    Q_OBJECT

public:
    explicit CompareView(const Theme& theme, QWidget* parent = nullptr);

    /// Other runs: everything known is forgotten.
    void clear_runs();
    void show_names(const QString& a, const QString& b);
    void append(std::span<const StepRecord> a, std::span<const StepRecord> b, std::span<const RunDifference> found);
    void show_snapshot(const SnapshotPtr& snapshot) override;

    /// "clones, 512, 512, same" for each row, for tests and screen readers.
    [[nodiscard]] QStringList lines() const;

private:
    void set_row(int row, const QString& name, const QString& a, const QString& b, const QString& verdict,
                 bool is_different);
    void add_row(const QString& name, const QString& left, const QString& right, const QString& verdict);
    [[nodiscard]] static RunTotal total_at(const RunTotals& totals, const Snapshot& snapshot);
    void add_operations(const Snapshot& snapshot, const Snapshot& other);
    void add_failures_and_memory(const Snapshot& snapshot, const Snapshot& other);
    void restyle();

    const Theme& theme_;
    RunTotals a_;
    RunTotals b_;
    int rows_ = 0; ///< added for the snapshot that is being shown
    std::size_t differences_ = 0;
    std::size_t outcomes_ = 0; ///< differences in which one side failed
    SnapshotPtr snapshot_;
};

} // namespace ksl::ui
