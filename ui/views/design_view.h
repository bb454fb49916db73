// SPDX-License-Identifier: GPL-3.0-or-later
//
// What is being simulated, in words: the stack design axis by axis, the machine, the workload.
#pragma once

#include "sim/scenario/scenario.h"
#include "ui/theme/theme.h"

#include <QTreeWidget>

namespace ksl::ui {

class DesignView : public QTreeWidget {
    Q_OBJECT

public:
    explicit DesignView(const Theme& theme, QWidget* parent = nullptr);

    void show_design(const sim::Scenario& scenario, std::size_t design);
    void show_nothing();

private:
    QTreeWidgetItem* add_group(const QString& title);
    void add_row(QTreeWidgetItem* group, const QString& name, const QString& value);
    void restyle();

    const Theme& theme_;
};

} // namespace ksl::ui
