// SPDX-License-Identifier: GPL-3.0-or-later
//
// "?": every key that acts in the focused view, from the inside out. A key that an inner scope takes over is not listed
// again for the outer one: the sheet says what would happen.
#pragma once

#include "ui/commands/key_map.h"
#include "ui/theme/theme.h"

#include <QDialog>
#include <QString>
#include <vector>

class QTreeWidget;

namespace ksl::ui {

struct KeySheetRow {
    Command command{};
    Scope scope{};
    QString keys; ///< those that still reach the command
};
[[nodiscard]] std::vector<KeySheetRow> key_sheet_rows(const KeyMap& keys, Scope scope);

class KeySheet : public QDialog {
    Q_OBJECT

public:
    KeySheet(const Theme& theme, QWidget* parent = nullptr);
    void show_for(const KeyMap& keys, Scope scope);

private:
    void restyle();

    const Theme& theme_;
    QTreeWidget* tree_;
};

} // namespace ksl::ui
