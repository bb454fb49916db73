// SPDX-License-Identifier: GPL-3.0-or-later
//
// The window: one run, and the views on it. It owns the engine's thread, fetches the newest snapshot when there is one,
// and gives it to every view; what a view wants (go there, show that stack) comes back as a signal.
//
// Errors:   a scenario that cannot be run is one line where the map would be, and in the event bar.
#pragma once

#include "sim/base/assets.h"
#include "sim/scenario/memory_start.h"
#include "sim/scenario/scenario.h"
#include "ui/commands/command_actions.h"
#include "ui/engine/engine_thread.h"
#include "ui/theme/theme.h"
#include "ui/views/snapshot_view.h"
#include "ui/widgets/dock_workspaces.h"

#include <QMainWindow>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

class QDockWidget;
class QMenu;
class QSettings;
class QStackedWidget;
class QTabWidget;

namespace ksl::ui {

class CaptureView;
class ChartsView;
class CommandPalette;
class DescriptionDialog;
class EmptyState;
class EventSentenceBar;
class GlossaryDialog;
class KeySheet;
class LessonView;
class MachineViews;
class MapCanvas;
class PlaybackBar;
struct OpenedCapture;

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
    /// The scenario again from its start, with one or two of its designs.
    void choose_designs(std::size_t a, std::optional<std::size_t> b);
    /// A captured system, to look at; it is read on a thread of its own.
    void open_capture(const std::filesystem::path& path);
    /// A lab database, for its charts.
    void open_database(const std::string& file);
    /// What the engine has delivered, as if it came from the window's own run.
    void show_delivery(const Delivery& delivery);
    /// This design as B; false: the scenario has none of this number.
    bool compare_with(std::size_t design);
    [[nodiscard]] const LessonView& lesson() const { return *lesson_; }
    /// False: there is no such step.
    bool go_to_lesson(std::size_t step);
    /// Any run, for tests.
    void open_runs(EngineRuns runs);

    [[nodiscard]] CommandActions& actions() { return actions_; }
    [[nodiscard]] Theme& theme() { return theme_; }
    [[nodiscard]] const SnapshotPtr& snapshot() const { return snapshot_; }
    /// Why there is no run; empty: there is one, or none was asked for.
    [[nodiscard]] QString error() const;
    [[nodiscard]] EngineThread* engine() { return engine_.get(); }

    /// Size, theme and the docks of every workspace.
    void save_settings(QSettings& settings) const;
    /// Before the window is shown.
    void load_settings(const QSettings& settings);
    /// What an exported picture says it shows; empty without a run.
    [[nodiscard]] QString caption() const;

    void setVisible(bool visible) override;

Q_SIGNALS:
    /// All views show this moment now.
    void shown(const SnapshotPtr& snapshot);
    void failed(const sim::Error& error);
    void capture_shown();

private:
    void make_views();
    void make_docks();
    void make_menus();
    void connect_views();
    void connect_playback();
    void connect_comparison();
    [[nodiscard]] QList<QDockWidget*> docks() const;
    void connect_window_commands();
    void arrange(Workspace workspace, ScreenClass screen);
    void arrange_explore(ScreenClass screen, bool lesson_apart);
    [[nodiscard]] QDockWidget* add_dock(const QString& name, const QString& title, QWidget* widget);

    void start(EngineThread::Open open);
    void forget_run();
    void fetch();
    void show_moment(const SnapshotPtr& snapshot);
    void show_error(const sim::Error& error);
    void say_error(const sim::Error& error);
    void show_run_controls(bool on);
    void add_first_choices();
    void choose_scenario();
    void toggle_play();
    void toggle_pair();
    void link_cameras(bool on);
    void let_move(bool on);
    void connect_timeline();
    void present(bool on);
    void peel();
    void show_page(QWidget* page);
    void go_to_address();
    void show_comparison(bool on);
    void show_docks(bool on);
    void place_docks();
    void hide_docks();
    void keep_size(QSize size);
    void switch_to(Workspace workspace);
    void go_to_lesson_step(const sim::LessonStep& step);
    void look_at(sim::LessonView view);
    void show_capture(const sim::Result<OpenedCapture>& opened);
    void choose_capture();
    void export_widget(QWidget& view, const QString& name);
    void export_chart();
    void add_export_menu(QMenu& menu);
    [[nodiscard]] bool is_wanted(const QDockWidget* dock) const;
    [[nodiscard]] MapCanvas* focused_canvas() const;
    void restyle();

    sim::Assets assets_;
    Theme theme_;
    CommandActions actions_;
    std::optional<sim::Scenario> scenario_;
    std::shared_ptr<const sim::MemoryStart> memory_; ///< that all designs of the scenario start from
    std::size_t design_ = 0;
    std::optional<std::size_t> other_design_;
    std::optional<std::size_t> last_other_; ///< to come back to
    SnapshotPtr snapshot_;
    struct SavedLayouts {
        QMap<QString, QByteArray> layouts;
        Workspace current = Workspace::explore;
    };
    std::optional<SavedLayouts> saved_layouts_; ///< of docks that are away
    bool is_arranged_ = false;
    bool are_docks_away_ = true; ///< there is no run that they could show
    bool is_presenting_ = false;
    QByteArray before_presenting_; ///< where the docks were
    std::optional<sim::Error> error_;

    PlaybackBar* playback_ = nullptr;
    QStackedWidget* centre_ = nullptr; ///< what to do first, or the pages
    QTabWidget* pages_ = nullptr;
    EmptyState* empty_ = nullptr;
    MachineViews* views_ = nullptr;
    LessonView* lesson_ = nullptr;
    ChartsView* charts_ = nullptr;
    CaptureView* capture_ = nullptr;
    EventSentenceBar* sentence_ = nullptr;
    QDockWidget* space_dock_ = nullptr;
    QDockWidget* stack_dock_ = nullptr;
    QDockWidget* cpus_dock_ = nullptr;
    QDockWidget* timeline_dock_ = nullptr;
    QDockWidget* design_dock_ = nullptr;
    QDockWidget* events_dock_ = nullptr;
    QDockWidget* compare_dock_ = nullptr;
    QDockWidget* lesson_dock_ = nullptr;
    CommandPalette* palette_ = nullptr;
    KeySheet* keys_ = nullptr;
    DescriptionDialog* description_ = nullptr;
    GlossaryDialog* words_ = nullptr;
    DockWorkspaces* workspaces_ = nullptr;

    std::jthread capture_reader_;
    std::unique_ptr<EngineThread> engine_; ///< last: its thread calls into the window
};

} // namespace ksl::ui
