// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/commands/key_map.h"

#include <QCoreApplication>
#include <algorithm>

namespace ksl::ui {

namespace {

struct SchemeKeys {
    Command command{};
    const char* keys = "";
};

constexpr std::array kLeftHanded{
    SchemeKeys{.command = Command::zoom_in, .keys = "+ = I"},
    SchemeKeys{.command = Command::zoom_out, .keys = "- O"},
    SchemeKeys{.command = Command::describe_view, .keys = "U"},
    SchemeKeys{.command = Command::centre_selection, .keys = "Y"},
    SchemeKeys{.command = Command::go_to, .keys = "Ctrl+L"},
    SchemeKeys{.command = Command::set_marker_a, .keys = "P"},
    SchemeKeys{.command = Command::go_to_marker_a, .keys = "Shift+P"},
    SchemeKeys{.command = Command::swap_ab, .keys = "Shift+U"},
};

constexpr std::array kArrowsOnly{
    SchemeKeys{.command = Command::play_pause, .keys = "Space"},
    SchemeKeys{.command = Command::shuttle_forward, .keys = "Ctrl+Shift+Right"},
    SchemeKeys{.command = Command::shuttle_back, .keys = "Ctrl+Shift+Left"},
    SchemeKeys{.command = Command::zoom_in, .keys = "+ PgUp"},
    SchemeKeys{.command = Command::zoom_out, .keys = "- PgDown"},
    SchemeKeys{.command = Command::rate_up, .keys = "Ctrl+Up"},
    SchemeKeys{.command = Command::rate_down, .keys = "Ctrl+Down"},
    SchemeKeys{.command = Command::describe_view, .keys = "F2"},
    SchemeKeys{.command = Command::key_sheet, .keys = "F1"},
    SchemeKeys{.command = Command::go_to, .keys = "F3"},
    SchemeKeys{.command = Command::next_difference, .keys = "F4"},
    SchemeKeys{.command = Command::previous_difference, .keys = "Shift+F4"},
    SchemeKeys{.command = Command::centre_selection, .keys = "F5"},
    SchemeKeys{.command = Command::swap_ab, .keys = "F7"},
    SchemeKeys{.command = Command::toggle_ab, .keys = "F8"},
    SchemeKeys{.command = Command::link_cameras, .keys = "Shift+F8"},
    SchemeKeys{.command = Command::map_next_mode, .keys = "F9"},
    SchemeKeys{.command = Command::map_previous_mode, .keys = "Shift+F9"},
    SchemeKeys{.command = Command::map_hilbert, .keys = "Ctrl+F9"},
    SchemeKeys{.command = Command::map_linear, .keys = "Ctrl+Shift+F9"},
    SchemeKeys{.command = Command::lesson_back, .keys = "F9"},
    SchemeKeys{.command = Command::set_marker_a, .keys = "F12"},
    SchemeKeys{.command = Command::go_to_marker_a, .keys = "Shift+F12"},
    SchemeKeys{.command = Command::set_marker_b, .keys = "Ctrl+F12"},
    SchemeKeys{.command = Command::go_to_marker_b, .keys = "Ctrl+Shift+F12"},
};

QList<QKeySequence> parsed(const QString& text) {
    QList<QKeySequence> keys;
    for (const QString& key : text.split(u' ', Qt::SkipEmptyParts)) {
        const QKeySequence sequence = QKeySequence::fromString(key, QKeySequence::PortableText);
        if (!sequence.isEmpty()) keys.push_back(sequence);
    }
    return keys;
}

const char* keys_in(KeyScheme scheme, Command command) {
    const auto find_in = [&](const auto& table) {
        const auto found = std::ranges::find(table, command, &SchemeKeys::command);
        return found == table.end() ? info_of(command).keys : found->keys;
    };
    switch (scheme) {
    case KeyScheme::left_handed: return find_in(kLeftHanded);
    case KeyScheme::arrows_only: return find_in(kArrowsOnly);
    case KeyScheme::standard: break;
    }
    return info_of(command).keys;
}

} // namespace

QList<QKeySequence> KeyMap::keys(Command command) const {
    const auto own = changed_.constFind(command);
    return own != changed_.constEnd() ? *own : parsed(QString::fromUtf8(keys_in(scheme_, command)));
}

QString KeyMap::key_text(Command command) const {
    const QList<QKeySequence> all = keys(command);
    return all.isEmpty() ? QString() : all.front().toString(QKeySequence::NativeText);
}

std::optional<Command> KeyMap::find(const QKeySequence& key, Scope scope) const {
    for (const Scope at : scope_chain(scope)) {
        for (const CommandInfo& info : all_commands()) {
            if (info.scope == at && keys(info.id).contains(key)) return info.id;
        }
    }
    return std::nullopt;
}

std::vector<KeyConflict> KeyMap::conflicts() const {
    std::vector<KeyConflict> found;
    for (const CommandInfo& inner : all_commands()) {
        const std::vector<Scope> chain = scope_chain(inner.scope);
        for (const CommandInfo& outer : all_commands()) {
            const bool meets = std::ranges::find(chain, outer.scope) != chain.end();
            const bool is_same_pair = inner.scope == outer.scope && inner.id >= outer.id;
            if (!meets || is_same_pair || inner.shadows == outer.id) continue;
            for (const QKeySequence& key : keys(inner.id)) {
                if (keys(outer.id).contains(key)) found.push_back({.inner = inner.id, .outer = outer.id, .key = key});
            }
        }
    }
    return found;
}

QMap<QString, QStringList> KeyMap::changes() const {
    QMap<QString, QStringList> out;
    for (auto change = changed_.constBegin(); change != changed_.constEnd(); ++change) {
        QStringList texts;
        for (const QKeySequence& key : change.value()) texts += key.toString(QKeySequence::PortableText);
        out.insert(QString::fromLatin1(info_of(change.key()).name), texts);
    }
    return out;
}

void KeyMap::load_changes(const QMap<QString, QStringList>& changes) {
    changed_.clear();
    for (auto change = changes.constBegin(); change != changes.constEnd(); ++change) {
        if (const auto command = command_named(change.key())) changed_[*command] = parsed(change.value().join(u' '));
    }
}

QString name_of(KeyScheme scheme) {
    switch (scheme) {
    case KeyScheme::standard: return QCoreApplication::translate("commands", "Standard");
    case KeyScheme::left_handed: return QCoreApplication::translate("commands", "Mouse in the left hand");
    case KeyScheme::arrows_only: return QCoreApplication::translate("commands", "Arrows and function keys");
    }
    return {};
}

} // namespace ksl::ui
