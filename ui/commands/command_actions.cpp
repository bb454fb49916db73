// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/commands/command_actions.h"

#include <QAbstractButton>
#include <QAbstractItemView>
#include <QAbstractSlider>
#include <QAbstractSpinBox>
#include <QAction>
#include <QApplication>
#include <QComboBox>
#include <QKeyEvent>
#include <QLineEdit>
#include <QMenu>
#include <QMenuBar>
#include <QPlainTextEdit>
#include <QTabBar>
#include <QTextEdit>
#include <QVariant>
#include <QWidget>
#include <array>
#include <utility>

namespace ksl::ui {

namespace {

constexpr const char* kScopeProperty = "ksl_scope";

bool is_function_key(int key) {
    return key >= Qt::Key_F1 && key <= Qt::Key_F35;
}

bool takes_text(const QWidget* widget) {
    const auto* combo = qobject_cast<const QComboBox*>(widget);
    return qobject_cast<const QLineEdit*>(widget) != nullptr || qobject_cast<const QTextEdit*>(widget) != nullptr ||
           qobject_cast<const QPlainTextEdit*>(widget) != nullptr ||
           qobject_cast<const QAbstractSpinBox*>(widget) != nullptr || (combo != nullptr && combo->isEditable());
}

/// Keys by which a standard control is worked.
bool is_control_key(const QWidget* widget, int key) {
    const bool is_enter = key == Qt::Key_Return || key == Qt::Key_Enter || key == Qt::Key_Space;
    const bool is_arrow = key == Qt::Key_Left || key == Qt::Key_Right || key == Qt::Key_Up || key == Qt::Key_Down;
    const bool is_jump = key == Qt::Key_Home || key == Qt::Key_End || key == Qt::Key_PageUp || key == Qt::Key_PageDown;
    if (qobject_cast<const QAbstractButton*>(widget) != nullptr) return is_enter;
    if (qobject_cast<const QAbstractSlider*>(widget) != nullptr) return is_arrow || is_jump;
    if (qobject_cast<const QTabBar*>(widget) != nullptr) return is_arrow;
    const bool is_list =
        qobject_cast<const QAbstractItemView*>(widget) != nullptr || qobject_cast<const QComboBox*>(widget) != nullptr;
    return is_list && (is_enter || is_arrow || is_jump);
}

bool belongs_to(const QWidget* focus, const QKeyEvent& event) {
    const Qt::KeyboardModifiers modifiers = event.modifiers() & ~(Qt::ShiftModifier | Qt::KeypadModifier);
    if (modifiers != Qt::NoModifier || is_function_key(event.key()) || event.key() == Qt::Key_Escape) return false;
    return takes_text(focus) || is_control_key(focus, event.key());
}

/// The key as the table writes it. Shift is part of how '?' and '+' are typed, on keyboards that differ; the sign is
/// what counts.
QKeySequence sequence_of(const QKeyEvent& event) {
    Qt::KeyboardModifiers modifiers = event.modifiers() & ~Qt::KeypadModifier;
    const int key = event.key();
    const bool is_letter = key >= Qt::Key_A && key <= Qt::Key_Z;
    const bool is_sign = key > Qt::Key_Space && key < Qt::Key_AsciiTilde && !is_letter;
    if (is_sign) modifiers &= ~Qt::ShiftModifier;
    return {QKeyCombination(modifiers, static_cast<Qt::Key>(key))};
}

} // namespace

CommandActions::CommandActions(QWidget& window) : QObject(&window), window_(window), handlers_(all_commands().size()) {
    for (const CommandInfo& info : all_commands()) {
        auto* action = new QAction(this);
        action->setObjectName(QString::fromLatin1(info.name));
        action->setEnabled(false);
        connect(action, &QAction::triggered, this, [this, id = info.id] { trigger(id); });
        actions_.push_back(action);
    }
    refresh_texts();
    qApp->installEventFilter(this);
}

void CommandActions::on(Command command, std::function<void()> handler) {
    handlers_[static_cast<std::size_t>(command)] = std::move(handler);
    action(command)->setEnabled(true);
}

void CommandActions::trigger(Command command) {
    const auto& handler = handlers_[static_cast<std::size_t>(command)];
    if (handler && action(command)->isEnabled()) handler();
}

void CommandActions::set_keys(const KeyMap& keys) {
    keys_ = keys;
    refresh_texts();
}

void CommandActions::refresh_texts() {
    for (const CommandInfo& info : all_commands()) {
        const QString key = keys_.key_text(info.id);
        // Behind the tab a menu shows the key on the right.
        action(info.id)->setText(key.isEmpty() ? text_of(info.id) : text_of(info.id) + u'\t' + key);
        action(info.id)->setToolTip(help_of(info.id));
        action(info.id)->setStatusTip(help_of(info.id));
    }
}

void CommandActions::fill(QMenuBar& bar) const {
    constexpr std::array kMenus{MenuId::file,    MenuId::scenario, MenuId::run,     MenuId::view,
                                MenuId::compare, MenuId::lesson,   MenuId::exports, MenuId::help};
    for (const MenuId menu_id : kMenus) {
        QMenu* menu = bar.addMenu(name_of(menu_id));
        for (const CommandInfo& info : all_commands()) {
            if (info.menu == menu_id) menu->addAction(action(info.id));
        }
    }
}

void CommandActions::set_scope(QWidget& view, Scope scope) {
    view.setProperty(kScopeProperty, static_cast<int>(scope));
}

Scope CommandActions::scope_of(const QWidget* widget) {
    for (; widget != nullptr; widget = widget->parentWidget()) {
        const QVariant scope = widget->property(kScopeProperty);
        if (scope.isValid()) return static_cast<Scope>(scope.toInt());
    }
    return Scope::global;
}

QAction* CommandActions::action_for(const QKeyEvent& event, const QWidget* focus) const {
    if (belongs_to(focus, event)) return nullptr;
    const auto command = keys_.find(sequence_of(event), scope_of(focus));
    if (!command) return nullptr;
    QAction* found = action(*command);
    return found->isEnabled() ? found : nullptr;
}

bool CommandActions::eventFilter(QObject* watched, QEvent* event) {
    const bool is_override = event->type() == QEvent::ShortcutOverride;
    if (!is_override && event->type() != QEvent::KeyPress) return QObject::eventFilter(watched, event);
    auto* focus = qobject_cast<QWidget*>(watched);
    if (focus == nullptr || focus->window() != &window_ || QApplication::activePopupWidget() != nullptr) {
        return QObject::eventFilter(watched, event);
    }
    const auto* key = dynamic_cast<const QKeyEvent*>(event);
    QAction* found = key != nullptr ? action_for(*key, focus) : nullptr;
    if (found == nullptr) return QObject::eventFilter(watched, event);
    event->accept();
    if (!is_override) found->trigger();
    return true;
}

} // namespace ksl::ui
