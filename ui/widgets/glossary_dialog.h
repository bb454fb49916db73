// SPDX-License-Identifier: GPL-3.0-or-later
//
// All words of the glossary, with a line to find one by.
#pragma once

#include "ui/theme/theme.h"

#include <QDialog>

class QLineEdit;
class QTextBrowser;

namespace ksl::ui {

class GlossaryDialog : public QDialog {
    Q_OBJECT

public:
    GlossaryDialog(const Theme& theme, QWidget* parent);

    void show_all();
    /// Words that are listed now.
    [[nodiscard]] int count() const { return count_; }

private:
    /// Lists the words that have this text in them or in their meaning.
    void filter(const QString& text);
    void restyle();

    const Theme& theme_;
    QLineEdit* line_;
    QTextBrowser* text_;
    int count_ = 0;
};

} // namespace ksl::ui
