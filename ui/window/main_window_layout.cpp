// SPDX-License-Identifier: GPL-3.0-or-later
//
// Where the window's docks are, and what of that is remembered.
#include "ui/views/compare_view.h"
#include "ui/views/design_view.h"
#include "ui/views/events_view.h"
#include "ui/views/lesson_view.h"
#include "ui/views/timeline_view.h"
#include "ui/widgets/pair_splitter.h"
#include "ui/window/machine_views.h"
#include "ui/window/main_window.h"

#include <QApplication>
#include <QCoreApplication>
#include <QDockWidget>
#include <QMenuBar>
#include <QScrollArea>
#include <QSettings>
#include <QTabWidget>
#include <QTimer>

namespace ksl::ui {

namespace {

/// Raised when docks come or go.
constexpr int kSettingsVersion = 1;

} // namespace

void MainWindow::setVisible(bool visible) {
    QMainWindow::setVisible(visible);
    if (!visible || is_arranged_) return;
    // Docks take the sizes that they are given only once the window has its own.
    is_arranged_ = true;
    QTimer::singleShot(0, this, [this, wanted = size()] {
        if (are_docks_away_) {
            hide_docks();
        } else {
            place_docks();
        }
        keep_size(wanted);
    });
}

/// What the window grows by while docks find their places is undone.
void MainWindow::keep_size(QSize size) {
    QTimer::singleShot(0, this, [this, size] {
        if (!isMaximized() && !isFullScreen()) resize(size);
    });
}

void MainWindow::place_docks() {
    if (saved_layouts_) {
        workspaces_->load(saved_layouts_->layouts, saved_layouts_->current);
        saved_layouts_.reset();
    } else {
        workspaces_->reset();
    }
}

void MainWindow::hide_docks() {
    for (QDockWidget* dock : docks()) dock->hide();
}

void MainWindow::switch_to(Workspace workspace) {
    if (!are_docks_away_) {
        workspaces_->switch_to(workspace);
        return;
    }
    if (!saved_layouts_) saved_layouts_ = SavedLayouts{};
    saved_layouts_->current = workspace;
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
    scroll->setWidget(views_->cpus_pair);
    scroll->setFocusPolicy(Qt::NoFocus);
    space_dock_ = add_dock(QStringLiteral("address_space"), tr("Address space"), views_->space_pair);
    stack_dock_ = add_dock(QStringLiteral("stack"), tr("Stack"), views_->stack_pair);
    cpus_dock_ = add_dock(QStringLiteral("cpus"), tr("CPUs"), scroll);
    timeline_dock_ = add_dock(QStringLiteral("timeline"), tr("Timeline"), views_->timeline);
    design_dock_ = add_dock(QStringLiteral("design"), tr("Design"), views_->design);
    events_dock_ = add_dock(QStringLiteral("events"), tr("Events"), views_->events);
    compare_dock_ = add_dock(QStringLiteral("compare"), tr("A against B"), views_->compare);
    lesson_dock_ = add_dock(QStringLiteral("lesson"), tr("Lesson"), lesson_);
    setCorner(Qt::BottomRightCorner, Qt::RightDockWidgetArea);
    setCorner(Qt::BottomLeftCorner, Qt::LeftDockWidgetArea);
    setTabPosition(Qt::AllDockWidgetAreas, QTabWidget::North);
}

QList<QDockWidget*> MainWindow::docks() const {
    return {space_dock_,  stack_dock_,  cpus_dock_,    timeline_dock_,
            design_dock_, events_dock_, compare_dock_, lesson_dock_};
}

void MainWindow::arrange(Workspace workspace, ScreenClass screen) {
    for (QDockWidget* dock : docks()) {
        removeDockWidget(dock);
        dock->setFloating(false);
    }
    arrange_explore(screen, workspace == Workspace::lesson);
    if (workspace == Workspace::trace) {
        space_dock_->hide();
        cpus_dock_->hide();
        design_dock_->hide();
        events_dock_->show();
        addDockWidget(Qt::RightDockWidgetArea, events_dock_);
        tabifyDockWidget(stack_dock_, events_dock_);
        events_dock_->raise();
        resizeDocks({events_dock_}, {width() / 2}, Qt::Horizontal);
    } else if (workspace == Workspace::compare) {
        space_dock_->hide();
        events_dock_->hide();
        compare_dock_->show();
        compare_dock_->raise();
    } else if (workspace == Workspace::lesson) {
        events_dock_->hide();
        lesson_dock_->show();
        if (screen != ScreenClass::small) addDockWidget(Qt::LeftDockWidgetArea, lesson_dock_);
        lesson_dock_->raise();
        if (screen != ScreenClass::small) resizeDocks({lesson_dock_}, {theme_.look().px(340)}, Qt::Horizontal);
    }
}

void MainWindow::show_docks(bool on) {
    if (on == !are_docks_away_) return;
    if (!on) saved_layouts_ = SavedLayouts{.layouts = workspaces_->save(), .current = workspaces_->current()};
    are_docks_away_ = !on;
    if (!is_arranged_) return; // it will be, once the window is shown
    if (on) {
        const QSize wanted = size();
        place_docks();
        keep_size(wanted);
    } else {
        hide_docks();
    }
}

/// A dock that would be empty is not shown of itself.
bool MainWindow::is_wanted(const QDockWidget* dock) const {
    if (dock == compare_dock_) return other_design_.has_value();
    if (dock == lesson_dock_) return lesson_->lesson().has_value();
    return true;
}

/// With `lesson_apart` a lesson has a place of its own, so that what it is about can be seen beside it.
void MainWindow::arrange_explore(ScreenClass screen, bool lesson_apart) {
    const Look& look = theme_.look();
    addDockWidget(Qt::RightDockWidgetArea, stack_dock_);
    addDockWidget(Qt::BottomDockWidgetArea, space_dock_);
    splitDockWidget(space_dock_, timeline_dock_, Qt::Vertical);
    addDockWidget(Qt::RightDockWidgetArea, cpus_dock_);
    const bool is_small = screen == ScreenClass::small;
    if (is_small) {
        // A narrow screen has one column at the side; what does not fit is one tab away. A dock is split off before
        // its neighbour has tabs, or it becomes one of them.
        if (lesson_apart) splitDockWidget(stack_dock_, lesson_dock_, Qt::Vertical);
        for (QDockWidget* dock : {cpus_dock_, design_dock_, events_dock_, compare_dock_})
            tabifyDockWidget(stack_dock_, dock);
        if (!lesson_apart) tabifyDockWidget(stack_dock_, lesson_dock_);
    } else {
        splitDockWidget(stack_dock_, cpus_dock_, Qt::Vertical);
        addDockWidget(Qt::LeftDockWidgetArea, design_dock_);
        tabifyDockWidget(timeline_dock_, events_dock_);
        tabifyDockWidget(design_dock_, lesson_dock_);
        tabifyDockWidget(cpus_dock_, compare_dock_);
        timeline_dock_->raise();
    }
    for (QDockWidget* dock : docks()) dock->setVisible(is_wanted(dock) && !are_docks_away_);
    stack_dock_->raise();
    if (const auto& lesson = lesson_->lesson(); lesson && lesson_->is_started()) {
        lesson_dock_->raise();
        look_at(lesson->steps[lesson_->step()].look_at);
    }
    const int side = other_design_ ? 2 * look.px(280) : look.px(is_small ? 340 : 400);
    resizeDocks({stack_dock_}, {side}, Qt::Horizontal);
    // Docks one above the other cannot be told how high they are together, but they keep a height that they once had.
    views_->space_pair->setFixedHeight(look.px(is_small ? 132 : 190));
    views_->timeline->setFixedHeight(look.px(is_small ? (other_design_ ? 126 : 100) : 170));
    QTimer::singleShot(0, this, [this] {
        QCoreApplication::sendPostedEvents(nullptr, QEvent::LayoutRequest);
        for (QWidget* view : std::initializer_list<QWidget*>{views_->space_pair, views_->timeline}) {
            view->setMinimumHeight(0);
            view->setMaximumHeight(QWIDGETSIZE_MAX);
        }
        QCoreApplication::sendPostedEvents(nullptr, QEvent::LayoutRequest);
    });
    if (is_small && lesson_apart) {
        const int lesson = look.px(other_design_ ? 220 : 260); // two stacks side by side leave the text long lines
        resizeDocks({stack_dock_, lesson_dock_}, {look.px(580) - lesson, lesson}, Qt::Vertical);
    }
    if (!is_small) {
        resizeDocks({design_dock_}, {look.px(300)}, Qt::Horizontal);
        resizeDocks({stack_dock_, cpus_dock_}, {look.px(480), look.px(420)}, Qt::Vertical);
    }
}

void MainWindow::save_settings(QSettings& settings) const {
    settings.setValue(QStringLiteral("window/version"), kSettingsVersion);
    settings.setValue(QStringLiteral("window/size"), size());
    settings.setValue(QStringLiteral("look/theme"), static_cast<int>(theme_.choice()));
    settings.setValue(QStringLiteral("look/scale"), theme_.look().options().scale);
    settings.setValue(QStringLiteral("look/patterns"), theme_.look().options().patterns);
    settings.setValue(QStringLiteral("look/motion"), !theme_.has_reduced_motion());
    settings.setValue(QStringLiteral("compare/linked"), views_->are_cameras_linked());
    // Docks that are away are as they were left, not as they are.
    const SavedLayouts now = are_docks_away_
                                 ? saved_layouts_.value_or(SavedLayouts())
                                 : SavedLayouts{.layouts = workspaces_->save(), .current = workspaces_->current()};
    settings.setValue(QStringLiteral("window/workspace"), static_cast<int>(now.current));
    const QMap<QString, QByteArray>& layouts = now.layouts;
    for (auto layout = layouts.cbegin(); layout != layouts.cend(); ++layout)
        settings.setValue(QStringLiteral("layouts/") + layout.key(), layout.value());
}

void MainWindow::load_settings(const QSettings& settings) {
    // Another version's settings say nothing about this one's docks.
    if (settings.value(QStringLiteral("window/version")).toInt() != kSettingsVersion) return;
    const QSize saved = settings.value(QStringLiteral("window/size")).toSize();
    if (saved.isValid()) resize(saved.expandedTo(minimumSizeHint()));
    const int theme = settings.value(QStringLiteral("look/theme"), 0).toInt();
    if (theme >= 0 && theme < static_cast<int>(kThemeChoices.size()))
        theme_.choose(kThemeChoices[static_cast<std::size_t>(theme)]);
    theme_.set_scale(settings.value(QStringLiteral("look/scale"), 1.0).toDouble());
    theme_.set_patterns(settings.value(QStringLiteral("look/patterns"), false).toBool());
    let_move(settings.value(QStringLiteral("look/motion"), true).toBool());
    link_cameras(settings.value(QStringLiteral("compare/linked"), true).toBool());
    QMap<QString, QByteArray> layouts;
    for (const QString& key : settings.allKeys()) {
        const QString prefix = QStringLiteral("layouts/");
        if (key.startsWith(prefix)) layouts[key.mid(prefix.size())] = settings.value(key).toByteArray();
    }
    const int workspace = settings.value(QStringLiteral("window/workspace"), 0).toInt();
    if (workspace >= 0 && workspace < static_cast<int>(kWorkspaces.size()))
        saved_layouts_ = SavedLayouts{layouts, kWorkspaces[static_cast<std::size_t>(workspace)]};
}

void MainWindow::restyle() {
    const Look& look = theme_.look();
    setPalette(look.palette());
    menuBar()->setFont(look.font(TextSize::small));
    QApplication::setFont(look.font(TextSize::small), "QTabBar"); // the docks' tab bars come and go
    const QFont title = look.font(TextSize::small, TextWeight::bold);
    for (QDockWidget* dock : findChildren<QDockWidget*>()) {
        dock->setFont(title);
        if (dock->widget() != nullptr) dock->widget()->setFont(look.font(TextSize::small));
    }
}

} // namespace ksl::ui
