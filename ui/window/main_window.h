// SPDX-License-Identifier: GPL-3.0-or-later
//
// The window: one run, and the views on it. It owns the engine's thread, fetches the newest snapshot when there is one,
// and gives it to every view; what a view wants (go there, show that stack) comes back as a signal.
//
// Errors:   a scenario that cannot be run is one line where the map would be, and in the event bar.
#pragma once

#include "sim/base/assets.h"
#include "sim/scenario/scenario.h"
#include "ui/commands/command_actions.h"
#include "ui/engine/engine_thread.h"
#include "ui/theme/theme.h"
#include "ui/views/snapshot_view.h"
#include "ui/widgets/dock_workspaces.h"

#include <QMainWindow>
#include <memory>
#include <optional>
#include <string>
#include <vector>

class QActionGroup;
class QDockWidget;
class QStackedWidget;

namespace ksl::ui {

class AddressSpaceView;
class CommandPalette;
class CpusView;
class DescriptionDialog;
class DesignView;
class EmptyState;
class EventSentenceBar;
class EventsView;
class KeySheet;
class MapCanvas;
class PhysicalMemoryView;
class PlaybackBar;
class StackView;
class TimelineView;

class MainWindow : public QMainWindow {
    Q_OBJECT

public:
    explicit MainWindow(sim::Assets assets, ThemeChoice theme = ThemeChoice::system);
    ~MainWindow() override;
    MainWindow(const MainWindow&) = delete;
    MainWindow& operator=(const MainWindow&) = delete;
    MainWindow(MainWindow&&) = delete;
    MainWindow& operator=(MainWindow&&) = delete;

    /// A scenario by name or file, with one of its designs. The error, if it cannot be read; what only shows when its
    /// machine boots is shown in the window.
    [[nodiscard]] std::optional<sim::Error> open(const std::string& name_or_path, std::size_t design = 0,
                                                 const std::vector<std::string>& overrides = {});
    /// Any run, for tests.
    void open_source(std::unique_ptr<EngineSource> source);

    [[nodiscard]] CommandActions& actions() { return actions_; }
    [[nodiscard]] Theme& theme() { return theme_; }
    [[nodiscard]] const SnapshotPtr& snapshot() const { return snapshot_; }
    /// Why there is no run; empty: there is one, or none was asked for.
    [[nodiscard]] QString error() const;
    [[nodiscard]] EngineThread* engine() { return engine_.get(); }

    void setVisible(bool visible) override;

Q_SIGNALS:
    /// All views show this moment now.
    void shown(const SnapshotPtr& snapshot);
    void failed(const sim::Error& error);

private:
    void make_views();
    void make_docks();
    void make_menus();
    void connect_views();
    void connect_playback();
    void connect_window_commands();
    void arrange(Workspace workspace, ScreenClass screen);
    void arrange_explore(ScreenClass screen);
    [[nodiscard]] QDockWidget* add_dock(const QString& name, const QString& title, QWidget* widget);

    void start(EngineThread::Open open);
    void forget_run();
    void fetch();
    void show_moment(const SnapshotPtr& snapshot);
    void show_error(const sim::Error& error);
    void select_stack(core::StackId stack);
    void choose_scenario();
    void choose_design(int index);
    void toggle_play();
    void export_view();
    [[nodiscard]] MapCanvas* focused_canvas() const;
    void restyle();

    sim::Assets assets_;
    Theme theme_;
    CommandActions actions_;
    std::optional<sim::Scenario> scenario_;
    std::size_t design_ = 0;
    SnapshotPtr snapshot_;
    bool is_arranged_ = false;
    std::optional<sim::Error> error_;

    PlaybackBar* playback_ = nullptr;
    QStackedWidget* centre_ = nullptr;
    EmptyState* empty_ = nullptr;
    PhysicalMemoryView* memory_ = nullptr;
    AddressSpaceView* space_ = nullptr;
    StackView* stack_ = nullptr;
    CpusView* cpus_ = nullptr;
    TimelineView* timeline_ = nullptr;
    DesignView* design_view_ = nullptr;
    EventsView* events_ = nullptr;
    EventSentenceBar* sentence_ = nullptr;
    QDockWidget* space_dock_ = nullptr;
    QDockWidget* stack_dock_ = nullptr;
    QDockWidget* cpus_dock_ = nullptr;
    QDockWidget* timeline_dock_ = nullptr;
    QDockWidget* design_dock_ = nullptr;
    QDockWidget* events_dock_ = nullptr;
    CommandPalette* palette_ = nullptr;
    KeySheet* keys_ = nullptr;
    DescriptionDialog* description_ = nullptr;
    DockWorkspaces* workspaces_ = nullptr;

    std::unique_ptr<EngineThread> engine_; ///< last: its thread calls into the window
};

} // namespace ksl::ui
