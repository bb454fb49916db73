// SPDX-License-Identifier: GPL-3.0-or-later
//
// Choosing a scenario: those that come with the program, each with what it shows, or a file.
#pragma once

#include "sim/base/assets.h"
#include "ui/theme/theme.h"

#include <QDialog>

class QLabel;
class QListWidget;
class QPushButton;

namespace ksl::ui {

class OpenScenarioDialog : public QDialog {
    Q_OBJECT

public:
    OpenScenarioDialog(const Theme& theme, const sim::Assets& assets, QWidget* parent = nullptr);

    /// A name as load_scenario() takes it: "article", or the path of a file. Empty: nothing chosen.
    [[nodiscard]] QString chosen() const { return chosen_; }
    [[nodiscard]] int count() const;

private:
    void choose_current();
    void choose_file();
    void show_summary();
    void restyle();

    const Theme& theme_;
    QListWidget* list_;
    QLabel* summary_;
    QPushButton* open_;
    QString chosen_;
};

} // namespace ksl::ui
