// SPDX-License-Identifier: GPL-3.0-or-later
//
// The charts of a lab database, one at a time.
#pragma once

#include "sim/base/error.h"
#include "ui/charts/run_charts.h"
#include "ui/theme/theme.h"

#include <QWidget>
#include <string>
#include <vector>

class QComboBox;
class QLabel;

namespace ksl::ui {

class ChartView;

class ChartsView : public QWidget {
    Q_OBJECT

public:
    explicit ChartsView(const Theme& theme, QWidget* parent = nullptr);

    /// Of the newest experiment in it.
    [[nodiscard]] sim::Result<void> open(const std::string& database);
    [[nodiscard]] int count() const;
    void choose(int chart);
    /// Nullptr before a database was opened.
    [[nodiscard]] const NamedChart* current() const;

Q_SIGNALS:
    void export_requested();

private:
    void restyle();

    const Theme& theme_;
    std::vector<NamedChart> charts_;
    QLabel* label_;
    QComboBox* choice_;
    ChartView* view_;
};

} // namespace ksl::ui
