// SPDX-License-Identifier: GPL-3.0-or-later
//
// How the stack view draws what it read.
#include "ui/format/format.h"
#include "ui/layout/stack_motion.h"
#include "ui/views/stack_view.h"

#include <QPainter>
#include <algorithm>
#include <cmath>

namespace ksl::ui {

using core::Bytes;
using core::VirtAddr;

namespace {

constexpr double kStripe = 4; ///< at the left of a call frame

} // namespace

void StackView::paint_content(QPainter& painter, const QRect& /*exposed*/) {
    TextPainter text(painter, written_);
    if (!reading_) {
        text.set_font(look().font(TextSize::body));
        text.set_colour(look().colour(Role::muted));
        text.write(QRectF(rect()).adjusted(8, 8, -8, -8), Qt::AlignCenter, tr("No stack to show"));
        return;
    }
    const Parts p = parts();
    const StackLayout layout = layout_in(p);
    paint_head(text, p.head);
    const bool is_between = motion_.is_running() && from_;
    paint_boxes(painter, text, p,
                is_between ? boxes_between(from_->boxes(), layout.boxes(), motion_.at()) : layout.boxes());
    paint_pages(painter, text, p, layout);
    paint_marks(painter, text, p, layout);
    paint_foot(painter, text, p.foot);
}

void StackView::paint_head(TextPainter& text, const QRectF& at) const {
    text.set_font(look().font(TextSize::body, TextWeight::bold));
    text.set_colour(look().colour(Role::text));
    const double line = text.line_height();
    text.write(QRectF(at.left(), at.top(), at.width(), line), Qt::AlignLeft, title());
    text.set_font(look().font(TextSize::small));
    text.set_colour(look().colour(Role::muted));
    text.write(QRectF(at.left(), at.top() + line, at.width(), text.line_height()), Qt::AlignLeft, place());
}

QColor StackView::ground_of(const StackBox& box) const {
    switch (box.part) {
    case StackPart::call:
    case StackPart::calls: return look().colour(FrameClass::kernel_stack);
    case StackPart::thread_info: return look().colour(FrameClass::page_table);
    case StackPart::canary:
        return reading_->is_canary_intact ? look().colour(Role::panel) : look().colour(Role::damage);
    case StackPart::neighbour: return look().colour(story_ && story_->began ? Role::damage : Role::free);
    case StackPart::guard_above:
    case StackPart::guard_below:
    case StackPart::unused: break;
    }
    return look().colour(Role::canvas);
}

void StackView::set_fill(QPainter& painter, const StackBox& box) const {
    const bool is_guard = box.part == StackPart::guard_above || box.part == StackPart::guard_below;
    const double ratio = devicePixelRatioF();
    if (is_guard) {
        painter.setBrush(look().fill_with_pattern(FrameClass::hole, ratio));
    } else if (box.part == StackPart::call || box.part == StackPart::calls) {
        painter.setBrush(look().fill(FrameClass::kernel_stack, ratio));
    } else {
        painter.setBrush(ground_of(box));
    }
}

void StackView::paint_boxes(QPainter& painter, TextPainter& text, const Parts& parts,
                            const std::vector<StackBox>& boxes) const {
    text.set_font(look().font(TextSize::small));
    for (const StackBox& box : boxes) {
        const QRectF at = box_rect(parts, box);
        set_fill(painter, box);
        const bool is_below = box.part == StackPart::guard_below || box.part == StackPart::neighbour;
        painter.setPen(is_below && story_ ? look().outline(Outline::danger) : look().hairline());
        painter.drawRect(at);
        paint_label(painter, text, box, at);
    }
}

void StackView::paint_label(QPainter& painter, TextPainter& text, const StackBox& box, const QRectF& at) const {
    const QString label = box_text(box);
    if (label.isEmpty()) return;
    const bool is_guard = box.part == StackPart::guard_above || box.part == StackPart::guard_below;
    const bool has_pattern = look().has_patterns() && ground_of(box) == look().colour(FrameClass::kernel_stack);
    const QRectF room = at.adjusted(look().px(kStripe) * 2, 1, -look().px(kStripe), -1);
    // Where the size does not fit beside it, the name alone is better than half of both.
    const QString name = label.left(label.indexOf(u','));
    const bool fits = text.width_of(label) + look().px(8) <= room.width();
    const QString shown = fits || name.isEmpty() ? label : name;
    if (is_guard || has_pattern) {
        // Text on a hatch is not read: it gets a plate of plain ground.
        const double width = std::min(text.width_of(shown) + look().px(8), room.width());
        QRectF plate(0, 0, width, std::min(text.line_height(), room.height()));
        plate.moveCenter(room.center());
        if (plate.height() > 2) painter.fillRect(plate, look().colour(Role::canvas));
        text.set_colour(look().colour(Role::text));
        text.write(plate.adjusted(2, 0, -2, 0), Qt::AlignCenter, shown);
        return;
    }
    text.set_colour(look().text_on(ground_of(box)));
    text.write(room, Qt::AlignLeft | Qt::AlignVCenter, shown);
}

void StackView::paint_pages(QPainter& painter, TextPainter& text, const Parts& parts, const StackLayout& layout) const {
    const double gap = look().px(4);
    double last_label = -1;
    for (std::size_t page = reading_->frames.size(); page-- > 0;) {
        const VirtAddr lowest = reading_->stack.lowest + bytes_of(core::Pages{page});
        const double top = y_of(lowest + Bytes{core::kPageBytes}, parts, layout);
        const double bottom = y_of(lowest, parts, layout);
        QPen line = look().grid_line();
        line.setStyle(Qt::DashLine);
        painter.setPen(line);
        // Beside the picture always, in it only where it strikes nothing out.
        const StackBox* box = layout.box_at(bottom - parts.picture.top() - 1);
        const bool is_free = box != nullptr && box->part == StackPart::unused;
        const double from = is_free ? parts.picture.left() : parts.picture.right();
        if (page != 0) painter.drawLine(QPointF(from, bottom), QPointF(parts.frames.right(), bottom));
        // The address stands where the page begins, the frame in its middle.
        text.set_font(look().fixed_font(TextSize::small));
        text.set_colour(look().colour(Role::muted));
        const double height = text.line_height();
        if (parts.has_addresses && (last_label < 0 || bottom - height >= last_label)) {
            text.write(QRectF(parts.addresses.left(), bottom - height, parts.addresses.width() - gap, height),
                       Qt::AlignRight, low_digits(lowest), TextFit::whole);
            last_label = bottom;
        }
        text.set_font(look().font(TextSize::small));
        const auto& frame = reading_->frames[page];
        const QString label = frame ? tr("pfn %1").arg(format_pfn(*frame)) : tr("not mapped");
        text.set_colour(look().colour(frame ? Role::text : Role::muted));
        text.write(QRectF(parts.frames.left() + gap, top, parts.frames.width() - gap, bottom - top),
                   Qt::AlignLeft | Qt::AlignVCenter, label, TextFit::whole);
    }
}

void StackView::paint_marks(QPainter& painter, TextPainter& text, const Parts& parts, const StackLayout& layout) const {
    if (reading_->holder != StackHolder::task) return;
    const VirtAddr top = reading_->stack.top;
    const double sp_there = layout.to_y(top - reading_->used);
    const double sp_before = from_ && motion_.is_running() ? from_->to_y(from_->stack_pointer()) : sp_there;
    const double sp = parts.picture.top() + sp_before + ((sp_there - sp_before) * motion_.at());
    const double deepest = y_of(top - reading_->deepest, parts, layout);
    text.set_font(look().font(TextSize::small));
    const double line = text.line_height();
    const double room = parts.picture.width() - look().px(12);
    // Two labels one below the other, in the unused part where there is room for them.
    const double bottom = parts.picture.top() + layout.to_y(reading_->stack.lowest);
    text.set_colour(look().colour(Role::text));
    QPen pen = look().outline(Outline::selected);
    painter.setPen(pen);
    // Below the stack stands what it overwrote: a line across would strike that out.
    const bool is_outside = reading_->used > reading_->stack.size();
    const double line_end = is_outside ? parts.picture.left() + look().px(6) : parts.picture.right();
    painter.drawLine(QPointF(parts.picture.left(), sp), QPointF(line_end, sp));
    painter.setBrush(pen.color());
    const double side = look().px(5);
    painter.drawPolygon(QPolygonF({QPointF(parts.picture.left() - side, sp - side), QPointF(parts.picture.left(), sp),
                                   QPointF(parts.picture.left() - side, sp + side)}));
    const bool has_both = deepest > sp + 1;
    const double sp_room = (has_both ? deepest : bottom) - sp;
    painter.setPen(look().colour(Role::text));
    if (sp_room >= line + 2) {
        text.write(QRectF(parts.picture.left() + look().px(8), sp + 1, room, line), Qt::AlignLeft, tr("stack pointer"));
    }
    if (!has_both) return;
    QPen mark(look().colour(Role::text), 1, Qt::DashLine);
    painter.setPen(mark);
    if (reading_->deepest <= reading_->stack.size())
        painter.drawLine(QPointF(parts.picture.left(), deepest), QPointF(parts.picture.right(), deepest));
    if (bottom - deepest >= line + 2) {
        painter.setPen(look().colour(Role::muted));
        text.write(QRectF(parts.picture.left() + look().px(8), deepest + 1, room, line), Qt::AlignLeft,
                   tr("deepest so far"));
    }
}

void StackView::paint_foot(QPainter& painter, TextPainter& text, const QRectF& at) const {
    text.set_font(look().font(TextSize::small));
    const double line = text.line_height();
    const QRectF bar(at.left(), at.top() + look().px(2), at.width(), look().px(8));
    painter.setPen(look().hairline());
    painter.setBrush(look().colour(Role::free));
    painter.drawRect(bar);
    const auto share = [&](Bytes bytes) {
        const auto size = static_cast<double>(reading_->stack.size().count());
        return bar.width() * std::min(1.0, static_cast<double>(bytes.count()) / size);
    };
    const bool is_used = reading_->holder == StackHolder::task;
    if (is_used) {
        painter.setBrush(look().colour(FrameClass::cached_stack));
        painter.drawRect(QRectF(bar.left(), bar.top(), share(reading_->deepest), bar.height()));
        painter.setBrush(look().colour(FrameClass::kernel_stack));
        painter.drawRect(QRectF(bar.left(), bar.top(), share(reading_->used), bar.height()));
    }
    double y = bar.bottom() + look().px(2);
    bool is_first = true;
    for (const QString& each : foot_lines(at.width())) {
        const bool is_quiet = !is_used || (!is_first && !story_ && reading_->is_canary_intact);
        text.set_colour(look().colour(is_quiet ? Role::muted : Role::text));
        text.write(QRectF(at.left(), y, at.width(), line), Qt::AlignLeft, each);
        y += line;
        is_first = false;
    }
}

} // namespace ksl::ui
