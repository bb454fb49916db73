// SPDX-License-Identifier: GPL-3.0-or-later
//
// What a view shows before it has anything to show: what it is for, and the one or two things to do about it.
#pragma once

#include "ui/theme/theme.h"

#include <QLatin1StringView>
#include <QList>
#include <QString>
#include <QWidget>
#include <functional>

class QAction;
class QLabel;
class QPushButton;

namespace ksl::ui {

class EmptyState : public QWidget {
    Q_OBJECT

public:
    /// `icon` as in assets/icons.
    EmptyState(const Theme& theme, QLatin1StringView icon, const QString& title, const QString& text,
               QWidget* parent = nullptr);

    /// A button; the first one added is the default.
    void add_action(QAction* action);
    /// A line to click on, below the buttons.
    void add_choice(const QString& text, std::function<void()> chosen);
    /// Says something else: why there is nothing here.
    void set_text(const QString& title, const QString& text);
    [[nodiscard]] QString text() const;

protected:
    void paintEvent(QPaintEvent* event) override;

private:
    void restyle();

    const Theme& theme_;
    QLatin1StringView icon_name_;
    QLabel* icon_;
    QLabel* title_;
    QLabel* text_;
    QWidget* buttons_;
    QWidget* choices_;
    QList<QPushButton*> all_buttons_;
    QList<QPushButton*> all_choices_;
};

} // namespace ksl::ui
