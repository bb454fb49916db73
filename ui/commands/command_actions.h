// SPDX-License-Identifier: GPL-3.0-or-later
//
// Commands come alive: one QAction each, in menus and on keys. Whoever carries a command out says on(Command::x,
// handler).
//
// Keys:   Qt's own shortcuts report a key that two scopes share as ambiguous and then do nothing. So the actions have
//         no shortcuts; the key press goes to the innermost command of the scope that has the focus (see set_scope).
// Typing: where the focus is in a text field every key without Ctrl, Alt or function belongs to the text; buttons,
//         lists and sliders keep the keys that work them.
#pragma once

#include "ui/commands/key_map.h"

#include <QObject>
#include <functional>
#include <vector>

class QAction;
class QKeyEvent;
class QMenuBar;
class QWidget;

namespace ksl::ui {

class CommandActions : public QObject {
    Q_OBJECT

public:
    /// Keys pressed anywhere in `window` are looked at.
    explicit CommandActions(QWidget& window);

    [[nodiscard]] QAction* action(Command command) const { return actions_[static_cast<std::size_t>(command)]; }
    /// Carries the command out from now on, and enables it; commands without a handler are disabled.
    void on(Command command, std::function<void()> handler);
    void trigger(Command command);

    [[nodiscard]] const KeyMap& keys() const { return keys_; }
    void set_keys(const KeyMap& keys);

    /// Menus in the order of the table.
    void fill(QMenuBar& bar) const;

    /// `view` and everything in it are of this scope.
    static void set_scope(QWidget& view, Scope scope);
    /// The scope of the nearest ancestor that has one, else global.
    [[nodiscard]] static Scope scope_of(const QWidget* widget);

protected:
    bool eventFilter(QObject* watched, QEvent* event) override;

private:
    [[nodiscard]] QAction* action_for(const QKeyEvent& event, const QWidget* focus) const;
    void refresh_texts();

    QWidget& window_;
    KeyMap keys_;
    std::vector<QAction*> actions_;
    std::vector<std::function<void()>> handlers_;
};

} // namespace ksl::ui
