// SPDX-License-Identifier: GPL-3.0-or-later
//
// Ctrl+K: any action by a few letters of its name. Up and Down choose, Enter carries out, Escape closes. Actions that
// cannot be carried out now are shown, greyed, after the others.
#pragma once

#include "ui/commands/command_actions.h"
#include "ui/theme/theme.h"

#include <QDialog>

class QLineEdit;
class QListView;

namespace ksl::ui {

class PaletteModel;

class CommandPalette : public QDialog {
    Q_OBJECT

public:
    CommandPalette(const Theme& theme, CommandActions& actions, QWidget* parent = nullptr);

    /// Empties the field and shows everything.
    void open_empty();
    void set_pattern(const QString& pattern);
    /// Best match first.
    [[nodiscard]] QList<Command> shown() const;

protected:
    bool eventFilter(QObject* watched, QEvent* event) override;
    void paintEvent(QPaintEvent* event) override;

private:
    void carry_out_current();
    void restyle();

    const Theme& theme_;
    CommandActions& actions_;
    PaletteModel* model_;
    QLineEdit* field_;
    QListView* list_;
};

} // namespace ksl::ui
