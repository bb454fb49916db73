// SPDX-License-Identifier: GPL-3.0-or-later
//
// How the timeline draws what it knows.
#include "ui/format/format.h"
#include "ui/layout/nice_ticks.h"
#include "ui/views/event_text.h"
#include "ui/views/timeline_view.h"

#include <QPainter>
#include <algorithm>
#include <cmath>

namespace ksl::ui {

using core::Nanoseconds;

namespace {

constexpr double kPale = 0.35;       ///< of what the playhead has not reached
constexpr double kLeastForName = 24; ///< pixels of a box on a CPU's lane
constexpr unsigned kMostTicks = 8;

} // namespace

void TimelineView::paint_content(QPainter& painter, const QRect& /*exposed*/) {
    TextPainter text(painter, written_);
    text.set_font(look().font(TextSize::small));
    const Lanes l = lanes();
    paint_ruler(painter, text, l.ruler);
    paint_bars(painter, clones_, l.clones, look().colour(FrameClass::kernel_stack), true);
    if (!l.other.name.isEmpty()) {
        paint_bars(painter, others_, l.other, look().colour(FrameClass::unmovable), true);
        paint_differences(painter, l.differences);
    }
    if (!l.misses.name.isEmpty()) paint_bars(painter, misses_, l.misses, look().colour(FrameClass::page_table), false);
    for (std::size_t cpu = 0; cpu < l.cpus.size(); ++cpu) paint_cpu(painter, text, cpu, l.cpus[cpu]);
    paint_faults(painter, l.faults.name.isEmpty() ? l.clones : l.faults);
    // What is not yet reached is known all the same, but it is not now.
    if (snapshot_ != nullptr) {
        QColor veil = look().colour(Role::canvas);
        veil.setAlphaF(1 - static_cast<float>(kPale));
        const double now = std::max(to_x(snapshot_->now), label_width());
        painter.fillRect(QRectF(now, l.ruler.bottom(), width() - now, height() - l.ruler.bottom()), veil);
    }
    for (const Lane* lane : {&l.clones, &l.other, &l.differences, &l.misses, &l.faults}) {
        if (!lane->name.isEmpty()) paint_label(painter, text, *lane);
    }
    for (const Lane& lane : l.cpus) paint_label(painter, text, lane);
    paint_markers(painter, text, l);
    paint_playhead(painter, text, l);
}

void TimelineView::paint_markers(QPainter& painter, TextPainter& text, const Lanes& lanes) const {
    const double top = lanes.ruler.bottom();
    if (const auto range = marked()) {
        const double from = std::max(to_x(range->from), label_width());
        const double to = std::min<double>(to_x(range->to), width());
        QColor tint = look().colour(Role::focus);
        tint.setAlphaF(0.12F);
        if (from < to) painter.fillRect(QRectF(from, top, to - from, height() - top), tint);
    }
    const double line = text.line_height();
    for (std::size_t i = 0; i < markers_.size(); ++i) {
        const auto& marker = markers_[i];
        if (!marker) continue;
        const double x = to_x(marker->at);
        if (x < label_width() || x > width()) continue;
        painter.setPen(QPen(look().colour(Role::text), 1, Qt::DashLine));
        painter.drawLine(QPointF(x, top), QPointF(x, height()));
        const QRectF flag(std::min(x, width() - line), top, line, line);
        painter.fillRect(flag, look().colour(Role::text));
        text.set_colour(look().colour(Role::canvas));
        text.write(flag, Qt::AlignCenter, i == 0 ? tr("A") : tr("B"));
    }
    const auto range = marked();
    if (!range) return;
    // Beside the later flag, on a plate: bars stay readable around it.
    const QString sum = between();
    const double wide = text.width_of(sum) + look().px(8);
    const double x = std::clamp(to_x(range->to) + line, label_width(), std::max(label_width(), width() - wide));
    const QRectF plate(x, top, wide, line);
    painter.fillRect(plate, look().colour(Role::panel));
    text.set_colour(look().colour(Role::text));
    text.write(plate, Qt::AlignCenter, sum);
}

QRectF TimelineView::playhead_flag(const TextPainter& text, const QRectF& ruler) const {
    if (snapshot_ == nullptr) return {};
    const double wide = text.width_of(format_playhead(snapshot_->now)) + look().px(8);
    const double left =
        std::clamp(to_x(snapshot_->now) - (wide / 2), label_width(), std::max(label_width(), width() - wide));
    return {left, ruler.top() + 1, wide, ruler.height() - 2};
}

void TimelineView::paint_ruler(QPainter& painter, TextPainter& text, const QRectF& at) const {
    painter.fillRect(at, look().colour(Role::panel));
    painter.setPen(look().hairline());
    painter.drawLine(at.bottomLeft(), at.bottomRight());
    if (times_.empty()) return;
    const TimeRange range = visible();
    const double widest = text.width_of(QStringLiteral("000.00 ms")) * 1.6;
    const auto most = std::clamp(static_cast<unsigned>(width() / widest), 2U, kMostTicks);
    const auto ticks =
        linear_ticks(static_cast<double>(range.from.count()), static_cast<double>(range.to.count()), most);
    for (const Tick& tick : ticks) {
        const double x = to_x(Nanoseconds{static_cast<std::uint64_t>(tick.value)});
        if (x < label_width() - 1) continue;
        painter.setPen(look().grid_line());
        painter.drawLine(QPointF(x, at.bottom()), QPointF(x, tick.is_major ? height() : at.bottom() - 4.0));
        if (!tick.is_major) continue;
        const QString label = format_time_tick(tick.value);
        const QRectF room(x + 3, at.top(), text.width_of(label) + 1, at.height());
        if (room.right() > width() || room.intersects(playhead_flag(text, at))) continue;
        text.set_colour(look().colour(Role::muted));
        text.write(room, Qt::AlignLeft | Qt::AlignVCenter, label);
    }
}

void TimelineView::paint_bars(QPainter& painter, const EventTrack& track, const Lane& lane, QColor colour,
                              bool is_log) const {
    painter.setPen(look().grid_line());
    painter.drawLine(lane.rect.bottomLeft(), lane.rect.bottomRight());
    if (track.size() == 0 || width() <= label_width()) return;
    const TimeRange range = visible();
    const double from = to_x(range.from);
    const double to = std::min<double>(width(), to_x(range.to));
    constexpr double kColumn = 3; // pixels: a bar and a gap
    const auto columns = static_cast<std::size_t>(std::max(1.0, (to - from) / kColumn));
    TimelineBin whole = track.bin({.from = {}, .to = end_time() + Nanoseconds{1}});
    // A's clones and B's have one scale, or their heights would say nothing.
    const bool is_clones = &track == &clones_ || &track == &others_;
    if (is_clones) {
        for (const EventTrack* both : {&clones_, &others_})
            whole.add(both->bin({.from = {}, .to = end_time() + Nanoseconds{1}}));
    }
    const auto height_of = [&](float value) {
        const auto most = static_cast<double>(std::max(whole.max, 1.0F));
        const double share =
            is_log ? std::log1p(static_cast<double>(value)) / std::log1p(most) : static_cast<double>(value) / most;
        return std::max(2.0, share * (lane.rect.height() - 2));
    };
    painter.setPen(Qt::NoPen);
    const std::vector<TimelineBin> bins = track.bins({.from = range.from, .to = range.to + Nanoseconds{1}}, columns);
    for (std::size_t i = 0; i < bins.size(); ++i) {
        if (bins[i].is_empty()) continue;
        const double x = from + (static_cast<double>(i) * (to - from) / static_cast<double>(columns));
        const double high = height_of(bins[i].max);
        painter.fillRect(QRectF(x, lane.rect.bottom() - high, kColumn - 1, high), colour);
        if (!bins[i].has_failure()) continue;
        painter.fillRect(QRectF(x, lane.rect.top(), kColumn - 1, lane.rect.height()), look().colour(Role::damage));
    }
}

void TimelineView::paint_cpu(QPainter& painter, TextPainter& text, std::size_t cpu, const Lane& lane) const {
    painter.setPen(look().grid_line());
    painter.drawLine(lane.rect.bottomLeft(), lane.rect.bottomRight());
    if (cpu >= cpus_.size() || snapshot_ == nullptr) return;
    const TimeRange range = visible();
    const auto stretches = cpus_[cpu].inside(range);
    const QRectF row = lane.rect.adjusted(0, 1, 0, -1);
    // Where stretches are thinner than pixels, how busy it was is what can be said.
    if (static_cast<double>(stretches.size()) > width() / 2.0) {
        const auto columns = static_cast<std::size_t>(std::max(1.0, width() - label_width()));
        const std::vector<float> density = cpus_[cpu].density(range, columns);
        const QColor busy = look().colour(FrameClass::movable);
        const double left = label_width();
        for (std::size_t i = 0; i < density.size(); ++i) {
            const double high = static_cast<double>(density[i]) * row.height();
            painter.fillRect(QRectF(left + static_cast<double>(i), row.bottom() - high, 1, high), busy);
        }
        return;
    }
    // Neighbouring stretches of one task are one box.
    for (std::size_t i = 0; i < stretches.size();) {
        std::size_t last = i;
        const double pixel = 1.5;
        while (last + 1 < stretches.size() && stretches[last + 1].what == stretches[i].what &&
               to_x(stretches[last + 1].from) - to_x(stretches[last].to) < pixel)
            ++last;
        const double left = std::max(label_width(), to_x(stretches[i].from));
        const double right = std::min<double>(width(), to_x(stretches[last].to));
        const QRectF at(left, row.top(), std::max(1.0, right - left), row.height());
        if (at.width() > 4) {
            painter.setPen(look().hairline());
            painter.setBrush(look().colour(FrameClass::movable));
            painter.drawRect(at);
        } else {
            painter.fillRect(at, look().colour(FrameClass::movable));
        }
        // No name is that short, and measuring one for each of hundreds of boxes is what would take longest here.
        if (at.width() >= look().px(kLeastForName)) {
            text.set_colour(look().text_on(look().colour(FrameClass::movable)));
            text.write(at.adjusted(3, 0, -3, 0), Qt::AlignCenter,
                       task_name(*snapshot_->machine, core::TaskId{stretches[i].what}), TextFit::whole);
        }
        i = last + 1;
    }
}

void TimelineView::paint_faults(QPainter& painter, const Lane& lane) const {
    painter.setPen(look().grid_line());
    painter.drawLine(lane.rect.bottomLeft(), lane.rect.bottomRight());
    const TimeRange range = visible();
    const auto columns = static_cast<std::size_t>(std::max(1.0, (width() - label_width()) / 6));
    const auto bins = faults_.bins({.from = range.from, .to = range.to + Nanoseconds{1}}, columns);
    const double from = to_x(range.from);
    const double to = std::min<double>(width(), to_x(range.to));
    for (std::size_t i = 0; i < bins.size(); ++i) {
        if (bins[i].is_empty()) continue;
        const double x = from + ((static_cast<double>(i) + 0.5) * (to - from) / static_cast<double>(columns));
        const double side = std::min(4.0, lane.rect.height() / 2);
        const QPointF c(x, lane.rect.center().y());
        // A cross for a failure, a dot for what is only worth a look: a purge.
        if (bins[i].has_failure()) {
            painter.setPen(QPen(look().colour(Role::damage), 2));
            painter.drawLine(c + QPointF(-side, -side), c + QPointF(side, side));
            painter.drawLine(c + QPointF(-side, side), c + QPointF(side, -side));
        } else {
            painter.setPen(Qt::NoPen);
            painter.setBrush(look().colour(Role::muted));
            painter.drawEllipse(c, side / 1.5, side / 1.5);
        }
    }
}

void TimelineView::paint_differences(QPainter& painter, const Lane& lane) const {
    painter.setPen(look().grid_line());
    painter.drawLine(lane.rect.bottomLeft(), lane.rect.bottomRight());
    const double middle = lane.rect.center().y();
    double drawn_to = -1;
    for (const RunDifference& found : differences_) {
        const double x = to_x(found.a.at);
        if (x < label_width() || x > width()) continue;
        // One mark a pixel is enough, but none of those where only one side failed is left out.
        if (!found.is_outcome() && x < drawn_to + 2) continue;
        drawn_to = x;
        if (found.is_outcome()) {
            const double side = std::min(5.0, lane.rect.height() / 2);
            painter.setPen(QPen(look().colour(Role::damage), 2));
            painter.drawLine(QPointF(x, lane.rect.top()), QPointF(x, lane.rect.bottom()));
            painter.setBrush(look().colour(Role::damage));
            painter.drawPolygon(QPolygonF({QPointF(x, lane.rect.top()), QPointF(x + (2 * side), lane.rect.top() + side),
                                           QPointF(x, lane.rect.top() + (2 * side))}));
            continue;
        }
        const double high = lane.rect.height() / 4;
        painter.setPen(QPen(look().colour(Role::text), 1));
        painter.drawLine(QPointF(x, middle - high), QPointF(x, middle + high));
    }
}

void TimelineView::paint_label(QPainter& painter, TextPainter& text, const Lane& lane) const {
    const QRectF at(0, lane.rect.top(), label_width() - 1, lane.rect.height());
    painter.fillRect(at, look().colour(Role::canvas));
    text.set_colour(look().colour(Role::text));
    text.write(at.adjusted(look().px(6), 0, 0, 0), Qt::AlignLeft | Qt::AlignVCenter, lane.name);
}

void TimelineView::paint_playhead(QPainter& painter, TextPainter& text, const Lanes& lanes) const {
    if (snapshot_ == nullptr) return;
    const double x = to_x(snapshot_->now);
    if (x < label_width() - 1 || x > width()) return;
    const QPen pen = look().outline(Outline::selected);
    painter.setPen(pen);
    painter.drawLine(QPointF(x, lanes.ruler.top()), QPointF(x, height()));
    const QString label = format_playhead(snapshot_->now);
    const QRectF flag = playhead_flag(text, lanes.ruler);
    painter.setPen(Qt::NoPen);
    painter.setBrush(look().colour(Role::focus));
    painter.drawRoundedRect(flag, 3, 3);
    text.set_colour(look().colour(Role::on_focus));
    text.write(flag, Qt::AlignCenter, label);
}

} // namespace ksl::ui
