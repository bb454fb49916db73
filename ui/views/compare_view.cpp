// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/views/compare_view.h"

#include "ui/format/format.h"

#include <QHeaderView>
#include <algorithm>
#include <cmath>

namespace ksl::ui {

namespace {

constexpr double kSame = 0.01; ///< relative: what a person calls the same
constexpr int kFigureDigits = 2;

QString count_verdict(std::uint64_t a, std::uint64_t b) {
    if (a == b) return CompareView::tr("same");
    return b > a ? CompareView::tr("%1 more").arg(format_count(b - a))
                 : CompareView::tr("%1 fewer").arg(format_count(a - b));
}
QString time_verdict(double a, double b) {
    if (std::abs(b - a) <= kSame * std::max(a, b)) return CompareView::tr("same");
    const QString by = format_time(std::abs(b - a));
    return b > a ? CompareView::tr("\u25B2 %1 slower").arg(by) : CompareView::tr("\u25BC %1 faster").arg(by);
}
QString figure_text(double figure) {
    return format_decimal(figure, kFigureDigits);
}
/// What is shown as the same is the same.
QString figure_verdict(double a, double b) {
    if (std::abs(b - a) <= kSame * std::max(a, b) || figure_text(a) == figure_text(b)) return CompareView::tr("same");
    const QString by = figure_text(std::abs(b - a));
    return b > a ? CompareView::tr("\u25B2 %1 more").arg(by) : CompareView::tr("\u25BC %1 fewer").arg(by);
}
QString operation_text(const StepRecord& record) {
    const bool is_clone = record.kind == StepKind::clone;
    if (record.has(StepRecord::kFailed)) return CompareView::tr("clone failed, %1").arg(format_time(record.duration));
    return is_clone ? CompareView::tr("clone, %1").arg(format_time(record.duration))
                    : CompareView::tr("exit, %1").arg(format_time(record.duration));
}
core::Bytes free_memory(const Snapshot& snapshot) {
    return bytes_of(snapshot.machine->state().memory.pages.free_pages());
}

} // namespace

CompareView::CompareView(const Theme& theme, QWidget* parent) : QTableWidget(parent), theme_(theme) {
    setAccessibleName(tr("A against B"));
    setColumnCount(4);
    verticalHeader()->hide();
    horizontalHeader()->setSectionResizeMode(QHeaderView::ResizeToContents);
    horizontalHeader()->setSectionResizeMode(0, QHeaderView::Stretch);
    horizontalHeader()->setDefaultAlignment(Qt::AlignLeft | Qt::AlignVCenter);
    horizontalHeader()->setHighlightSections(false);
    setHorizontalHeaderLabels({tr("so far"), tr("A"), tr("B"), tr("B against A")});
    setEditTriggers(QAbstractItemView::NoEditTriggers);
    setSelectionBehavior(QAbstractItemView::SelectRows);
    setShowGrid(false);
    setFrameShape(QFrame::NoFrame);
    setWordWrap(false);
    connect(&theme, &Theme::changed, this, &CompareView::restyle);
    restyle();
}

void CompareView::clear_runs() {
    a_.clear();
    b_.clear();
    differences_ = 0;
    outcomes_ = 0;
    show_snapshot(nullptr);
}

void CompareView::show_names(const QString& a, const QString& b) {
    horizontalHeaderItem(1)->setToolTip(a);
    horizontalHeaderItem(2)->setToolTip(b);
}

void CompareView::append(std::span<const StepRecord> a, std::span<const StepRecord> b,
                         std::span<const RunDifference> found) {
    a_.append(a);
    b_.append(b);
    differences_ += found.size();
    outcomes_ += static_cast<std::size_t>(std::ranges::count_if(found, &RunDifference::is_outcome));
}

void CompareView::set_row(int row, const QString& name, const QString& a, const QString& b, const QString& verdict,
                          bool is_different) {
    if (row >= rowCount()) setRowCount(row + 1);
    int column = 0;
    for (const QString& text : {name, a, b, verdict}) {
        QTableWidgetItem* cell = item(row, column);
        if (cell == nullptr) {
            cell = new QTableWidgetItem;
            setItem(row, column, cell);
        }
        cell->setText(text);
        QFont font =
            theme_.look().font(TextSize::small, is_different && column == 3 ? TextWeight::bold : TextWeight::normal);
        cell->setFont(font);
        ++column;
    }
}

void CompareView::show_snapshot(const SnapshotPtr& snapshot) {
    snapshot_ = snapshot;
    clearSpans();
    rows_ = 0;
    if (snapshot == nullptr || snapshot->other == nullptr) {
        setRowCount(0);
        set_row(0, snapshot == nullptr ? QString() : tr("Choose a second design, B, to see both here"), {}, {}, {},
                false);
        setSpan(0, 0, 1, columnCount());
        return;
    }
    const Snapshot& other = *snapshot->other;
    add_operations(*snapshot, other);
    add_failures_and_memory(*snapshot, other);
    setRowCount(rows_);
}

void CompareView::add_row(const QString& name, const QString& left, const QString& right, const QString& verdict) {
    set_row(rows_++, name, left, right, verdict, verdict != tr("same"));
}

RunTotal CompareView::total_at(const RunTotals& totals, const Snapshot& snapshot) {
    return totals.at(std::min<std::size_t>(snapshot.position, totals.steps()));
}

void CompareView::add_operations(const Snapshot& snapshot, const Snapshot& other) {
    const RunTotal a = total_at(a_, snapshot);
    const RunTotal b = total_at(b_, other);
    const auto last_a = a_.last_operation(snapshot.position);
    const auto last_b = b_.last_operation(other.position);
    if (last_a && last_b) {
        add_row(tr("last operation"), operation_text(*last_a), operation_text(*last_b),
                time_verdict(double(last_a->duration.count()), double(last_b->duration.count())));
    }
    const auto time = [&](const QString& name, double left, double right) {
        add_row(name, format_time(left), format_time(right), time_verdict(left, right));
    };
    // Before both have done one there is nothing to compare.
    if (a.clones != 0 && b.clones != 0) time(tr("mean clone"), a.mean_clone(), b.mean_clone());
    if (a.exits != 0 && b.exits != 0) time(tr("mean exit"), a.mean_exit(), b.mean_exit());
    const auto figure = [&](const QString& name, double left, double right) {
        add_row(name, figure_text(left), figure_text(right), figure_verdict(left, right));
    };
    figure(tr("TLB misses an operation"), a.misses_an_operation(), b.misses_an_operation());
    figure(tr("page walks an operation"), a.walks_an_operation(), b.walks_an_operation());
    const double more_cached = b.cached_share() - a.cached_share();
    add_row(tr("stacks from a CPU's cache"), format_percent(a.cached_share()), format_percent(b.cached_share()),
            std::abs(more_cached) <= kSame ? tr("same") : tr("%1 points").arg(format_decimal(100 * more_cached, 0)));
}

void CompareView::add_failures_and_memory(const Snapshot& snapshot, const Snapshot& other) {
    const RunTotal a = total_at(a_, snapshot);
    const RunTotal b = total_at(b_, other);
    const auto count = [&](const QString& name, std::uint64_t left, std::uint64_t right) {
        add_row(name, format_count(left), format_count(right), count_verdict(left, right));
    };
    count(tr("clones"), a.clones, b.clones);
    count(tr("clones that failed"), a.failed, b.failed);
    count(tr("killed, or out of memory"), a.killed, b.killed);
    const core::Bytes free_a = free_memory(snapshot);
    const core::Bytes free_b = free_memory(other);
    add_row(tr("free memory"), format_bytes(free_a), format_bytes(free_b),
            free_a == free_b  ? tr("same")
            : free_b > free_a ? tr("%1 more").arg(format_bytes(free_b - free_a))
                              : tr("%1 less").arg(format_bytes(free_a - free_b)));
    add_row(tr("time taken"), format_time(snapshot.now), format_time(other.now),
            time_verdict(double(snapshot.now.count()), double(other.now.count())));
    add_row(tr("operations that differ"), {}, format_count(differences_),
            outcomes_ == 0 ? tr("none in outcome") : tr("%1 in outcome").arg(format_count(outcomes_)));
}

QStringList CompareView::lines() const {
    QStringList all;
    for (int row = 0; row < rowCount(); ++row) {
        QStringList cells;
        for (int column = 0; column < columnCount(); ++column) cells += item(row, column)->text();
        all += cells.join(QStringLiteral(", "));
    }
    return all;
}

void CompareView::restyle() {
    const Look& look = theme_.look();
    setPalette(look.palette());
    setFont(look.font(TextSize::small));
    horizontalHeader()->setFont(look.font(TextSize::small, TextWeight::bold));
    verticalHeader()->setDefaultSectionSize(look.px(24));
    show_snapshot(snapshot_);
}

} // namespace ksl::ui
