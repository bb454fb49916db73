// SPDX-License-Identifier: GPL-3.0-or-later
//
// "D": the focused view in plain text, kept up to date while it is open. The same text is the alt text of an export.
#pragma once

#include "ui/widgets/map_canvas.h"

#include <QDialog>
#include <QPointer>

class QPlainTextEdit;

namespace ksl::ui {

class DescriptionDialog : public QDialog {
    Q_OBJECT

public:
    DescriptionDialog(const Theme& theme, QWidget* parent = nullptr);
    void show_for(MapCanvas& canvas);
    [[nodiscard]] QString text() const;

private:
    void refresh();
    void restyle();

    const Theme& theme_;
    QPlainTextEdit* text_;
    QPointer<MapCanvas> canvas_;
};

} // namespace ksl::ui
