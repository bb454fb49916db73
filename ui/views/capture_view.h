// SPDX-License-Identifier: GPL-3.0-or-later
//
// A real system that was captured: what is in the capture, in figures and rows; and where it has page tables, all that
// they map, each line to be walked by a click.
#pragma once

#include "sim/import/import_summary.h"
#include "sim/walk/walk_source.h"
#include "ui/theme/theme.h"

#include <QWidget>
#include <filesystem>
#include <memory>
#include <optional>

class QLabel;
class QListView;
class QStringListModel;
class QTableWidget;
class QTabWidget;

namespace ksl::ui {

class PageWalkView;

struct OpenedCapture {
    sim::ImportSummary summary;
    std::shared_ptr<const sim::WalkSource> tables; ///< null: it has none
    std::string dump;                              ///< of these tables, in the kernel's own format
};

/// Reads all of it: seconds for a large one. Touches no widget, so that another thread can do it.
[[nodiscard]] sim::Result<OpenedCapture> open_capture(const std::filesystem::path& path);

class CaptureView : public QWidget {
    Q_OBJECT

public:
    explicit CaptureView(const Theme& theme, QWidget* parent = nullptr);

    void show_capture(const OpenedCapture& capture);
    [[nodiscard]] PageWalkView& walk() { return *walk_; }
    /// Lines of the dump.
    [[nodiscard]] int mapped_lines() const;
    /// As a click on that line: the walk of its lowest address. False: it has none.
    bool walk_line(int line);
    /// As a double click on that row of the figures: the walk of the address in it. False: it has none.
    bool walk_row(int row);
    [[nodiscard]] QStringList facts() const;

private:
    void restyle();
    /// The lowest address of a line of the dump; none for headings.
    [[nodiscard]] std::optional<core::VirtAddr> start_of_line(int line) const;
    void select_line_of(core::VirtAddr at);

    const Theme& theme_;
    QLabel* title_;
    QTabWidget* pages_;
    QTableWidget* facts_;
    QTableWidget* rows_;
    QWidget* figures_; ///< both, side by side
    QWidget* tables_;
    QListView* list_;
    QStringListModel* lines_;
    PageWalkView* walk_;
};

} // namespace ksl::ui
