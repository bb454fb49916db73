// SPDX-License-Identifier: GPL-3.0-or-later
//
// What all painted views share: a camera (zoom, pan, fit), a cursor that the keyboard moves from item to item, the
// focus ring, a description in words and the same things for screen readers. A view derives from it, paints its content
// and names its items; it never handles a key itself (carry_out does).
//
// Units:      widget pixels (device independent) unless a name says content; content units are the view's own.
// Access:     at most kMostItems accessible children: summaries, not pixels.
// Painting:   paint_content() gets a painter in widget pixels whose canvas is already filled; it covers the whole
// widget.
#pragma once

#include "ui/commands/commands.h"
#include "ui/theme/theme.h"

#include <QAccessible>
#include <QList>
#include <QPointF>
#include <QRectF>
#include <QSizeF>
#include <QString>
#include <QWidget>
#include <cstdint>
#include <optional>

class QPainter;

namespace ksl::ui {

class CommandActions;

/// One thing in the picture that can be named and reached.
struct CanvasItem {
    QString name; ///< kind, identity, state, value: "Frame 0x77f0, kernel stack, order 0, second page of task 412"
    QRectF rect;
    QAccessible::Role role = QAccessible::ListItem;
    bool is_current = false; ///< under the cursor
};

class CanvasCamera {
public:
    [[nodiscard]] double scale_x() const { return scale_x_; }
    [[nodiscard]] double scale_y() const { return scale_y_; }
    /// Content point in the top left corner of the widget.
    [[nodiscard]] QPointF origin() const { return origin_; }
    [[nodiscard]] QPointF to_widget(QPointF content) const {
        return {(content.x() - origin_.x()) * scale_x_, (content.y() - origin_.y()) * scale_y_};
    }
    [[nodiscard]] QRectF to_widget(QRectF content) const {
        return {to_widget(content.topLeft()), to_widget(content.bottomRight())};
    }
    [[nodiscard]] QPointF to_content(QPointF widget) const {
        return {origin_.x() + (widget.x() / scale_x_), origin_.y() + (widget.y() / scale_y_)};
    }
    friend bool operator==(const CanvasCamera&, const CanvasCamera&) = default;

private:
    friend class MapCanvas;
    double scale_x_ = 1; ///< widget pixels a content unit
    double scale_y_ = 1;
    QPointF origin_;
};

/// Which way the picture zooms.
enum class ZoomAxes : std::uint8_t { both, horizontal, none };
enum class CursorStep : std::uint8_t { left, right, up, down };

class MapCanvas : public QWidget {
    Q_OBJECT

public:
    static constexpr int kMostItems = 60;

    /// `theme` outlives the canvas.
    MapCanvas(const Theme& theme, Scope scope, ZoomAxes axes, QWidget* parent = nullptr);

    [[nodiscard]] const CanvasCamera& camera() const { return camera_; }
    [[nodiscard]] const Look& look() const { return theme_.look(); }

    /// `at` stays where it is; `factor` above 1 comes closer.
    void zoom_by(double factor, QPointF at);
    void pan_by(QPointF pixels);
    void fit();
    /// Brings the rectangle into view without changing the zoom, if it is not in view already.
    void show_content(QRectF content);
    /// Closer or farther until the rectangle fills half the view.
    void fit_content(QRectF content);
    [[nodiscard]] bool is_fitted() const { return is_fitted_; }
    /// Brings what is selected into the middle; where it is there already, closer.
    void centre_selection();
    /// Shows what `other` shows: as close, with the same content in the middle; fitted where that is fitted.
    void follow(const MapCanvas& other);

    /// True if this command is one of painted views and was carried out.
    virtual bool carry_out(Command command);

    /// Everything the view shows, as text (key D, alt text of exports).
    [[nodiscard]] QString description() const;
    /// The accessible name: what is shown, in one line with its numbers.
    [[nodiscard]] virtual QString summary() const = 0;
    [[nodiscard]] virtual QAccessible::Role accessible_role() const { return QAccessible::Chart; }
    /// What the thing at this point of the widget is, and what its words mean; empty: nothing to say.
    [[nodiscard]] virtual QString tip(QPointF /*widget*/) const { return {}; }
    /// items(), cut to kMostItems.
    [[nodiscard]] QList<CanvasItem> accessible_items() const;

Q_SIGNALS:
    void camera_changed();
    void cursor_moved();
    /// Enter or double click on the item under the cursor.
    void inspected();
    /// summary() or items() say something else now.
    void description_changed();

protected:
    [[nodiscard]] virtual QSizeF content_size() const = 0;
    virtual void paint_content(QPainter& painter, const QRect& exposed) = 0;
    [[nodiscard]] virtual QList<CanvasItem> items() const { return {}; }
    /// In content units; empty = no cursor.
    [[nodiscard]] virtual QRectF cursor_rect() const { return {}; }
    /// False if there is nowhere to go.
    virtual bool move_cursor(CursorStep /*step*/) { return false; }
    /// What is selected, in content units; what the cursor is on, where nothing is.
    [[nodiscard]] virtual QRectF selection_rect() const { return cursor_rect(); }
    virtual void hover(std::optional<QPointF> /*content*/) {}
    virtual void press(QPointF /*content*/) {}
    /// Closest zoom, in widget pixels a content unit.
    [[nodiscard]] virtual double most_scale() const { return 64; }
    /// The look or the size changed: drop what was cached.
    virtual void relayout() {}

    /// Call when what summary() or items() say has changed. Screen readers are told.
    void announce_change();

    bool event(QEvent* event) override;
    void paintEvent(QPaintEvent* event) override;
    void resizeEvent(QResizeEvent* event) override;
    void wheelEvent(QWheelEvent* event) override;
    void mousePressEvent(QMouseEvent* event) override;
    void mouseMoveEvent(QMouseEvent* event) override;
    void mouseReleaseEvent(QMouseEvent* event) override;
    void mouseDoubleClickEvent(QMouseEvent* event) override;
    void leaveEvent(QEvent* event) override;
    void focusInEvent(QFocusEvent* event) override;
    void focusOutEvent(QFocusEvent* event) override;

private:
    /// Of canvas around a picture that zooms both ways, so that its border and the focus ring have room. A ruler has
    /// none.
    [[nodiscard]] double margin() const { return axes_ == ZoomAxes::both ? 6 : 0; }
    [[nodiscard]] double fitting_scale_x() const;
    [[nodiscard]] double fitting_scale_y() const;
    void set_camera(const CanvasCamera& camera);
    void paint_focus_ring(QPainter& painter);
    void step_cursor(CursorStep step);

    const Theme& theme_;
    ZoomAxes axes_;
    CanvasCamera camera_;
    bool is_fitted_ = true;
    bool is_dragging_ = false;
    double painted_ratio_ = 0;
    QPointF drag_from_;
};

/// Sends the commands of painted views to whichever canvas has the focus.
void connect_canvas_commands(CommandActions& actions);

} // namespace ksl::ui
