// SPDX-License-Identifier: GPL-3.0-or-later
//
// How the address space is drawn: three rulers and the lenses between them.
#include "ui/format/format.h"
#include "ui/views/address_space_view.h"
#include "ui/views/event_text.h"

#include <QPainter>
#include <QPolygonF>
#include <algorithm>

namespace ksl::ui {

using core::Region;
using core::VirtRange;

namespace {

constexpr double kLeastGuard = 3; ///< pixels: no guard is narrower where its area is wide enough to have one

} // namespace

void AddressSpaceView::paint_content(QPainter& painter, const QRect& /*exposed*/) {
    TextPainter text(painter, written_);
    if (snapshot_ == nullptr) {
        text.set_font(look().font(TextSize::body));
        text.set_colour(look().colour(Role::muted));
        text.write(QRectF(rect()).adjusted(8, 8, -8, -8), Qt::AlignCenter, tr("No address space to show"));
        return;
    }
    const Rows r = rows();
    paint_regions(painter, text, r);
    paint_areas(painter, text, r);
    paint_pages(painter, text, r);
}

void AddressSpaceView::paint_lens(QPainter& painter, Span above, Span below, const QRectF& at) const {
    QColor fill = look().colour(Role::focus);
    fill.setAlphaF(0.18F);
    painter.setPen(Qt::NoPen);
    painter.setBrush(fill);
    painter.drawPolygon(QPolygonF({QPointF(above.from, at.top()), QPointF(above.to, at.top()),
                                   QPointF(below.to, at.bottom()), QPointF(below.from, at.bottom())}));
    painter.setPen(look().grid_line());
    painter.drawLine(QPointF(above.from, at.top()), QPointF(below.from, at.bottom()));
    painter.drawLine(QPointF(above.to, at.top()), QPointF(below.to, at.bottom()));
}

void AddressSpaceView::paint_regions(QPainter& painter, TextPainter& text, const Rows& rows) const {
    const AddressLens lens = region_lens(rows.regions.width());
    text.set_font(look().font(TextSize::small));
    const double line = text.line_height();
    for (std::size_t i = 0; i < space_.regions.size(); ++i) {
        const KernelRegion& region = space_.regions[i];
        const Span x = lens.pixels_of_segment(i);
        const QRectF at(x.from, rows.regions.top(), x.length(), rows.regions.height());
        const bool is_hole = region.kind == Region::hole || region.kind == Region::guard_hole;
        const bool is_window = region.kind == space_.window && region.range.overlaps(space_.window_range);
        painter.setPen(look().hairline());
        painter.setBrush(is_hole ? look().fill_with_pattern(FrameClass::hole, devicePixelRatioF())
                                 : QBrush(look().colour(is_window ? Role::free : Role::panel)));
        painter.drawRect(at.adjusted(0.5, 0.5, -0.5, -0.5));
        if (is_hole) continue;
        text.set_colour(look().colour(is_window ? Role::text : Role::muted));
        const QRectF inside = at.adjusted(4, 1, -4, -1);
        const bool has_two_lines = inside.height() >= 2 * line;
        QRectF first = inside;
        if (has_two_lines) first.setBottom(inside.center().y());
        const double written =
            text.write(first, has_two_lines ? Qt::AlignLeft | Qt::AlignBottom : Qt::AlignLeft | Qt::AlignVCenter,
                       latin(core::name_of(region.kind)), TextFit::whole);
        if (has_two_lines && written > 0) {
            text.set_colour(look().colour(Role::muted));
            text.write(QRectF(inside.left(), inside.center().y(), inside.width(), inside.height() / 2),
                       Qt::AlignLeft | Qt::AlignTop, format_bytes(region.range.size()), TextFit::whole);
        }
    }
    const VirtRange seen = visible();
    Span above = lens.to_pixels(seen);
    above.to = std::max(above.to, above.from + 2);
    paint_lens(painter, above, {.from = 0, .to = rows.areas.width()}, rows.first_lens);
}

void AddressSpaceView::paint_area(QPainter& painter, TextPainter& text, const SpaceArea& area,
                                  const QRectF& row) const {
    const QRectF whole = area_rect(area, row);
    const double ratio = devicePixelRatioF();
    const bool has_pages = !area.usable.is_empty();
    painter.setPen(whole.width() > 6 ? look().hairline() : QPen(Qt::NoPen));
    switch (area.use) {
    case AreaUse::stack: painter.setBrush(look().fill(FrameClass::kernel_stack, ratio)); break;
    case AreaUse::cached_stack: painter.setBrush(look().fill(FrameClass::cached_stack, ratio)); break;
    case AreaUse::dead_stack: painter.setBrush(look().fill(FrameClass::reclaimable, ratio)); break;
    case AreaUse::other: painter.setBrush(look().fill(FrameClass::unmovable, ratio)); break;
    case AreaUse::freed_lazily:
    case AreaUse::pooled: painter.setBrush(look().colour(Role::free)); break;
    }
    if (!has_pages) {
        QPen dashed = look().hairline();
        dashed.setStyle(Qt::DashLine);
        if (whole.width() > 6) painter.setPen(dashed);
        painter.drawRect(whole);
    } else if (whole.width() < 3 * kLeastGuard) {
        painter.drawRect(whole);
    } else {
        // Guards keep their hatch however small the scale.
        double left = to_x(area.usable.lowest);
        double right = to_x(area.usable.top);
        if (area.usable.lowest > area.range.lowest) left = std::max(left, whole.left() + kLeastGuard);
        if (area.usable.top < area.range.top) right = std::min(right, whole.right() - kLeastGuard);
        const QBrush fill = painter.brush();
        painter.setBrush(look().fill_with_pattern(FrameClass::hole, ratio));
        painter.drawRect(whole);
        painter.setBrush(fill);
        painter.drawRect(QRectF(left, row.top(), right - left, row.height()));
        if (area.use == AreaUse::stack && !look().has_patterns()) {
            text.set_colour(look().text_on(look().colour(FrameClass::kernel_stack)));
            text.write(QRectF(left + 3, row.top(), right - left - 6, row.height()), Qt::AlignCenter,
                       task_name(*snapshot_->machine, area.task), TextFit::whole);
        }
    }
    if (!area.stack.is_none() && area.stack == selected_) {
        painter.setBrush(Qt::NoBrush);
        painter.setPen(look().outline(Outline::selected));
        painter.drawRect(whole.adjusted(1, 1, -1, -1));
    }
}

void AddressSpaceView::paint_areas(QPainter& painter, TextPainter& text, const Rows& rows) const {
    text.set_font(look().font(TextSize::small));
    text.set_colour(look().colour(Role::text));
    text.write(rows.caption.adjusted(look().px(6), 0, -look().px(6), 0), Qt::AlignLeft | Qt::AlignVCenter, caption());
    painter.setPen(look().hairline());
    painter.setBrush(look().colour(Role::canvas));
    painter.drawRect(rows.areas.adjusted(0.5, 0, -0.5, 0));
    const VirtRange seen = visible();
    const auto first = std::ranges::partition_point(
        space_.areas, [&](const SpaceArea& area) { return area.range.top <= seen.lowest; });
    double drawn_to = -1;
    AreaUse drawn = AreaUse::other;
    for (auto area = first; area != space_.areas.end() && area->range.lowest < seen.top; ++area) {
        // Thousands of areas in a pixel are one mark a use.
        const QRectF at = area_rect(*area, rows.areas);
        const bool is_selected = !area->stack.is_none() && area->stack == selected_;
        if (at.right() < drawn_to + 1 && area->use == drawn && !is_selected) continue;
        paint_area(painter, text, *area, rows.areas);
        drawn_to = at.right();
        drawn = area->use;
    }
}

void AddressSpaceView::paint_pages(QPainter& painter, TextPainter& text, const Rows& rows) const {
    text.set_font(look().font(TextSize::small));
    const SpaceArea* area = selected_area();
    if (!stack_ || area == nullptr) {
        text.set_colour(look().colour(Role::muted));
        text.write(rows.pages, Qt::AlignCenter, tr("Choose a stack above to see its pages"));
        return;
    }
    const std::vector<Piece> pieces = this->pieces();
    const AddressLens lens = lens_of(pieces, rows.pages.width());
    const QColor ground = area->use == AreaUse::cached_stack ? look().colour(FrameClass::cached_stack)
                                                             : look().colour(FrameClass::kernel_stack);
    for (std::size_t i = 0; i < pieces.size(); ++i) {
        const Span x = lens.pixels_of_segment(i);
        const QRectF box(x.from, rows.pages.top(), x.length(), rows.pages.height());
        painter.setPen(look().hairline());
        painter.setBrush(pieces[i].is_page ? QBrush(ground)
                                           : look().fill_with_pattern(FrameClass::hole, devicePixelRatioF()));
        painter.drawRect(box.adjusted(0.5, 0, -0.5, -0.5));
        if (pieces[i].is_page) {
            text.set_colour(look().text_on(ground));
            text.write(box.adjusted(4, 0, -4, 0), Qt::AlignCenter, pieces[i].text, TextFit::whole);
            continue;
        }
        const double wide = text.width_of(pieces[i].text) + look().px(8);
        if (wide > box.width()) continue;
        QRectF plate(0, 0, wide, text.line_height());
        plate.moveCenter(box.center());
        painter.fillRect(plate, look().colour(Role::canvas));
        text.set_colour(look().colour(Role::text));
        text.write(plate, Qt::AlignCenter, pieces[i].text, TextFit::whole);
    }
    if (stack_->holder == StackHolder::task) {
        // A mark at the edge: a line across would strike the frame's number out.
        const double sp = lens.to_pixel(stack_->stack.top - stack_->used);
        const double side = look().px(5);
        painter.setPen(look().outline(Outline::selected));
        painter.setBrush(look().colour(Role::canvas));
        painter.drawPolygon(QPolygonF({QPointF(sp - side, rows.pages.top()), QPointF(sp + side, rows.pages.top()),
                                       QPointF(sp, rows.pages.top() + (1.6 * side))}));
    }
    const QRectF above = area_rect(*area, rows.areas);
    paint_lens(painter, {.from = above.left(), .to = above.right()}, {.from = 0, .to = rows.pages.width()},
               rows.second_lens);
}

} // namespace ksl::ui
