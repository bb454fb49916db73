// SPDX-License-Identifier: GPL-3.0-or-later
//
// What the window's commands and its views' wishes do.
#include "ui/charts/chart_export.h"
#include "ui/format/format.h"
#include "ui/views/charts_view.h"
#include "ui/views/events_view.h"
#include "ui/views/lesson_view.h"
#include "ui/views/page_walk_view.h"
#include "ui/views/physical_memory_view.h"
#include "ui/views/timeline_view.h"
#include "ui/widgets/command_palette.h"
#include "ui/widgets/description_dialog.h"
#include "ui/widgets/event_sentence_bar.h"
#include "ui/widgets/glossary_dialog.h"
#include "ui/widgets/key_sheet.h"
#include "ui/widgets/pair_splitter.h"
#include "ui/window/machine_views.h"
#include "ui/window/main_window.h"
#include "ui/window/playback_bar.h"
#include "ui/window/view_export.h"

#include <QActionGroup>
#include <QApplication>
#include <QDockWidget>
#include <QFileDialog>
#include <QMenu>
#include <QMenuBar>
#include <QStackedWidget>
#include <QTabWidget>
#include <filesystem>
#include <tuple>

namespace ksl::ui {

namespace {

constexpr double kTextStep = 1.1;

} // namespace

void MainWindow::make_menus() {
    actions_.fill(*menuBar());
    QMenu* view = nullptr;
    for (QAction* entry : menuBar()->actions()) {
        if (entry->text() == name_of(MenuId::view)) view = entry->menu();
        if (entry->text() == name_of(MenuId::exports)) add_export_menu(*entry->menu());
        // A menu of which nothing can be done is not shown.
        bool has_any = false;
        for (const QAction* action : entry->menu()->actions()) has_any = has_any || action->isEnabled();
        entry->setVisible(has_any);
    }
    if (view == nullptr) return;
    view->addSeparator();
    QMenu* themes = view->addMenu(tr("Theme"));
    auto* group = new QActionGroup(this);
    for (const ThemeChoice choice : kThemeChoices) {
        QAction* action = themes->addAction(Theme::name_of(choice), this, [this, choice] { theme_.choose(choice); });
        action->setCheckable(true);
        action->setChecked(choice == theme_.choice());
        group->addAction(action);
    }
    QMenu* docks = view->addMenu(tr("Docks"));
    for (const QDockWidget* dock : findChildren<QDockWidget*>()) docks->addAction(dock->toggleViewAction());
}

void MainWindow::connect_views() {
    connect(views_, &MachineViews::position_wanted, this, [this](std::uint64_t position) {
        if (engine_ != nullptr) engine_->go_to(position);
    });
    connect(views_, &MachineViews::stack_chosen, this, [this] {
        stack_dock_->show();
        stack_dock_->raise();
    });
    connect(sentence_, &EventSentenceBar::why_requested, this, [this] {
        events_dock_->show();
        events_dock_->raise();
        views_->events->setFocus(Qt::OtherFocusReason);
    });
    connect(playback_, &PlaybackBar::speed_changed, this, [this](double speed) {
        if (engine_ != nullptr) engine_->set_speed(speed);
        sentence_->set_announcing(speed <= 1);
    });
    connect(lesson_, &LessonView::step_shown, this, &MainWindow::go_to_lesson_step);
    connect(charts_, &ChartsView::export_requested, this, &MainWindow::export_chart);
    connect(views_, &MachineViews::address_picked, this, [this] {
        sentence_->set_sentence(tr("The page walk shows what was picked (Page walk, above; key G)"), false);
    });
    connect(views_, &MachineViews::link_wanted, this, &MainWindow::link_cameras);
    connect(playback_, &PlaybackBar::design_chosen, this,
            [this](int index) { choose_designs(static_cast<std::size_t>(index), other_design_); });
    connect(playback_, &PlaybackBar::other_chosen, this, [this](int index) {
        choose_designs(design_, index < 0 ? std::nullopt : std::optional(static_cast<std::size_t>(index)));
    });
}

void MainWindow::connect_comparison() {
    actions_.on(Command::toggle_ab, [this] { toggle_pair(); });
    actions_.on(Command::swap_ab, [this] {
        if (other_design_) choose_designs(*other_design_, design_);
    });
    for (const auto& [command, direction] : {std::pair{Command::next_difference, Direction::forward},
                                             std::pair{Command::previous_difference, Direction::back}}) {
        actions_.on(command, [this, direction = direction] {
            if (engine_ != nullptr && other_design_) engine_->find(Landmark::difference, direction);
        });
    }
    actions_.on(Command::workspace_compare, [this] {
        if (scenario_ && !other_design_) toggle_pair();
        switch_to(Workspace::compare);
    });
    actions_.on(Command::link_cameras, [this] { link_cameras(!views_->are_cameras_linked()); });
    link_cameras(views_->are_cameras_linked());
}

void MainWindow::link_cameras(bool on) {
    views_->link_cameras(on);
    QAction* action = actions_.action(Command::link_cameras);
    action->setCheckable(true);
    action->setChecked(on);
}

void MainWindow::let_move(bool on) {
    theme_.set_reduced_motion(!on);
    QAction* action = actions_.action(Command::toggle_motion);
    action->setCheckable(true);
    action->setChecked(on);
}

/// What a room can read: the middle, the view that has the focus or the stack, and the sentence in large type.
void MainWindow::present(bool on) {
    is_presenting_ = on;
    if (on) {
        before_presenting_ = saveState();
        QDockWidget* kept = stack_dock_;
        for (QDockWidget* dock : docks()) {
            if (dock->isVisible() && dock->isAncestorOf(QApplication::focusWidget())) kept = dock;
        }
        for (QDockWidget* dock : docks()) dock->setVisible(dock == kept && !are_docks_away_);
        resizeDocks({kept}, {(other_design_ ? 11 : 9) * width() / 20}, Qt::Horizontal);
    }
    views_->memory->bar().setVisible(!on); // its keys work all the same
    theme_.set_presenter(on);
    sentence_->set_caption(on);
    if (!on) restoreState(before_presenting_);
}

void MainWindow::connect_timeline() {
    TimelineView& timeline = *views_->timeline;
    for (const auto& [set, go, marker] :
         {std::tuple{Command::set_marker_a, Command::go_to_marker_a, TimelineView::Marker::a},
          std::tuple{Command::set_marker_b, Command::go_to_marker_b, TimelineView::Marker::b}}) {
        actions_.on(set, [this, &timeline, marker = marker] {
            timeline.set_marker(marker);
            if (!timeline.between().isEmpty())
                sentence_->set_sentence(tr("From A to B: %1").arg(timeline.between()), false);
        });
        actions_.on(go, [this, &timeline, marker = marker] {
            if (const auto there = timeline.marker(marker); there && engine_ != nullptr) engine_->go_to(*there);
        });
    }
}

/// Gives up, one by one: the zoom of the focused view, the stack that was chosen.
void MainWindow::peel() {
    if (MapCanvas* canvas = focused_canvas(); !canvas->is_fitted()) {
        canvas->fit();
        return;
    }
    if (views_->has_chosen()) views_->forget_choice();
}

void MainWindow::toggle_pair() {
    if (!scenario_ || scenario_->designs.size() < 2) {
        sentence_->set_sentence(tr("This scenario has one design; there is no B to put beside it"), false);
        return;
    }
    if (other_design_) {
        last_other_ = other_design_;
        choose_designs(design_, std::nullopt);
        return;
    }
    // The one that was there before, or the design that the scenario compares with, or the next.
    std::size_t other = last_other_.value_or(scenario_->baseline);
    if (other == design_ || other >= scenario_->designs.size()) other = (design_ + 1) % scenario_->designs.size();
    choose_designs(design_, other);
}

void MainWindow::connect_playback() {
    const auto with_engine = [this](Command command, auto act) {
        actions_.on(command, [this, act] {
            if (engine_ != nullptr) act(*engine_);
        });
    };
    actions_.on(Command::play_pause, [this] { toggle_play(); });
    with_engine(Command::next_event, [](EngineThread& engine) { engine.step(1); });
    with_engine(Command::previous_event, [](EngineThread& engine) { engine.step(-1); });
    with_engine(Command::next_clone, [](EngineThread& engine) { engine.find(Landmark::clone, Direction::forward); });
    with_engine(Command::previous_clone, [](EngineThread& engine) { engine.find(Landmark::clone, Direction::back); });
    with_engine(Command::next_interesting,
                [](EngineThread& engine) { engine.find(Landmark::notable, Direction::forward); });
    with_engine(Command::previous_interesting,
                [](EngineThread& engine) { engine.find(Landmark::notable, Direction::back); });
    with_engine(Command::go_start, [](EngineThread& engine) { engine.go_to(0); });
    with_engine(Command::go_end, [](EngineThread& engine) { engine.go_to_end(); });
    const auto shuttle = [this](Command command, Activity going, Direction direction) {
        actions_.on(command, [this, going, direction] {
            if (engine_ == nullptr) return;
            if (snapshot_ != nullptr && snapshot_->activity == going) playback_->faster();
            engine_->play(direction);
        });
    };
    shuttle(Command::shuttle_forward, Activity::playing, Direction::forward);
    shuttle(Command::shuttle_back, Activity::playing_back, Direction::back);
    actions_.on(Command::rate_up, [this] { playback_->faster(); });
    actions_.on(Command::rate_down, [this] { playback_->slower(); });
    actions_.on(Command::restart_run, [this] { choose_designs(design_, other_design_); });
}

void MainWindow::connect_window_commands() {
    actions_.on(Command::open_scenario, [this] { choose_scenario(); });
    actions_.on(Command::quit, [this] { close(); });
    actions_.on(Command::workspace_explore, [this] { switch_to(Workspace::explore); });
    actions_.on(Command::workspace_lesson, [this] { switch_to(Workspace::lesson); });
    actions_.on(Command::workspace_trace, [this] { switch_to(Workspace::trace); });
    actions_.on(Command::reset_layout, [this] { workspaces_->reset(); });
    actions_.on(Command::next_dock, [this] { workspaces_->focus_next(); });
    actions_.on(Command::previous_dock, [this] { workspaces_->focus_previous(); });
    actions_.on(Command::larger_text, [this] { theme_.set_scale(theme_.look().options().scale * kTextStep); });
    actions_.on(Command::smaller_text, [this] { theme_.set_scale(theme_.look().options().scale / kTextStep); });
    actions_.on(Command::toggle_patterns, [this] { theme_.set_patterns(!theme_.look().has_patterns()); });
    actions_.on(Command::toggle_motion, [this] { let_move(theme_.has_reduced_motion()); });
    let_move(!theme_.has_reduced_motion());
    actions_.on(Command::centre_selection, [this] { focused_canvas()->centre_selection(); });
    actions_.on(Command::peel, [this] { peel(); });
    actions_.on(Command::glossary, [this] { words_->show_all(); });
    actions_.on(Command::toggle_presenter, [this] { present(!is_presenting_); });
    actions_.on(Command::toggle_caption, [this] { sentence_->set_caption(!sentence_->is_caption()); });
    actions_.on(Command::command_palette, [this] {
        palette_->open_empty();
        palette_->show();
    });
    actions_.on(Command::key_sheet,
                [this] { keys_->show_for(actions_.keys(), CommandActions::scope_of(QApplication::focusWidget())); });
    actions_.on(Command::describe_view, [this] {
        if (MapCanvas* canvas = focused_canvas()) description_->show_for(*canvas);
    });
    actions_.on(Command::export_view, [this] {
        if (pages_->currentWidget() == charts_) {
            export_chart();
            return;
        }
        export_widget(*focused_canvas(), tr("view"));
    });
    actions_.on(Command::open_database, [this] {
        const QString file = QFileDialog::getOpenFileName(this, tr("Open a lab database"), {},
                                                          tr("Lab databases (*.sqlite *.db);;All files (*)"));
        if (!file.isEmpty()) open_database(file.toStdString());
    });
    actions_.on(Command::import_system, [this] { choose_capture(); });
    actions_.on(Command::lesson_next, [this] {
        lesson_dock_->show();
        lesson_dock_->raise();
        lesson_->next();
    });
    actions_.on(Command::lesson_back, [this] { lesson_->back(); });
    actions_.on(Command::go_to, [this] { go_to_address(); });
}

void MainWindow::show_page(QWidget* page) {
    centre_->setCurrentWidget(pages_);
    pages_->setCurrentWidget(page);
}

void MainWindow::go_to_address() {
    if (engine_ == nullptr) return; // a captured system has an address line of its own
    show_page(views_->walk);
    views_->walk->focus_address();
}

MapCanvas* MainWindow::focused_canvas() const {
    auto* focused = qobject_cast<MapCanvas*>(QApplication::focusWidget());
    return focused != nullptr ? focused : &views_->memory->canvas();
}

QString MainWindow::caption() const {
    if (!scenario_ || snapshot_ == nullptr) return {};
    const auto name = [&](std::size_t index) { return QString::fromStdString(scenario_->designs[index].name); };
    const QString design = other_design_ ? tr("A %1, B %2").arg(name(design_), name(*other_design_)) : name(design_);
    return tr("%1. %2, seed %3, %4 after %5 steps. kstacklab.")
        .arg(QString::fromStdString(scenario_->title), design)
        .arg(scenario_->seed)
        .arg(format_playhead(snapshot_->now), format_count(snapshot_->position));
}

void MainWindow::export_widget(QWidget& view, const QString& name) {
    const QString file =
        QFileDialog::getSaveFileName(this, tr("Export %1").arg(name), name + QStringLiteral(".png"), export_filter());
    if (file.isEmpty()) return;
    const auto done = ui::export_view(view, caption(), file, theme_);
    sentence_->set_sentence(done ? tr("%1 is written").arg(file) : done.error(), false);
}

void MainWindow::export_chart() {
    const NamedChart* chart = charts_->current();
    if (chart == nullptr) return;
    const QString file = QFileDialog::getSaveFileName(
        this, tr("Export the chart"), QString::fromStdString(chart->name) + QStringLiteral(".svg"),
        tr("Drawings (*.svg);;Pages (*.pdf);;Pictures (*.png);;Data (*.csv)"));
    if (file.isEmpty()) return;
    const auto format = format_of(file);
    FigureOptions options;
    if (format) options.format = *format;
    const auto done = format ? save_chart(chart->chart, options, file) : std::unexpected(format.error());
    sentence_->set_sentence(done ? tr("%1 is written").arg(file) : done.error(), false);
}

void MainWindow::add_export_menu(QMenu& menu) {
    menu.addSeparator();
    const auto add = [&](const QString& name, QWidget* view) {
        menu.addAction(tr("%1…").arg(name), this, [this, name, view] { export_widget(*view, name); });
    };
    for (int page = 0; page < pages_->count(); ++page) add(pages_->tabText(page), pages_->widget(page));
    for (QDockWidget* dock : docks()) add(dock->windowTitle(), dock->widget());
}

void MainWindow::choose_capture() {
    // Most captures are folders, crash dumps are files: any file of the folder stands for it.
    const QString file =
        QFileDialog::getOpenFileName(this, tr("Open a captured system: any file of its folder, or a crash dump"));
    if (file.isEmpty()) return;
    const std::filesystem::path path = file.toStdString();
    std::error_code ignored;
    const bool is_tables = std::filesystem::exists(path.parent_path() / "table_pages.bin.gz", ignored);
    open_capture(is_tables ? path.parent_path() : path);
}

} // namespace ksl::ui
