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
    /// Two designs of one scenario: where they differ, A's value, an arrow, B's; what they share stands below.
    void show_pair(const sim::Scenario& scenario, std::size_t a, std::size_t b);
    void show_nothing();
    /// Name and value of each line, "stack size: 16 KiB".
    [[nodiscard]] QStringList lines() const;

private:
    void begin();
    void add_title(const QString& title);
    void add_row(const QString& name, const QString& value);
    struct Axis {
        QString name;
        QString value;
    };
    [[nodiscard]] static QList<Axis> axes_of(const sim::DesignProfile& profile);
    void add_machine(const sim::Scenario& scenario);
    void restyle();

    const Theme& theme_;
    QFormLayout* form_ = nullptr;
    QList<QLabel*> titles_;
    QList<QLabel*> names_;
    QList<QLabel*> values_;
};

} // namespace ksl::ui
