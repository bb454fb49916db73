// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/window/main_window.h"

#include "ui/engine/scenario_source.h"
#include "ui/views/capture_view.h"
#include "ui/views/charts_view.h"
#include "ui/views/event_text.h"
#include "ui/views/lesson_view.h"
#include "ui/views/page_walk_view.h"
#include "ui/views/physical_memory_view.h"
#include "ui/widgets/command_palette.h"
#include "ui/widgets/description_dialog.h"
#include "ui/widgets/empty_state.h"
#include "ui/widgets/event_sentence_bar.h"
#include "ui/widgets/glossary_dialog.h"
#include "ui/widgets/key_sheet.h"
#include "ui/widgets/pair_splitter.h"
#include "ui/window/machine_views.h"
#include "ui/window/open_scenario_dialog.h"
#include "ui/window/playback_bar.h"

#include <QDockWidget>
#include <QFileDialog>
#include <QMenuBar>
#include <QStackedWidget>
#include <QStatusBar>
#include <QTabWidget>
#include <filesystem>
#include <utility>

namespace ksl::ui {

MainWindow::MainWindow(sim::Assets assets, ThemeChoice theme) : assets_(std::move(assets)), actions_(*this) {
    theme_.choose(theme);
    setWindowTitle(tr("kstacklab"));
    resize(1280, 720);
    make_views();
    make_docks();
    connect_views();
    connect_playback();
    connect_comparison();
    connect_timeline();
    connect_window_commands();
    connect_canvas_commands(actions_);
    make_menus();
    workspaces_ =
        new DockWorkspaces(*this, [this](Workspace workspace, ScreenClass screen) { arrange(workspace, screen); });
    connect(&theme_, &Theme::changed, this, &MainWindow::restyle);
    restyle();
}

MainWindow::~MainWindow() {
    capture_reader_ = {};
    engine_.reset();
}

void MainWindow::make_views() {
    views_ = new MachineViews(theme_, this);
    sentence_ = new EventSentenceBar(theme_, this);
    empty_ = new EmptyState(theme_, QLatin1StringView("memory"), tr("No machine yet"),
                            tr("Open a scenario to boot a simulated computer and watch its kernel stacks."), this);
    empty_->add_action(actions_.action(Command::open_scenario));
    empty_->add_action(actions_.action(Command::import_system));
    empty_->add_action(actions_.action(Command::open_database));
    add_first_choices();
    lesson_ = new LessonView(theme_, this);
    charts_ = new ChartsView(theme_, this);
    capture_ = new CaptureView(theme_, this);
    pages_ = new QTabWidget(this);
    pages_->setDocumentMode(true);
    pages_->setAccessibleName(tr("Pages"));
    pages_->addTab(views_->memory_page, tr("Physical memory"));
    pages_->addTab(views_->walk, tr("Page walk"));
    pages_->addTab(charts_, tr("Charts"));
    pages_->addTab(capture_, tr("Captured system"));
    for (QWidget* page : std::initializer_list<QWidget*>{charts_, capture_})
        pages_->setTabVisible(pages_->indexOf(page), false); // until there is something in it
    // The centre is as small as a map may be: a page that is not shown yet has no width to say its height for.
    for (QWidget* page :
         std::initializer_list<QWidget*>{empty_, pages_, views_->memory_page, views_->walk, charts_, capture_})
        page->setSizePolicy(QSizePolicy::Ignored, QSizePolicy::Ignored);
    centre_ = new QStackedWidget(this);
    centre_->setMinimumSize(320, 200);
    centre_->addWidget(empty_);
    centre_->addWidget(pages_);
    setCentralWidget(centre_);
    playback_ = new PlaybackBar(theme_, actions_, this);
    addToolBar(playback_);
    playback_->hide(); // there is nothing to play yet
    statusBar()->setSizeGripEnabled(false);
    statusBar()->setContentsMargins(0, 0, 0, 0);
    statusBar()->addWidget(sentence_, 1);
    palette_ = new CommandPalette(theme_, actions_, this);
    keys_ = new KeySheet(theme_, this);
    description_ = new DescriptionDialog(theme_, this);
    words_ = new GlossaryDialog(theme_, this);
}

/// Two scenarios to begin with, by their own titles.
void MainWindow::add_first_choices() {
    for (const char* name : {"article", "contiguous-goes-unnoticed"}) {
        const auto scenario = sim::load_scenario(assets_, name);
        if (!scenario) continue;
        const auto& lesson = scenario->lesson;
        if (!lesson) continue;
        const auto steps = static_cast<int>(lesson->steps.size());
        //: %1 = a lesson's title
        const QString text = tr("Lesson: %1 (%n steps)", nullptr, steps).arg(QString::fromStdString(lesson->title));
        empty_->add_choice(text, [this, scenario = std::string(name)] {
            if (const auto error = open(scenario)) {
                show_error(*error);
                return;
            }
            switch_to(Workspace::lesson);
        });
    }
}

std::optional<sim::Error> MainWindow::open(const std::string& name_or_path, std::size_t design,
                                           const std::vector<std::string>& overrides) {
    auto scenario = sim::load_scenario(assets_, name_or_path, overrides);
    if (!scenario) return scenario.error();
    if (design >= scenario->designs.size()) {
        return sim::Error{.file = name_or_path,
                          .line = 0,
                          .message = "there is no design " + std::to_string(design + 1) + "; it has " +
                                     std::to_string(scenario->designs.size())};
    }
    // Once, for all its designs: a computer's memory is another one a moment later.
    auto memory = sim::make_memory_start(scenario->memory, scenario->machine.cpus);
    if (!memory) return memory.error();
    memory_ = std::make_shared<const sim::MemoryStart>(std::move(*memory));
    scenario_ = std::move(*scenario);
    last_other_.reset();
    choose_designs(design, std::nullopt);
    lesson_->show_lesson(scenario_->lesson);
    lesson_dock_->setVisible(is_wanted(lesson_dock_) && !are_docks_away_);
    return std::nullopt;
}

/// Two views beside each other need more room, and the table of both a place.
void MainWindow::show_comparison(bool on) {
    if (are_docks_away_) return;
    compare_dock_->setVisible(on);
    const Look& look = theme_.look();
    const int single = screen_class(width()) == ScreenClass::small ? look.px(340) : look.px(400);
    resizeDocks({stack_dock_}, {on ? look.px(560) : single}, Qt::Horizontal);
    if (!on) return;
    stack_dock_->raise();
    resizeDocks({timeline_dock_}, {look.px(130)}, Qt::Vertical);
}

bool MainWindow::compare_with(std::size_t design) {
    if (!scenario_ || design >= scenario_->designs.size() || design == design_) return false;
    choose_designs(design_, design);
    return true;
}

bool MainWindow::go_to_lesson(std::size_t step) {
    const auto& lesson = lesson_->lesson();
    if (!lesson || step >= lesson->steps.size()) return false;
    lesson_->go_to(step);
    lesson_dock_->raise();
    return true;
}

void MainWindow::go_to_lesson_step(const sim::LessonStep& step) {
    if (!scenario_) return;
    if (step.design != design_ || step.beside != other_design_) choose_designs(step.design, step.beside);
    if (engine_ == nullptr) return;
    switch (step.place) {
    case sim::LessonPlace::stay: break;
    case sim::LessonPlace::start: engine_->go_to(0); break;
    case sim::LessonPlace::end: engine_->go_to_end(); break;
    case sim::LessonPlace::clone: engine_->go_to_nth(Landmark::clone, step.number); break;
    case sim::LessonPlace::failure: engine_->go_to_nth(Landmark::failure, step.number); break;
    case sim::LessonPlace::purge: engine_->go_to_nth(Landmark::purge, step.number); break;
    case sim::LessonPlace::difference: engine_->go_to_nth(Landmark::difference, step.number); break;
    }
    look_at(step.look_at);
}

void MainWindow::look_at(sim::LessonView view) {
    const auto raise = [this](QDockWidget* dock) {
        if (are_docks_away_) return;
        dock->show();
        // On a small screen the lesson and the view share a place; the lesson stays, and says what to look at.
        if (!tabifiedDockWidgets(lesson_dock_).contains(dock)) dock->raise();
    };
    switch (view) {
    case sim::LessonView::none: break;
    case sim::LessonView::physical_memory: show_page(views_->memory_page); break;
    case sim::LessonView::page_walk: show_page(views_->walk); break;
    case sim::LessonView::address_space: raise(space_dock_); break;
    case sim::LessonView::stack: raise(stack_dock_); break;
    case sim::LessonView::cpus: raise(cpus_dock_); break;
    case sim::LessonView::timeline: raise(timeline_dock_); break;
    case sim::LessonView::events: raise(events_dock_); break;
    case sim::LessonView::design: raise(design_dock_); break;
    case sim::LessonView::comparison: raise(compare_dock_); break;
    }
}

void MainWindow::open_database(const std::string& file) {
    const auto opened = charts_->open(file);
    if (!opened) {
        say_error(opened.error());
        return;
    }
    pages_->setTabVisible(pages_->indexOf(charts_), true);
    if (engine_ == nullptr) show_run_controls(false);
    show_page(charts_);
    sentence_->set_sentence(tr("%1 charts of %2").arg(charts_->count()).arg(QString::fromStdString(file)), false);
}

void MainWindow::open_capture(const std::filesystem::path& path) {
    sentence_->set_sentence(tr("Reading %1").arg(QString::fromStdString(path.string())), false);
    capture_reader_ = std::jthread([this, path] {
        auto opened = std::make_shared<const sim::Result<OpenedCapture>>(ui::open_capture(path));
        QMetaObject::invokeMethod(this, [this, opened] { show_capture(*opened); }, Qt::QueuedConnection);
    });
}

void MainWindow::show_capture(const sim::Result<OpenedCapture>& opened) {
    if (!opened) {
        say_error(opened.error());
        Q_EMIT failed(opened.error());
        return;
    }
    capture_->show_capture(*opened);
    if (engine_ == nullptr) show_run_controls(false);
    pages_->setTabVisible(pages_->indexOf(capture_), true);
    show_page(capture_);
    sentence_->set_sentence(tr("%1 is open").arg(QString::fromStdString(opened->summary.file)), false);
    Q_EMIT capture_shown();
}

void MainWindow::choose_designs(std::size_t a, std::optional<std::size_t> b) {
    if (!scenario_ || a >= scenario_->designs.size()) return;
    if (b && *b >= scenario_->designs.size()) b.reset();
    const bool was_pair = other_design_.has_value();
    design_ = a;
    other_design_ = b;
    QStringList names;
    for (const sim::DesignProfile& profile : scenario_->designs) names += QString::fromStdString(profile.name);
    const auto place = [](std::size_t index) { return static_cast<int>(index); };
    playback_->show_designs(names, place(a), b ? place(*b) : -1);
    views_->show_designs(*scenario_, a, b);
    const QString what = b ? tr("%1 against %2").arg(names[place(a)], names[place(*b)]) : names[place(a)];
    setWindowTitle(tr("%1 · %2 · kstacklab").arg(QString::fromStdString(scenario_->title), what));
    if (was_pair != b.has_value()) show_comparison(b.has_value());
    start([assets = assets_, scenario = *scenario_, memory = memory_, a,
           b](const std::stop_token& stop) -> EngineThread::Opened {
        KSL_TRY_ASSIGN(source, ScenarioSource::open(assets, scenario, a, *memory, stop));
        if (!b) return EngineRuns(std::move(source));
        KSL_TRY_ASSIGN(other, ScenarioSource::open(assets, scenario, *b, *memory, stop));
        return EngineRuns(std::move(source), std::move(other));
    });
    const QString doing = b ? tr("Booting both machines") : tr("Booting the machine");
    sentence_->set_sentence(doing, false);
    empty_->set_text(
        doing, tr("%1: its memory is filled as the scenario says.").arg(QString::fromStdString(scenario_->title)));
}

void MainWindow::open_runs(EngineRuns runs) {
    scenario_.reset();
    views_->show_no_design();
    playback_->show_designs({}, -1);
    start([made = std::move(runs)](const std::stop_token&) mutable -> EngineThread::Opened { return std::move(made); });
}

void MainWindow::forget_run() {
    engine_.reset();
    snapshot_.reset();
    error_.reset();
    views_->clear();
}

void MainWindow::start(EngineThread::Open open) {
    forget_run();
    engine_ = std::make_unique<EngineThread>(
        std::move(open), [this] { QMetaObject::invokeMethod(this, &MainWindow::fetch, Qt::QueuedConnection); });
    engine_->set_speed(playback_->speed());
}

void MainWindow::fetch() {
    if (engine_ != nullptr) show_delivery(engine_->take());
}

void MainWindow::show_delivery(const Delivery& delivery) {
    if (delivery.error) {
        show_error(*delivery.error);
        return;
    }
    views_->append(delivery);
    if (delivery.snapshot != nullptr) show_moment(delivery.snapshot);
}

void MainWindow::show_moment(const SnapshotPtr& snapshot) {
    snapshot_ = snapshot;
    show_run_controls(true);
    if (are_docks_away_) show_docks(true);
    if (centre_->currentWidget() != pages_) {
        show_page(pages_->currentWidget());
        views_->memory->setFocus(Qt::OtherFocusReason);
    }
    views_->show(snapshot);
    playback_->show_snapshot(snapshot);
    sentence_->set_sentence(sentence_of(*snapshot), !snapshot->events.empty());
    Q_EMIT shown(snapshot);
}

void MainWindow::show_error(const sim::Error& error) {
    forget_run();
    error_ = error;
    views_->show(nullptr);
    playback_->show_snapshot(nullptr);
    centre_->setCurrentWidget(empty_);
    show_docks(false);
    say_error(error);
    Q_EMIT failed(error);
}

/// Without a run there is nothing to play, and no page of it.
void MainWindow::show_run_controls(bool on) {
    if (!on) show_docks(false); // they would all be empty
    playback_->setVisible(on);
    for (QWidget* page : std::initializer_list<QWidget*>{views_->memory_page, views_->walk})
        pages_->setTabVisible(pages_->indexOf(page), on);
}

void MainWindow::say_error(const sim::Error& error) {
    const QString text = QString::fromStdString(to_string(error));
    sentence_->set_error(text);
    if (centre_->currentWidget() == empty_) empty_->set_text(tr("That cannot be opened"), text);
}

QString MainWindow::error() const {
    return error_ ? QString::fromStdString(to_string(*error_)) : QString();
}

void MainWindow::toggle_play() {
    if (engine_ == nullptr || snapshot_ == nullptr) return;
    if (snapshot_->activity != Activity::paused) {
        engine_->pause();
        return;
    }
    engine_->play();
}

void MainWindow::choose_scenario() {
    OpenScenarioDialog dialog(theme_, assets_, this);
    if (dialog.exec() != QDialog::Accepted) return;
    // A file that is wrong is no reason to lose the run that is open.
    if (const auto error = open(dialog.chosen().toStdString())) say_error(*error);
}

} // namespace ksl::ui
