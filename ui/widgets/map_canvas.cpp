// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/widgets/map_canvas.h"

#include "ui/commands/command_actions.h"
#include "ui/widgets/accessible_canvas.h"

#include <QApplication>
#include <QHelpEvent>
#include <QMouseEvent>
#include <QPainter>
#include <QToolTip>
#include <QWheelEvent>
#include <algorithm>
#include <cmath>
#include <utility>

namespace ksl::ui {

namespace {

constexpr double kZoomStep = 1.25;
constexpr double kPanShare = 0.1;
constexpr double kWheelNotch = 120; // eighths of a degree, as Qt counts
constexpr double kDragThreshold = 4;

/// Keeps the content in view: centred where it is smaller than the widget, else with no more than the margin beside it.
double clamped_origin(double origin, double content, double visible, double margin) {
    if (content + (2 * margin) <= visible) return (content - visible) / 2;
    return std::clamp(origin, -margin, content - visible + margin);
}

} // namespace

MapCanvas::MapCanvas(const Theme& theme, Scope scope, ZoomAxes axes, QWidget* parent)
    : QWidget(parent), theme_(theme), axes_(axes) {
    install_canvas_accessibility();
    setFocusPolicy(Qt::StrongFocus);
    setMouseTracking(true);
    setAttribute(Qt::WA_OpaquePaintEvent);
    CommandActions::set_scope(*this, scope);
    connect(&theme, &Theme::changed, this, [this] {
        relayout();
        update();
    });
}

double MapCanvas::fitting_scale_x() const {
    const QSizeF content = content_size();
    const double x = content.width() > 0 ? std::max(1.0, width() - (2 * margin())) / content.width() : 1;
    const double y = content.height() > 0 ? std::max(1.0, height() - (2 * margin())) / content.height() : 1;
    return axes_ == ZoomAxes::both ? std::min(x, y) : x;
}
double MapCanvas::fitting_scale_y() const {
    const QSizeF content = content_size();
    if (axes_ == ZoomAxes::both) return fitting_scale_x();
    return content.height() > 0 ? height() / content.height() : 1;
}

void MapCanvas::set_camera(const CanvasCamera& camera) {
    CanvasCamera next = camera;
    const QSizeF content = content_size();
    const double least = fitting_scale_x();
    next.scale_x_ = std::clamp(next.scale_x_, least, std::max(least, most_scale()));
    next.scale_y_ = axes_ == ZoomAxes::both ? next.scale_x_ : fitting_scale_y();
    next.origin_ = {
        clamped_origin(next.origin_.x(), content.width(), width() / next.scale_x_, margin() / next.scale_x_),
        clamped_origin(next.origin_.y(), content.height(), height() / next.scale_y_, margin() / next.scale_y_)};
    is_fitted_ = next.scale_x_ <= least * (1 + 1e-9);
    if (next == camera_) return;
    camera_ = next;
    update();
    Q_EMIT camera_changed();
}

void MapCanvas::zoom_by(double factor, QPointF at) {
    if (axes_ == ZoomAxes::none) return;
    const QPointF fixed = camera_.to_content(at);
    CanvasCamera next = camera_;
    const double least = fitting_scale_x();
    next.scale_x_ = std::clamp(camera_.scale_x_ * factor, least, std::max(least, most_scale()));
    next.scale_y_ = axes_ == ZoomAxes::both ? next.scale_x_ : camera_.scale_y_;
    next.origin_ = {fixed.x() - (at.x() / next.scale_x_), fixed.y() - (at.y() / next.scale_y_)};
    set_camera(next);
}

void MapCanvas::pan_by(QPointF pixels) {
    CanvasCamera next = camera_;
    next.origin_ += QPointF(pixels.x() / camera_.scale_x_, pixels.y() / camera_.scale_y_);
    set_camera(next);
}

void MapCanvas::fit() {
    CanvasCamera next = camera_;
    next.scale_x_ = fitting_scale_x();
    next.scale_y_ = fitting_scale_y();
    set_camera(next);
}

void MapCanvas::show_content(QRectF content) {
    const QRectF visible(camera_.to_content({0, 0}), camera_.to_content({double(width()), double(height())}));
    if (content.isEmpty() || visible.contains(content)) return;
    CanvasCamera next = camera_;
    next.origin_ = content.center() - QPointF(visible.width() / 2, visible.height() / 2);
    set_camera(next);
}

void MapCanvas::fit_content(QRectF content) {
    if (content.isEmpty() || axes_ == ZoomAxes::none) return;
    CanvasCamera next = camera_;
    next.scale_x_ = width() / (2 * content.width());
    if (axes_ == ZoomAxes::both) next.scale_x_ = std::min(next.scale_x_, height() / (2 * content.height()));
    const double least = fitting_scale_x();
    next.scale_x_ = std::clamp(next.scale_x_, least, std::max(least, most_scale()));
    next.scale_y_ = axes_ == ZoomAxes::both ? next.scale_x_ : camera_.scale_y_;
    next.origin_ = content.center() - QPointF(width() / (2 * next.scale_x_), height() / (2 * next.scale_y_));
    set_camera(next);
}

void MapCanvas::centre_selection() {
    const QRectF content = selection_rect();
    if (content.isEmpty()) return;
    const CanvasCamera before = camera_;
    CanvasCamera next = camera_;
    next.origin_ = content.center() - QPointF(width() / (2 * camera_.scale_x_), height() / (2 * camera_.scale_y_));
    set_camera(next);
    if (camera_ == before) fit_content(content);
}

void MapCanvas::follow(const MapCanvas& other) {
    if (other.is_fitted_) {
        fit();
        return;
    }
    const QPointF middle = other.camera_.to_content({other.width() / 2.0, other.height() / 2.0});
    CanvasCamera next = camera_;
    next.scale_x_ = other.camera_.scale_x_;
    next.scale_y_ = axes_ == ZoomAxes::both ? next.scale_x_ : camera_.scale_y_;
    next.origin_ = middle - QPointF(width() / (2 * next.scale_x_), height() / (2 * next.scale_y_));
    set_camera(next);
}

bool MapCanvas::event(QEvent* event) {
    if (event->type() != QEvent::ToolTip) return QWidget::event(event);
    const auto* help = dynamic_cast<const QHelpEvent*>(event);
    const QString text = help != nullptr ? tip(help->pos()) : QString();
    if (text.isEmpty()) return QWidget::event(event);
    // Rich text is wrapped, plain text is not.
    QToolTip::showText(help->globalPos(), QStringLiteral("<qt>%1</qt>").arg(text.toHtmlEscaped()), this);
    return true;
}

bool MapCanvas::carry_out(Command command) {
    const QPointF centre(width() / 2.0, height() / 2.0);
    switch (command) {
    case Command::zoom_in: zoom_by(kZoomStep, centre); return true;
    case Command::zoom_out: zoom_by(1 / kZoomStep, centre); return true;
    case Command::zoom_fit: fit(); return true;
    case Command::pan_left: pan_by({-kPanShare * width(), 0}); return true;
    case Command::pan_right: pan_by({kPanShare * width(), 0}); return true;
    case Command::pan_up: pan_by({0, -kPanShare * height()}); return true;
    case Command::pan_down: pan_by({0, kPanShare * height()}); return true;
    case Command::cursor_left: step_cursor(CursorStep::left); return true;
    case Command::cursor_right: step_cursor(CursorStep::right); return true;
    case Command::cursor_up: step_cursor(CursorStep::up); return true;
    case Command::cursor_down: step_cursor(CursorStep::down); return true;
    case Command::inspect: Q_EMIT inspected(); return true;
    default: return false;
    }
}

void MapCanvas::step_cursor(CursorStep step) {
    if (!move_cursor(step)) return;
    show_content(cursor_rect());
    update();
    Q_EMIT cursor_moved();
    announce_change();
}

QList<CanvasItem> MapCanvas::accessible_items() const {
    QList<CanvasItem> all = items();
    if (all.size() > kMostItems) all.resize(kMostItems);
    return all;
}

QString MapCanvas::description() const {
    QString text = summary();
    for (const CanvasItem& item : accessible_items()) text += u'\n' + item.name;
    return text;
}

void MapCanvas::announce_change() {
    QAccessibleEvent changed(this, QAccessible::NameChanged);
    QAccessible::updateAccessibility(&changed);
    Q_EMIT description_changed();
}

void MapCanvas::paintEvent(QPaintEvent* event) {
    // Qt 6.4 does not say when a window moves to a screen of another scale.
    if (std::exchange(painted_ratio_, devicePixelRatioF()) != devicePixelRatioF()) relayout();
    QPainter painter(this);
    painter.fillRect(event->rect(), look().colour(Role::canvas));
    paint_content(painter, event->rect());
    const QRectF cursor = cursor_rect();
    if (hasFocus() && !cursor.isEmpty()) {
        // A gap of canvas and then the ring, so that it shows on any fill.
        const QRectF at = camera_.to_widget(cursor).adjusted(-2, -2, 2, 2);
        painter.setBrush(Qt::NoBrush);
        painter.setPen(QPen(look().colour(Role::canvas), look().focus_ring().widthF() + 2));
        painter.drawRect(at);
        painter.setPen(look().focus_ring());
        painter.drawRect(at);
    }
    if (hasFocus()) paint_focus_ring(painter);
}

void MapCanvas::paint_focus_ring(QPainter& painter) {
    const QPen ring = look().focus_ring();
    const double half = ring.widthF() / 2;
    painter.setBrush(Qt::NoBrush);
    painter.setPen(ring);
    painter.drawRect(QRectF(rect()).adjusted(half, half, -half, -half));
    painter.setPen(QPen(look().colour(Role::canvas), 1));
    const double inside = ring.widthF() + 0.5;
    painter.drawRect(QRectF(rect()).adjusted(inside, inside, -inside, -inside));
}

void MapCanvas::resizeEvent(QResizeEvent* event) {
    QWidget::resizeEvent(event);
    relayout();
    // A fitted picture stays fitted; a closer one keeps its place.
    if (is_fitted_) {
        fit();
    } else {
        set_camera(camera_);
    }
}

void MapCanvas::wheelEvent(QWheelEvent* event) {
    if (axes_ == ZoomAxes::none) {
        event->ignore();
        return;
    }
    zoom_by(std::pow(kZoomStep, event->angleDelta().y() / kWheelNotch), event->position());
}

void MapCanvas::mousePressEvent(QMouseEvent* event) {
    drag_from_ = event->position();
    is_dragging_ = false;
}
void MapCanvas::mouseMoveEvent(QMouseEvent* event) {
    if ((event->buttons() & Qt::LeftButton) == 0) {
        hover(camera_.to_content(event->position()));
        return;
    }
    const QPointF moved = drag_from_ - event->position();
    if (!is_dragging_ && moved.manhattanLength() < kDragThreshold) return;
    is_dragging_ = true;
    drag_from_ = event->position();
    pan_by(moved);
}
void MapCanvas::mouseReleaseEvent(QMouseEvent* event) {
    if (!is_dragging_ && event->button() == Qt::LeftButton) {
        press(camera_.to_content(event->position()));
        update();
        Q_EMIT cursor_moved();
        announce_change();
    }
    is_dragging_ = false;
}
void MapCanvas::mouseDoubleClickEvent(QMouseEvent* event) {
    press(camera_.to_content(event->position()));
    Q_EMIT inspected();
}
void MapCanvas::leaveEvent(QEvent* event) {
    QWidget::leaveEvent(event);
    hover(std::nullopt);
}
void MapCanvas::focusInEvent(QFocusEvent* event) {
    QWidget::focusInEvent(event);
    update();
}
void MapCanvas::focusOutEvent(QFocusEvent* event) {
    QWidget::focusOutEvent(event);
    update();
}

void connect_canvas_commands(CommandActions& actions) {
    for (const CommandInfo& info : all_commands()) {
        const std::vector<Scope> chain = scope_chain(info.scope);
        if (std::ranges::find(chain, Scope::canvas) == chain.end() || info.scope == Scope::timeline) continue;
        actions.on(info.id, [command = info.id] {
            if (auto* canvas = qobject_cast<MapCanvas*>(QApplication::focusWidget())) canvas->carry_out(command);
        });
    }
}

} // namespace ksl::ui
