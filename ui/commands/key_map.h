// SPDX-License-Identifier: GPL-3.0-or-later
//
// Which keys stand for which command: a scheme that ships with the program, changed by the user command by command.
#pragma once

#include "ui/commands/commands.h"

#include <QKeySequence>
#include <QList>
#include <QMap>
#include <QString>
#include <QStringList>
#include <array>
#include <optional>
#include <vector>

namespace ksl::ui {

/// `left_handed` keeps the letters on the right half of the keyboard, for a mouse in the left hand; `arrows_only` needs
/// no letter at all.
enum class KeyScheme : std::uint8_t { standard, left_handed, arrows_only };
inline constexpr std::array<KeyScheme, 3> kKeySchemes{KeyScheme::standard, KeyScheme::left_handed,
                                                      KeyScheme::arrows_only};

struct KeyConflict {
    Command inner{};
    Command outer{};
    QKeySequence key;
};

class KeyMap {
public:
    explicit KeyMap(KeyScheme scheme = KeyScheme::standard) : scheme_(scheme) {}

    [[nodiscard]] KeyScheme scheme() const { return scheme_; }
    [[nodiscard]] QList<QKeySequence> keys(Command command) const;
    /// The first of keys(), as the platform writes it; empty if the command has none.
    [[nodiscard]] QString key_text(Command command) const;

    /// The command that `key` stands for where `scope` has the focus.
    [[nodiscard]] std::optional<Command> find(const QKeySequence& key, Scope scope) const;

    /// The user's own keys; an empty list leaves the command without any.
    void remap(Command command, const QList<QKeySequence>& keys) { changed_[command] = keys; }
    void reset(Command command) { changed_.remove(command); }
    /// Two commands that the same key would reach in some view, without the inner one saying so.
    [[nodiscard]] std::vector<KeyConflict> conflicts() const;

    /// The user's changes, by stable names, for the settings file.
    [[nodiscard]] QMap<QString, QStringList> changes() const;
    /// Unknown names and keys are dropped: a newer program may have written them.
    void load_changes(const QMap<QString, QStringList>& changes);

private:
    KeyScheme scheme_;
    QMap<Command, QList<QKeySequence>> changed_;
};

[[nodiscard]] QString name_of(KeyScheme scheme);

} // namespace ksl::ui
