// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/window/main_window.h"

#include "ui/engine/scenario_source.h"
#include "ui/views/address_space_view.h"
#include "ui/views/cpus_view.h"
#include "ui/views/design_view.h"
#include "ui/views/event_text.h"
#include "ui/views/events_view.h"
#include "ui/views/physical_memory_view.h"
#include "ui/views/stack_view.h"
#include "ui/views/timeline_view.h"
#include "ui/widgets/command_palette.h"
#include "ui/widgets/description_dialog.h"
#include "ui/widgets/empty_state.h"
#include "ui/widgets/event_sentence_bar.h"
#include "ui/widgets/key_sheet.h"
#include "ui/window/open_scenario_dialog.h"
#include "ui/window/playback_bar.h"

#include <QActionGroup>
#include <QApplication>
#include <QDockWidget>
#include <QFileDialog>
#include <QMenu>
#include <QMenuBar>
#include <QScrollArea>
#include <QStackedWidget>
#include <QStatusBar>
#include <QTimer>
#include <utility>

namespace ksl::ui {

namespace {

constexpr double kTextStep = 1.1;

} // namespace

MainWindow::MainWindow(sim::Assets assets, ThemeChoice theme) : assets_(std::move(assets)), actions_(*this) {
    theme_.choose(theme);
    setWindowTitle(tr("kstacklab"));
    resize(1280, 720);
    make_views();
    make_docks();
    connect_views();
    connect_playback();
    connect_window_commands();
    connect_canvas_commands(actions_);
    make_menus();
    workspaces_ =
        new DockWorkspaces(*this, [this](Workspace workspace, ScreenClass screen) { arrange(workspace, screen); });
    connect(&theme_, &Theme::changed, this, &MainWindow::restyle);
    restyle();
}

MainWindow::~MainWindow() {
    engine_.reset();
}

void MainWindow::setVisible(bool visible) {
    const QSize wanted = size();
    QMainWindow::setVisible(visible);
    if (!visible || is_arranged_) return;
    // Docks take the sizes that they are given only once the window has its own; what it grew by until then is undone.
    is_arranged_ = true;
    QTimer::singleShot(0, this, [this, wanted] {
        workspaces_->reset();
        QTimer::singleShot(0, this, [this, wanted] {
            if (!isMaximized() && !isFullScreen()) resize(wanted);
        });
    });
}

void MainWindow::make_views() {
    memory_ = new PhysicalMemoryView(theme_, this);
    space_ = new AddressSpaceView(theme_, this);
    stack_ = new StackView(theme_, this);
    cpus_ = new CpusView(theme_, this);
    timeline_ = new TimelineView(theme_, this);
    design_view_ = new DesignView(theme_, this);
    events_ = new EventsView(theme_, this);
    sentence_ = new EventSentenceBar(theme_, this);
    empty_ = new EmptyState(theme_, QLatin1StringView("memory"), tr("No machine yet"),
                            tr("Open a scenario to boot a simulated computer and watch its kernel stacks."), this);
    empty_->add_action(actions_.action(Command::open_scenario));
    // The centre is as small as a map may be: a page that is not shown yet has no width to say its height for.
    for (QWidget* page : std::initializer_list<QWidget*>{empty_, memory_})
        page->setSizePolicy(QSizePolicy::Ignored, QSizePolicy::Ignored);
    centre_ = new QStackedWidget(this);
    centre_->setMinimumSize(320, 200);
    centre_->addWidget(empty_);
    centre_->addWidget(memory_);
    setCentralWidget(centre_);
    playback_ = new PlaybackBar(theme_, actions_, this);
    addToolBar(playback_);
    statusBar()->setSizeGripEnabled(false);
    statusBar()->setContentsMargins(0, 0, 0, 0);
    statusBar()->addWidget(sentence_, 1);
    palette_ = new CommandPalette(theme_, actions_, this);
    keys_ = new KeySheet(theme_, this);
    description_ = new DescriptionDialog(theme_, this);
}

QDockWidget* MainWindow::add_dock(const QString& name, const QString& title, QWidget* widget) {
    auto* dock = new QDockWidget(title, this);
    dock->setObjectName(name);
    dock->setWidget(widget);
    return dock;
}

void MainWindow::make_docks() {
    auto* scroll = new QScrollArea(this);
    scroll->setWidgetResizable(true);
    scroll->setFrameShape(QFrame::NoFrame);
    scroll->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    scroll->setWidget(cpus_);
    scroll->setFocusPolicy(Qt::NoFocus);
    space_dock_ = add_dock(QStringLiteral("address_space"), tr("Address space"), space_);
    stack_dock_ = add_dock(QStringLiteral("stack"), tr("Stack"), stack_);
    cpus_dock_ = add_dock(QStringLiteral("cpus"), tr("CPUs"), scroll);
    timeline_dock_ = add_dock(QStringLiteral("timeline"), tr("Timeline"), timeline_);
    design_dock_ = add_dock(QStringLiteral("design"), tr("Design"), design_view_);
    events_dock_ = add_dock(QStringLiteral("events"), tr("Events"), events_);
    setCorner(Qt::BottomRightCorner, Qt::RightDockWidgetArea);
    setCorner(Qt::BottomLeftCorner, Qt::LeftDockWidgetArea);
    setTabPosition(Qt::AllDockWidgetAreas, QTabWidget::North);
}

void MainWindow::make_menus() {
    actions_.fill(*menuBar());
    QMenu* view = nullptr;
    for (QAction* entry : menuBar()->actions()) {
        if (entry->text() == name_of(MenuId::view)) view = entry->menu();
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

void MainWindow::arrange(Workspace workspace, ScreenClass screen) {
    for (QDockWidget* dock : {space_dock_, stack_dock_, cpus_dock_, timeline_dock_, design_dock_, events_dock_}) {
        removeDockWidget(dock);
        dock->setFloating(false);
    }
    arrange_explore(screen);
    if (workspace == Workspace::trace) {
        space_dock_->hide();
        cpus_dock_->hide();
        design_dock_->hide();
        events_dock_->show();
        addDockWidget(Qt::RightDockWidgetArea, events_dock_);
        tabifyDockWidget(stack_dock_, events_dock_);
        events_dock_->raise();
        resizeDocks({events_dock_}, {width() / 2}, Qt::Horizontal);
    } else if (workspace == Workspace::lesson) {
        design_dock_->hide();
        cpus_dock_->hide();
        events_dock_->hide();
        stack_dock_->raise();
    }
}

void MainWindow::arrange_explore(ScreenClass screen) {
    const Look& look = theme_.look();
    addDockWidget(Qt::RightDockWidgetArea, stack_dock_);
    addDockWidget(Qt::BottomDockWidgetArea, space_dock_);
    splitDockWidget(space_dock_, timeline_dock_, Qt::Vertical);
    addDockWidget(Qt::RightDockWidgetArea, cpus_dock_);
    const bool is_small = screen == ScreenClass::small;
    if (is_small) {
        // A narrow screen has one column at the side; what does not fit is one tab away.
        tabifyDockWidget(stack_dock_, cpus_dock_);
        tabifyDockWidget(stack_dock_, design_dock_);
        tabifyDockWidget(stack_dock_, events_dock_);
    } else {
        splitDockWidget(stack_dock_, cpus_dock_, Qt::Vertical);
        addDockWidget(Qt::LeftDockWidgetArea, design_dock_);
        tabifyDockWidget(timeline_dock_, events_dock_);
        timeline_dock_->raise();
    }
    for (QDockWidget* dock : {space_dock_, stack_dock_, cpus_dock_, timeline_dock_, design_dock_, events_dock_})
        dock->show();
    stack_dock_->raise();
    resizeDocks({stack_dock_}, {look.px(is_small ? 340 : 400)}, Qt::Horizontal);
    // Docks one above the other cannot be told how high they are together, but they keep a height that they once had.
    space_->setFixedHeight(look.px(is_small ? 132 : 190));
    timeline_->setFixedHeight(look.px(is_small ? 100 : 170));
    QTimer::singleShot(0, this, [this] {
        QCoreApplication::sendPostedEvents(nullptr, QEvent::LayoutRequest);
        for (QWidget* view : std::initializer_list<QWidget*>{space_, timeline_}) {
            view->setMinimumHeight(0);
            view->setMaximumHeight(QWIDGETSIZE_MAX);
        }
        QCoreApplication::sendPostedEvents(nullptr, QEvent::LayoutRequest);
    });
    if (!is_small) {
        resizeDocks({design_dock_}, {look.px(300)}, Qt::Horizontal);
        resizeDocks({stack_dock_, cpus_dock_}, {look.px(480), look.px(420)}, Qt::Vertical);
    }
}

void MainWindow::connect_views() {
    connect(stack_, &StackView::stack_shown, this, [this](core::StackId stack) {
        space_->select_stack(stack);
        memory_->select_stack(stack);
    });
    connect(space_, &AddressSpaceView::stack_clicked, this, &MainWindow::select_stack);
    connect(cpus_, &CpusView::stack_clicked, this, &MainWindow::select_stack);
    connect(space_, &AddressSpaceView::pointed_at, this, [this](const QString& sentence) {
        space_->setToolTip(sentence);
        space_->setStatusTip({});
    });
    connect(timeline_, &TimelineView::scrubbed, this, [this](std::uint64_t position) {
        if (engine_ != nullptr) engine_->go_to(position);
    });
    connect(events_, &EventsView::position_chosen, this, [this](std::uint64_t position) {
        if (engine_ != nullptr) engine_->go_to(position);
    });
    connect(sentence_, &EventSentenceBar::why_requested, this, [this] {
        events_dock_->show();
        events_dock_->raise();
        events_->setFocus(Qt::OtherFocusReason);
    });
    connect(playback_, &PlaybackBar::speed_changed, this, [this](double speed) {
        if (engine_ != nullptr) engine_->set_speed(speed);
        sentence_->set_announcing(speed <= 1);
    });
    connect(playback_, &PlaybackBar::design_chosen, this, &MainWindow::choose_design);
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
    actions_.on(Command::restart_run, [this] { choose_design(static_cast<int>(design_)); });
}

void MainWindow::connect_window_commands() {
    actions_.on(Command::open_scenario, [this] { choose_scenario(); });
    actions_.on(Command::quit, [this] { close(); });
    actions_.on(Command::workspace_explore, [this] { workspaces_->switch_to(Workspace::explore); });
    actions_.on(Command::workspace_lesson, [this] { workspaces_->switch_to(Workspace::lesson); });
    actions_.on(Command::workspace_trace, [this] { workspaces_->switch_to(Workspace::trace); });
    actions_.on(Command::reset_layout, [this] { workspaces_->reset(); });
    actions_.on(Command::next_dock, [this] { workspaces_->focus_next(); });
    actions_.on(Command::previous_dock, [this] { workspaces_->focus_previous(); });
    actions_.on(Command::larger_text, [this] { theme_.set_scale(theme_.look().options().scale * kTextStep); });
    actions_.on(Command::smaller_text, [this] { theme_.set_scale(theme_.look().options().scale / kTextStep); });
    actions_.on(Command::toggle_patterns, [this] { theme_.set_patterns(!theme_.look().has_patterns()); });
    actions_.on(Command::toggle_presenter, [this, on = false]() mutable { theme_.set_presenter(on = !on); });
    actions_.on(Command::toggle_caption, [this, on = false]() mutable { sentence_->set_caption(on = !on); });
    actions_.on(Command::command_palette, [this] {
        palette_->open_empty();
        palette_->show();
    });
    actions_.on(Command::key_sheet,
                [this] { keys_->show_for(actions_.keys(), CommandActions::scope_of(QApplication::focusWidget())); });
    actions_.on(Command::describe_view, [this] {
        if (MapCanvas* canvas = focused_canvas()) description_->show_for(*canvas);
    });
    actions_.on(Command::export_view, [this] { export_view(); });
}

MapCanvas* MainWindow::focused_canvas() const {
    auto* focused = qobject_cast<MapCanvas*>(QApplication::focusWidget());
    return focused != nullptr ? focused : &memory_->canvas();
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
    scenario_ = std::move(*scenario);
    choose_design(static_cast<int>(design));
    return std::nullopt;
}

void MainWindow::choose_design(int index) {
    if (!scenario_ || index < 0) return;
    design_ = static_cast<std::size_t>(index);
    QStringList names;
    for (const sim::DesignProfile& profile : scenario_->designs) names += QString::fromStdString(profile.name);
    playback_->show_designs(names, index);
    design_view_->show_design(*scenario_, design_);
    setWindowTitle(tr("%1 · %2 · kstacklab").arg(QString::fromStdString(scenario_->title), names[index]));
    start([assets = assets_, scenario = *scenario_, design = design_](const std::stop_token& stop) {
        return ScenarioSource::open(assets, scenario, design, stop);
    });
    sentence_->set_sentence(tr("Booting the machine"), false);
}

void MainWindow::open_source(std::unique_ptr<EngineSource> source) {
    scenario_.reset();
    design_view_->show_nothing();
    playback_->show_designs({}, -1);
    start(
        [made = std::move(source)](const std::stop_token&) mutable -> EngineThread::Opened { return std::move(made); });
}

void MainWindow::forget_run() {
    engine_.reset();
    snapshot_.reset();
    error_.reset();
    timeline_->clear();
    events_->events().clear();
}

void MainWindow::start(EngineThread::Open open) {
    forget_run();
    engine_ = std::make_unique<EngineThread>(
        std::move(open), [this] { QMetaObject::invokeMethod(this, &MainWindow::fetch, Qt::QueuedConnection); });
    engine_->set_speed(playback_->speed());
}

void MainWindow::fetch() {
    if (engine_ == nullptr) return;
    const Delivery delivery = engine_->take();
    if (delivery.error) {
        show_error(*delivery.error);
        return;
    }
    timeline_->append(delivery.records);
    events_->events().append(delivery.log);
    if (delivery.snapshot != nullptr) show_moment(delivery.snapshot);
}

void MainWindow::show_moment(const SnapshotPtr& snapshot) {
    snapshot_ = snapshot;
    if (centre_->currentWidget() != memory_) {
        centre_->setCurrentWidget(memory_);
        memory_->setFocus(Qt::OtherFocusReason);
    }
    // The stack first: which one it is decides what the others mark.
    for (SnapshotView* view :
         std::initializer_list<SnapshotView*>{stack_, memory_, space_, cpus_, timeline_, events_, playback_})
        view->show_snapshot(snapshot);
    sentence_->set_sentence(sentence_of(*snapshot), !snapshot->events.empty());
    Q_EMIT shown(snapshot);
}

void MainWindow::show_error(const sim::Error& error) {
    forget_run();
    error_ = error;
    for (SnapshotView* view :
         std::initializer_list<SnapshotView*>{stack_, memory_, space_, cpus_, timeline_, events_, playback_})
        view->show_snapshot(nullptr);
    centre_->setCurrentWidget(empty_);
    sentence_->set_sentence(this->error(), false);
    Q_EMIT failed(error);
}

QString MainWindow::error() const {
    return error_ ? QString::fromStdString(to_string(*error_)) : QString();
}

void MainWindow::select_stack(core::StackId stack) {
    stack_->select_stack(stack);
    stack_dock_->show();
    stack_dock_->raise();
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
    if (const auto error = open(dialog.chosen().toStdString())) show_error(*error);
}

void MainWindow::export_view() {
    MapCanvas* canvas = focused_canvas();
    const QString file =
        QFileDialog::getSaveFileName(this, tr("Export the view"), QStringLiteral("view.png"), tr("Pictures (*.png)"));
    if (file.isEmpty()) return;
    if (!canvas->grab().save(file)) sentence_->set_sentence(tr("%1 cannot be written").arg(file), false);
}

void MainWindow::restyle() {
    const Look& look = theme_.look();
    setPalette(look.palette());
    menuBar()->setFont(look.font(TextSize::small));
    const QFont title = look.font(TextSize::small, TextWeight::bold);
    for (QDockWidget* dock : findChildren<QDockWidget*>()) {
        dock->setFont(title);
        if (dock->widget() != nullptr) dock->widget()->setFont(look.font(TextSize::small));
    }
}

} // namespace ksl::ui
