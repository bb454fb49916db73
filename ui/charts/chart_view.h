// SPDX-License-Identifier: GPL-3.0-or-later
//
// A chart in the window: picture or table, logarithmic or linear axis, export. The table is the same data for those who
// cannot see the picture, and for those who want the numbers.
#pragma once

#include "ui/charts/chart.h"
#include "ui/theme/theme.h"

#include <QWidget>
#include <optional>

class QStackedWidget;
class QTableView;
class QToolButton;

namespace ksl::ui {

class ChartPlot;
class ChartTableModel;

class ChartView : public QWidget {
    Q_OBJECT

public:
    explicit ChartView(const Theme& theme, QWidget* parent = nullptr);

    void set_chart(const Chart& chart);
    [[nodiscard]] const std::optional<Chart>& chart() const { return chart_; }
    void show_table(bool on);
    [[nodiscard]] bool shows_table() const;

Q_SIGNALS:
    /// The user wants another scale on the value axis; whoever made the chart makes it again (bins depend on it).
    void scale_requested(ksl::ui::AxisScale scale);
    void export_requested();

protected:
    bool eventFilter(QObject* watched, QEvent* event) override;

private:
    void redraw();
    void restyle();

    const Theme& theme_;
    std::optional<Chart> chart_;
    QStackedWidget* pages_;
    ChartPlot* plot_;
    QTableView* table_;
    ChartTableModel* model_;
    QToolButton* table_button_;
    QToolButton* scale_button_;
    QToolButton* export_button_;
};

} // namespace ksl::ui
