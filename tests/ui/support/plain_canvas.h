// SPDX-License-Identifier: GPL-3.0-or-later
//
// The smallest painted view: a row of boxes.
#pragma once

#include "ui/widgets/map_canvas.h"

#include <QPainter>

namespace ksl::ui::test {

class PlainCanvas : public MapCanvas {
public:
    PlainCanvas(const Theme& theme, int boxes, ZoomAxes axes = ZoomAxes::both)
        : MapCanvas(theme, Scope::canvas, axes), boxes_(boxes) {}

    [[nodiscard]] QString summary() const override { return QStringLiteral("Row of %1 boxes").arg(boxes_); }
    void set_boxes(int boxes) {
        boxes_ = boxes;
        announce_change();
    }
    [[nodiscard]] int cursor() const { return cursor_; }

protected:
    [[nodiscard]] QSizeF content_size() const override { return {10.0 * boxes_, 10}; }
    void paint_content(QPainter& painter, const QRect& /*exposed*/) override {
        for (int i = 0; i < boxes_; ++i) {
            painter.setPen(look().hairline());
            painter.setBrush(look().fill(FrameClass::movable));
            painter.drawRect(camera().to_widget(box(i)));
        }
    }
    [[nodiscard]] QList<CanvasItem> items() const override {
        QList<CanvasItem> all;
        for (int i = 0; i < boxes_; ++i) {
            all += {.name = QStringLiteral("Box %1").arg(i),
                    .rect = camera().to_widget(box(i)),
                    .is_current = i == cursor_};
        }
        return all;
    }
    [[nodiscard]] QRectF cursor_rect() const override { return box(cursor_); }
    bool move_cursor(CursorStep step) override {
        const int next = cursor_ + (step == CursorStep::right ? 1 : (step == CursorStep::left ? -1 : 0));
        if (next == cursor_ || next < 0 || next >= boxes_) return false;
        cursor_ = next;
        return true;
    }
    void press(QPointF content) override { cursor_ = static_cast<int>(content.x() / 10); }

private:
    [[nodiscard]] static QRectF box(int i) { return {(10.0 * i) + 1, 1, 8, 8}; }
    int boxes_;
    int cursor_ = 0;
};

} // namespace ksl::ui::test
