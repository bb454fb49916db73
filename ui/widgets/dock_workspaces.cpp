// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/widgets/dock_workspaces.h"

#include <QApplication>
#include <QCoreApplication>
#include <QDockWidget>
#include <algorithm>
#include <tuple>
#include <utility>
#include <vector>

namespace ksl::ui {

namespace {

/// Raised when the set of docks changes: an older layout would not know where to put the new ones.
constexpr int kLayoutVersion = 1;

QString stable_name(Workspace workspace) {
    switch (workspace) {
    case Workspace::explore: return QStringLiteral("explore");
    case Workspace::lesson: return QStringLiteral("lesson");
    case Workspace::compare: return QStringLiteral("compare");
    case Workspace::trace: return QStringLiteral("trace");
    }
    return {};
}

/// The first widget inside that takes the focus by Tab, or the widget itself.
QWidget* first_focus_target(QWidget& area) {
    if ((area.focusPolicy() & Qt::TabFocus) != 0) return &area;
    const QList<QWidget*> inside = area.findChildren<QWidget*>();
    const auto found = std::ranges::find_if(inside, [](const QWidget* widget) {
        return (widget->focusPolicy() & Qt::TabFocus) != 0 && widget->isVisible() && widget->isEnabled();
    });
    return found == inside.end() ? &area : *found;
}

} // namespace

QString name_of(Workspace workspace) {
    switch (workspace) {
    case Workspace::explore: return QCoreApplication::translate("DockWorkspaces", "Explore");
    case Workspace::lesson: return QCoreApplication::translate("DockWorkspaces", "Lesson");
    case Workspace::compare: return QCoreApplication::translate("DockWorkspaces", "Compare");
    case Workspace::trace: return QCoreApplication::translate("DockWorkspaces", "Trace");
    }
    return {};
}

DockWorkspaces::DockWorkspaces(QMainWindow& window, Arrange arrange)
    : QObject(&window), window_(window), arrange_(std::move(arrange)) {
    window.setDockOptions(QMainWindow::AnimatedDocks | QMainWindow::AllowNestedDocks | QMainWindow::AllowTabbedDocks);
    arrange_(current_, screen_class(window_.width()));
}

QString DockWorkspaces::key() const {
    constexpr std::array kClasses{"small", "medium", "large"};
    const auto screen = static_cast<std::size_t>(screen_class(window_.width()));
    return stable_name(current_) + u'/' + QString::fromLatin1(kClasses[screen]);
}

void DockWorkspaces::remember() {
    layouts_[key()] = window_.saveState(kLayoutVersion);
}

void DockWorkspaces::apply() {
    // Every dock has its first place before a saved state moves it: the state may be older than a dock.
    arrange_(current_, screen_class(window_.width()));
    const auto saved = layouts_.constFind(key());
    if (saved != layouts_.constEnd()) window_.restoreState(*saved, kLayoutVersion);
}

void DockWorkspaces::switch_to(Workspace workspace) {
    remember();
    current_ = workspace;
    apply();
    Q_EMIT changed(workspace);
}

void DockWorkspaces::reset() {
    layouts_.remove(key());
    for (QDockWidget* dock : window_.findChildren<QDockWidget*>()) dock->setFloating(false);
    apply();
    Q_EMIT changed(current_);
}

QMap<QString, QByteArray> DockWorkspaces::save() {
    remember();
    return layouts_;
}

void DockWorkspaces::load(const QMap<QString, QByteArray>& layouts, Workspace current) {
    layouts_ = layouts;
    current_ = current;
    apply();
    Q_EMIT changed(current_);
}

void DockWorkspaces::focus_neighbour(int step) {
    std::vector<QWidget*> areas;
    for (QDockWidget* dock : window_.findChildren<QDockWidget*>()) {
        // A dock behind a tab is visible to Qt but has nothing on the screen.
        if (dock->isVisible() && dock->widget() != nullptr && !dock->visibleRegion().isEmpty())
            areas.push_back(dock->widget());
    }
    if (window_.centralWidget() != nullptr) areas.push_back(window_.centralWidget());
    if (areas.empty()) return;
    const auto place = [](const QWidget* area) {
        const QPoint at = area->mapToGlobal(QPoint(0, 0));
        return std::tuple(at.y(), at.x(), area);
    };
    std::ranges::sort(areas, [&](const QWidget* a, const QWidget* b) { return place(a) < place(b); });

    const QWidget* focus = QApplication::focusWidget();
    const auto holds_focus = [&](const QWidget* area) {
        return focus != nullptr && (area == focus || area->isAncestorOf(focus));
    };
    const auto here = std::ranges::find_if(areas, holds_focus);
    const auto count = static_cast<std::ptrdiff_t>(areas.size());
    std::ptrdiff_t next = step > 0 ? 0 : count - 1;
    if (here != areas.end()) next = ((here - areas.begin()) + step + count) % count;
    first_focus_target(*areas[static_cast<std::size_t>(next)])->setFocus(Qt::TabFocusReason);
}

} // namespace ksl::ui
