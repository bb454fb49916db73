// SPDX-License-Identifier: GPL-3.0-or-later
//
// Four arrangements of the docks, each remembered for itself and for each class of screen width: a projector's
// arrangement does not spoil the desk's.
#pragma once

#include <QByteArray>
#include <QMainWindow>
#include <QMap>
#include <QObject>
#include <QString>
#include <array>
#include <cstdint>
#include <functional>

class QDockWidget;

namespace ksl::ui {

enum class Workspace : std::uint8_t { explore, lesson, compare, trace };
inline constexpr std::array<Workspace, 4> kWorkspaces{Workspace::explore, Workspace::lesson, Workspace::compare,
                                                      Workspace::trace};
[[nodiscard]] QString name_of(Workspace workspace);

/// Below 1366 pixels side docks become tabs.
enum class ScreenClass : std::uint8_t { small, medium, large };
[[nodiscard]] constexpr ScreenClass screen_class(int width) {
    if (width < 1366) return ScreenClass::small;
    return width < 2200 ? ScreenClass::medium : ScreenClass::large;
}

class DockWorkspaces : public QObject {
    Q_OBJECT

public:
    /// Shows, hides and places the docks as this workspace has them at first.
    using Arrange = std::function<void(Workspace, ScreenClass)>;

    DockWorkspaces(QMainWindow& window, Arrange arrange);

    [[nodiscard]] Workspace current() const { return current_; }
    /// Remembers the present arrangement and goes to another one.
    void switch_to(Workspace workspace);
    /// Forgets what was changed in this workspace on this class of screen.
    void reset();

    /// F6: the next visible dock or the centre, in order of place: top to bottom, left to right.
    void focus_next() { focus_neighbour(1); }
    void focus_previous() { focus_neighbour(-1); }

    /// For the settings file.
    [[nodiscard]] QMap<QString, QByteArray> save();
    void load(const QMap<QString, QByteArray>& layouts, Workspace current);

Q_SIGNALS:
    void changed(Workspace workspace);

private:
    void remember();
    void apply();
    void focus_neighbour(int step);
    [[nodiscard]] QString key() const;

    QMainWindow& window_;
    Arrange arrange_;
    Workspace current_ = Workspace::explore;
    QMap<QString, QByteArray> layouts_;
};

} // namespace ksl::ui
