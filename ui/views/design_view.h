// SPDX-License-Identifier: GPL-3.0-or-later
//
// What is being simulated, in words: the stack design axis by axis, the machine, the workload.
#pragma once

#include "sim/scenario/scenario.h"
#include "ui/theme/theme.h"

#include <QList>
#include <QScrollArea>

class QFormLayout;
class QLabel;

namespace ksl::ui {

class DesignView : public QScrollArea {
    Q_OBJECT

public:
    explicit DesignView(const Theme& theme, QWidget* parent = nullptr);

    void show_design(const sim::Scenario& scenario, std::size_t design);
    void show_nothing();
    /// Name and value of each line, "stack size: 16 KiB".
    [[nodiscard]] QStringList lines() const;

private:
    void begin();
    void add_title(const QString& title);
    void add_row(const QString& name, const QString& value);
    void add_axes(const core::StackDesign& stack);
    void restyle();

    const Theme& theme_;
    QFormLayout* form_ = nullptr;
    QList<QLabel*> titles_;
    QList<QLabel*> names_;
    QList<QLabel*> values_;
};

} // namespace ksl::ui
