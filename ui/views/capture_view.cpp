// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/views/capture_view.h"

#include "sim/walk/dump_choice.h"
#include "ui/format/format.h"
#include "ui/views/page_walk_view.h"

#include <QHeaderView>
#include <QLabel>
#include <QListView>
#include <QSplitter>
#include <QStringListModel>
#include <QTabWidget>
#include <QTableWidget>
#include <QVBoxLayout>
#include <algorithm>
#include <utility>

namespace ksl::ui {

namespace {

constexpr qsizetype kMostRows = 10'000;
constexpr int kWidestFacts = 420;          ///< beside rows, in logical pixels
constexpr int kAddressRole = Qt::UserRole; ///< of a cell that is an address: the address

QTableWidget* new_table(QWidget* parent) {
    auto* table = new QTableWidget(parent);
    table->setEditTriggers(QAbstractItemView::NoEditTriggers);
    table->setSelectionBehavior(QAbstractItemView::SelectRows);
    table->setShowGrid(false);
    table->setFrameShape(QFrame::NoFrame);
    table->verticalHeader()->hide();
    table->horizontalHeader()->setHighlightSections(false);
    return table;
}

/// A cell as people read it.
QString cell_text(const sim::Column& column, const sim::Cell& cell) {
    const sim::Table one{.columns = {column}, .rows = {{cell}}};
    const QStringList lines = QString::fromStdString(to_text(one)).trimmed().split(u'\n');
    return lines.back().trimmed();
}

} // namespace

sim::Result<OpenedCapture> open_capture(const std::filesystem::path& path) {
    OpenedCapture capture;
    auto summary = sim::import_file(path);
    auto source = sim::open_walk_source(path);
    if (!summary && !source) return std::unexpected(std::move(summary.error()));
    if (summary) {
        capture.summary = std::move(*summary);
    } else {
        capture.summary.file = path.string();
        capture.summary.format = "page tables";
    }
    if (source) {
        capture.dump = sim::captured_dump(*source);
        capture.tables = std::make_shared<const sim::WalkSource>(std::move(*source));
    }
    return capture;
}

CaptureView::CaptureView(const Theme& theme, QWidget* parent)
    : QWidget(parent), theme_(theme), title_(new QLabel(this)), pages_(new QTabWidget(this)), facts_(new_table(this)),
      rows_(new_table(this)), figures_(new QWidget(this)), tables_(new QWidget(this)), list_(new QListView(this)),
      lines_(new QStringListModel(this)), walk_(new PageWalkView(theme, this)) {
    setAccessibleName(tr("Captured system"));
    walk_->setObjectName(QStringLiteral("captured"));
    title_->setTextFormat(Qt::PlainText);
    title_->setSizePolicy(QSizePolicy::Ignored, QSizePolicy::Preferred);
    pages_->setDocumentMode(true);
    facts_->setColumnCount(2);
    facts_->horizontalHeader()->hide();
    facts_->horizontalHeader()->setStretchLastSection(true);
    facts_->setAccessibleName(tr("What the capture holds"));
    rows_->setAccessibleName(tr("Rows of the capture"));
    auto* figures = new QHBoxLayout(figures_);
    figures->setContentsMargins(0, 0, 0, 0);
    figures->addWidget(facts_);
    figures->addWidget(rows_, 1);
    list_->setModel(lines_);
    list_->setUniformItemSizes(true);
    list_->setEditTriggers(QAbstractItemView::NoEditTriggers);
    list_->setAccessibleName(tr("What the page tables map"));
    list_->setToolTip(tr("<qt>As the kernel itself prints its tables: addresses from and to, how much, then the rights "
                         "(RW or ro), USR user mode may, PSE mapped by a large page, GLB stays in the TLB across "
                         "processes, NX not executable, and the level of table that maps it, from pgd (the topmost) "
                         "down to pte.</qt>"));
    auto* split = new QSplitter(Qt::Vertical, tables_);
    split->setChildrenCollapsible(false);
    split->addWidget(list_);
    split->addWidget(walk_);
    split->setStretchFactor(1, 2);
    auto* inside = new QVBoxLayout(tables_);
    inside->setContentsMargins(0, 0, 0, 0);
    inside->addWidget(split);
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 4, 0, 0);
    layout->addWidget(title_);
    layout->addWidget(pages_, 1);
    connect(list_->selectionModel(), &QItemSelectionModel::currentChanged, this,
            [this](const QModelIndex& current) { walk_line(current.row()); });
    connect(rows_, &QTableWidget::itemActivated, this, [this](const QTableWidgetItem* item) { walk_row(item->row()); });
    connect(&theme, &Theme::changed, this, &CaptureView::restyle);
    restyle();
}

void CaptureView::show_capture(const OpenedCapture& capture) {
    const sim::ImportSummary& summary = capture.summary;
    title_->setText(tr("%1: %2").arg(QString::fromStdString(summary.format), QString::fromStdString(summary.file)));
    title_->setToolTip(title_->text());
    facts_->setRowCount(static_cast<int>(summary.facts.size()));
    for (int row = 0; row < facts_->rowCount(); ++row) {
        const sim::ImportFact& fact = summary.facts[static_cast<std::size_t>(row)];
        facts_->setItem(row, 0, new QTableWidgetItem(QString::fromStdString(fact.title)));
        facts_->setItem(row, 1,
                        new QTableWidgetItem(cell_text({.key = fact.key, .title = {}, .unit = fact.unit}, fact.value)));
    }
    facts_->resizeColumnsToContents();
    const auto rows = std::min<qsizetype>(kMostRows, static_cast<qsizetype>(summary.rows.rows.size()));
    rows_->setColumnCount(static_cast<int>(summary.rows.columns.size()));
    rows_->setRowCount(static_cast<int>(rows));
    QStringList titles;
    for (const sim::Column& column : summary.rows.columns) titles += QString::fromStdString(column.title);
    rows_->setHorizontalHeaderLabels(titles);
    for (int row = 0; row < rows_->rowCount(); ++row) {
        for (int column = 0; column < rows_->columnCount(); ++column) {
            const auto at = static_cast<std::size_t>(column);
            const auto& cell = summary.rows.rows[static_cast<std::size_t>(row)][at];
            auto* item = new QTableWidgetItem(cell_text(summary.rows.columns[at], cell));
            if (summary.rows.columns[at].unit != sim::Unit::text)
                item->setTextAlignment(Qt::AlignRight | Qt::AlignVCenter);
            const auto* number = std::get_if<std::uint64_t>(&cell);
            if (summary.rows.columns[at].unit == sim::Unit::hex && number != nullptr)
                item->setData(kAddressRole, QVariant::fromValue<qulonglong>(*number));
            rows_->setItem(row, column, item);
        }
    }
    rows_->resizeColumnsToContents();
    const bool has_address = std::ranges::any_of(
        summary.rows.columns, [](const sim::Column& column) { return column.unit == sim::Unit::hex; });
    rows_->setToolTip(has_address && capture.tables != nullptr
                          ? tr("<qt>Double-click a row, or press Enter, to walk the page tables to its address.</qt>")
                          : QString());
    rows_->setVisible(rows != 0);
    // Beside rows the figures take the width that they need; alone they take all.
    const int width = facts_->columnWidth(0) + facts_->columnWidth(1) + theme_.look().px(24);
    facts_->setMaximumWidth(rows == 0 ? QWIDGETSIZE_MAX : std::min(width, theme_.look().px(kWidestFacts)));
    lines_->setStringList(QString::fromStdString(capture.dump).split(u'\n', Qt::SkipEmptyParts));
    walk_->show_capture(capture.tables);
    pages_->clear();
    if (capture.tables != nullptr) pages_->addTab(tables_, tr("Page tables"));
    if (facts_->rowCount() != 0 || rows != 0) pages_->addTab(figures_, tr("Figures"));
    for (QWidget* page : std::initializer_list<QWidget*>{tables_, figures_}) {
        if (pages_->indexOf(page) < 0) page->hide();
    }
    if (capture.tables == nullptr) return;
    // The first line that maps something: headings have no address, and many ranges map nothing.
    for (int line = 0; line < mapped_lines(); ++line) {
        const auto& walk = walk_->canvas().walk();
        if (walk_line(line) && walk && walk->walk.outcome) {
            list_->setCurrentIndex(lines_->index(line));
            break;
        }
    }
}

int CaptureView::mapped_lines() const {
    return lines_->rowCount();
}

std::optional<core::VirtAddr> CaptureView::start_of_line(int line) const {
    if (line < 0 || line >= mapped_lines()) return std::nullopt;
    const QString text = lines_->data(lines_->index(line)).toString();
    const qsizetype dash = text.indexOf(u'-');
    std::uint64_t at = 0;
    if (!text.startsWith(QStringLiteral("0x")) || dash < 0 || !parse_hex(text.left(dash), at)) return std::nullopt;
    return core::VirtAddr{at};
}

bool CaptureView::walk_line(int line) {
    const auto start = start_of_line(line);
    if (start) walk_->go_to(*start);
    return start.has_value();
}

/// Lines are in ascending order, with headings between them.
void CaptureView::select_line_of(core::VirtAddr at) {
    int found = -1;
    for (int line = 0; line < mapped_lines(); ++line) {
        const auto start = start_of_line(line);
        if (start && *start > at) break;
        if (start) found = line;
    }
    list_->setCurrentIndex(lines_->index(found));
    list_->scrollTo(lines_->index(found), QAbstractItemView::PositionAtCenter);
}

bool CaptureView::walk_row(int row) {
    if (pages_->indexOf(tables_) < 0 || row < 0 || row >= rows_->rowCount()) return false;
    for (int column = 0; column < rows_->columnCount(); ++column) {
        const QVariant address = rows_->item(row, column)->data(kAddressRole);
        if (!address.isValid()) continue;
        select_line_of(core::VirtAddr{address.toULongLong()});
        walk_->go_to(core::VirtAddr{address.toULongLong()});
        pages_->setCurrentWidget(tables_);
        return true;
    }
    return false;
}

QStringList CaptureView::facts() const {
    QStringList all;
    for (int row = 0; row < facts_->rowCount(); ++row)
        all += facts_->item(row, 0)->text() + QStringLiteral(": ") + facts_->item(row, 1)->text();
    return all;
}

void CaptureView::restyle() {
    const Look& look = theme_.look();
    setPalette(look.palette());
    title_->setFont(look.font(TextSize::small, TextWeight::bold));
    title_->setMargin(look.px(4));
    for (QWidget* part : std::initializer_list<QWidget*>{pages_, facts_, rows_})
        part->setFont(look.font(TextSize::small));
    list_->setFont(look.fixed_font(TextSize::small));
    for (QTableWidget* table : {facts_, rows_}) table->verticalHeader()->setDefaultSectionSize(look.px(24));
}

} // namespace ksl::ui
