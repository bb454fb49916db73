// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/views/timeline_view.h"

#include "ui/format/format.h"
#include "ui/format/glossary.h"
#include "ui/layout/nice_ticks.h"
#include "ui/views/event_text.h"

#include <QMouseEvent>
#include <QPainter>
#include <algorithm>
#include <cmath>

namespace ksl::ui {

using core::Nanoseconds;

namespace {

constexpr double kPale = 0.35;       ///< of what the playhead has not reached
constexpr double kLeastForName = 24; ///< pixels of a box on a CPU's lane
constexpr unsigned kMostTicks = 8;

Nanoseconds before(Nanoseconds at, Nanoseconds by) {
    return at > by ? at - by : Nanoseconds{0};
}

} // namespace

TimelineView::TimelineView(const Theme& theme, QWidget* parent)
    : SnapshotCanvas(theme, Scope::timeline, ZoomAxes::horizontal, parent) {}

QSize TimelineView::sizeHint() const {
    return {look().px(720), look().px(170)};
}
QSize TimelineView::minimumSizeHint() const {
    const int line = static_cast<int>(std::ceil(QFontMetricsF(look().font(TextSize::small)).height()));
    return {look().px(360), (3 * line) + look().px(12)};
}

void TimelineView::clear() {
    times_.clear();
    clones_ = {};
    others_ = {};
    clone_times_.clear();
    differences_.clear();
    misses_ = {};
    faults_ = {};
    cpus_.clear();
    cpu_ends_.clear();
    markers_ = {};
    snapshot_.reset();
    fit();
    update();
}

void TimelineView::append(std::span<const StepRecord> records) {
    if (records.empty()) return;
    const bool was_fitted = is_fitted();
    for (const StepRecord& record : records) {
        times_.push_back(record.at);
        if (record.kind == StepKind::clone) {
            clones_.append(record.at, static_cast<float>(record.duration.count()), record.has(StepRecord::kFailed));
            misses_.append(record.at, static_cast<float>(record.first_misses), false);
            clone_times_.push_back(record.at);
        }
        if (record.is_notable()) faults_.append(record.at, 1, record.has(StepRecord::kFailed | StepRecord::kFault));
        if (record.cpu >= cpus_.size()) {
            cpus_.resize(record.cpu + std::size_t{1});
            cpu_ends_.resize(cpus_.size());
        }
        Nanoseconds& end = cpu_ends_[record.cpu];
        const Nanoseconds from = std::max(end, before(record.at, record.duration));
        if (from < record.at) cpus_[record.cpu].append({.from = from, .to = record.at, .what = record.task});
        end = std::max(end, record.at);
    }
    if (was_fitted) fit();
    update();
}

void TimelineView::append_other(std::span<const StepRecord> records) {
    for (const StepRecord& record : records) {
        if (record.kind != StepKind::clone) continue;
        // B may be one clone ahead: it stands at the last of A's until A gets there.
        const std::size_t number = others_.size();
        if (clone_times_.empty()) continue;
        const Nanoseconds at = clone_times_[std::min(number, clone_times_.size() - 1)];
        others_.append(at, static_cast<float>(record.duration.count()), record.has(StepRecord::kFailed));
    }
    if (!records.empty()) update();
}

void TimelineView::append_differences(std::span<const RunDifference> differences) {
    for (const RunDifference& found : differences) {
        const auto place = std::ranges::upper_bound(differences_, found.position, {}, &RunDifference::position);
        differences_.insert(place, found);
    }
    if (!differences.empty()) update();
}

void TimelineView::show_snapshot(const SnapshotPtr& snapshot) {
    snapshot_ = snapshot;
    update();
    announce_change();
}

std::uint64_t TimelineView::position_at(Nanoseconds time) const {
    return static_cast<std::uint64_t>(std::ranges::upper_bound(times_, time) - times_.begin());
}

Nanoseconds TimelineView::end_time() const {
    return times_.empty() ? Nanoseconds{1000} : times_.back();
}

/// Every point in time asks for it, and measuring text is what takes longest here.
double TimelineView::label_width() const {
    if (label_width_ == 0) label_width_ = measured_label_width();
    return label_width_;
}

double TimelineView::measured_label_width() const {
    const QFontMetricsF metrics(look().font(TextSize::small));
    double widest = metrics.horizontalAdvance(tr("cpu %1").arg(255));
    for (const QString& name : {tr("clones"), tr("clones A"), tr("L1 misses"), tr("failures"), tr("A \u2260 B")})
        widest = std::max(widest, metrics.horizontalAdvance(name));
    return std::ceil(widest) + look().px(12);
}

// The names of the lanes stand left of time zero: content is as much wider.
QSizeF TimelineView::content_size() const {
    const auto end = static_cast<double>(end_time().count());
    const double room = std::max(1.0, width() - label_width() - look().px(12));
    return {end * width() / room, 1};
}
double TimelineView::to_x(Nanoseconds at) const {
    const double scale = camera().scale_x();
    return label_width() + ((static_cast<double>(at.count()) - camera().origin().x()) * scale);
}
Nanoseconds TimelineView::to_time(double x) const {
    const double time = ((x - label_width()) / camera().scale_x()) + camera().origin().x();
    return Nanoseconds{static_cast<std::uint64_t>(std::clamp(time, 0.0, static_cast<double>(end_time().count())))};
}
TimeRange TimelineView::visible() const {
    const Nanoseconds from = to_time(label_width());
    return {.from = from, .to = std::max(to_time(width()), from + Nanoseconds{1})};
}

TimelineView::Lanes TimelineView::lanes() const {
    const double line = std::ceil(QFontMetricsF(look().font(TextSize::small)).height());
    const double gap = look().px(2);
    Lanes l;
    l.ruler = QRectF(0, 0, width(), line + look().px(4));
    const double rest = height() - l.ruler.bottom() - (2 * gap);
    // A lane without room for its name is no lane: what there is room for, in the order of what it tells.
    const auto room = static_cast<std::size_t>(std::max(1.0, rest / (line + gap)));
    const std::size_t known = snapshot_ == nullptr ? 1 : snapshot_->machine->config().cpus;
    const bool is_pair = has_other();
    const std::size_t needed = is_pair ? 3 : 1; // what a comparison is about comes first
    const bool has_misses = room >= needed + 2;
    const bool has_faults = room >= needed + 3;
    const std::size_t others = needed + (has_misses ? 1U : 0U) + (has_faults ? 1U : 0U);
    const std::size_t cpus = std::min({std::max(known, cpus_.size()), kMostCpuLanes, room - std::min(room, others)});
    // What is left over makes bars longer, not boxes higher.
    const double cpu_high = std::min(line + gap, rest / static_cast<double>(others + cpus));
    const std::size_t flat = cpus + (has_faults ? 1U : 0U) + (is_pair ? 1U : 0U);
    const double bars = rest - (static_cast<double>(flat) * cpu_high);
    const double all_clones = has_misses ? std::min(bars * (is_pair ? 0.75 : 0.6), bars - line - gap) : bars;
    const double clones = is_pair ? all_clones / 2 : all_clones;
    double y = l.ruler.bottom() + gap;
    const auto take = [&](double high) {
        const QRectF row(0, y, width(), std::max(0.0, high - gap));
        y += high;
        return row;
    };
    l.clones = {.name = is_pair ? tr("clones A") : tr("clones"), .rect = take(clones)};
    if (is_pair) {
        l.other = {.name = tr("clones B"), .rect = take(clones)};
        l.differences = {.name = tr("A \u2260 B"), .rect = take(cpu_high)};
    }
    if (has_misses) l.misses = {.name = tr("L1 misses"), .rect = take(bars - all_clones)};
    for (std::size_t cpu = 0; cpu < cpus; ++cpu)
        l.cpus.push_back({.name = tr("cpu %1").arg(cpu), .rect = take(cpu_high)});
    if (has_faults) l.faults = {.name = tr("failures"), .rect = take(cpu_high)};
    return l;
}

QString TimelineView::summary() const {
    if (snapshot_ == nullptr) return tr("Timeline, no run");
    const TimelineBin clones = clones_.bin({.from = {}, .to = end_time() + Nanoseconds{1}});
    const QString text =
        tr("Timeline, playhead %1, step %2 of %3 known, %4 clones, %5 failed")
            .arg(format_playhead(snapshot_->now), format_count(snapshot_->position), format_count(times_.size()),
                 format_count(clones.count), format_count(clones.failures));
    return marked() ? tr("%1; from A to B: %2").arg(text, between()) : text;
}

QList<CanvasItem> TimelineView::items() const {
    QList<CanvasItem> all;
    const Lanes l = lanes();
    const TimeRange range = visible();
    const auto add = [&](const Lane& lane, const QString& what) {
        all += {.name = QStringLiteral("%1: %2").arg(lane.name, what),
                .rect = lane.rect,
                .role = QAccessible::ListItem,
                .is_current = false};
    };
    const TimelineBin clones = clones_.bin(range);
    if (!clones.is_empty()) {
        add(l.clones,
            tr("%1, from %2 to %3")
                .arg(format_count(clones.count), format_time(double(clones.min)), format_time(double(clones.max))));
    }
    for (std::size_t cpu = 0; cpu < l.cpus.size() && cpu < cpus_.size(); ++cpu)
        add(l.cpus[cpu], tr("busy for %1").arg(format_time(cpus_[cpu].busy_time(range))));
    const TimelineBin others = others_.bin(range);
    if (!others.is_empty()) {
        add(l.other,
            tr("%1, from %2 to %3")
                .arg(format_count(others.count), format_time(double(others.min)), format_time(double(others.max))));
    }
    if (has_other()) add(l.differences, tr("%1 operations differ").arg(format_count(differences_.size())));
    const TimelineBin faults = faults_.bin(range);
    const Lane& where = l.faults.name.isEmpty() ? l.clones : l.faults;
    add(where, tr("%1 failures, %2 notable steps").arg(faults.failures).arg(faults.count));
    return all;
}

void TimelineView::set_marker(Marker marker) {
    if (snapshot_ == nullptr) return;
    markers_[static_cast<std::size_t>(marker)] = Mark{.position = snapshot_->position, .at = snapshot_->now};
    update();
    announce_change();
}

std::optional<std::uint64_t> TimelineView::marker(Marker marker) const {
    const std::optional<Mark>& mark = markers_[static_cast<std::size_t>(marker)];
    return mark ? std::optional(mark->position) : std::nullopt;
}

std::optional<TimeRange> TimelineView::marked() const {
    const auto& [first, second] = markers_;
    if (!first || !second) return std::nullopt;
    const auto [from, to] = std::minmax(first->at, second->at);
    return TimeRange{.from = from, .to = to};
}

QString TimelineView::between() const {
    const auto range = marked();
    if (!range) return {};
    // A step counts from after the one mark to the other, the step that led there included.
    const TimeRange steps{.from = range->from + Nanoseconds{1}, .to = range->to + Nanoseconds{1}};
    const TimelineBin clones = clones_.bin(steps);
    double misses = 0;
    const std::size_t last = misses_.first_at(steps.to);
    for (std::size_t i = misses_.first_at(steps.from); i < last; ++i)
        misses += static_cast<double>(misses_.event(i).max);
    return tr("%1, %2 clones, %3 L1 misses")
        .arg(format_time(range->to - range->from), format_count(clones.count),
             format_count(static_cast<std::uint64_t>(misses)));
}

QString TimelineView::tip(QPointF widget) const {
    const Lanes l = lanes();
    const auto is_in = [&](const Lane& lane) { return !lane.name.isEmpty() && lane.rect.contains(widget); };
    const auto word = [](const char* name) { return meaning_of(QLatin1StringView(name)); };
    if (l.ruler.contains(widget)) return tr("Drag here to go through the run; the wheel comes closer");
    if (is_in(l.clones) || is_in(l.other)) {
        return tr("Each bar is a clone, as high as it took long (on a logarithmic scale); red: it failed. %1")
            .arg(word("clone"));
    }
    if (is_in(l.differences)) {
        return tr("Operations that A and B did differently: one of them failed (a flag), their times are more than a "
                  "tenth apart, or they missed the TLB a different number of times");
    }
    if (is_in(l.misses)) return word("L1 misses");
    if (is_in(l.faults)) return word("failures");
    for (const Lane& lane : l.cpus) {
        if (lane.rect.contains(widget)) return tr("What this CPU ran: the task of each stretch, or how busy it was");
    }
    return {};
}

void TimelineView::scrub_to(double x) {
    Q_EMIT scrubbed(position_at(to_time(x)));
}

void TimelineView::press(QPointF content) {
    scrub_to(camera().to_widget(content).x());
}

void TimelineView::mousePressEvent(QMouseEvent* event) {
    is_scrubbing_ = event->button() == Qt::LeftButton && lanes().ruler.contains(event->position());
    if (is_scrubbing_) {
        scrub_to(event->position().x());
        return;
    }
    MapCanvas::mousePressEvent(event);
}
void TimelineView::mouseMoveEvent(QMouseEvent* event) {
    if (is_scrubbing_) {
        scrub_to(event->position().x());
        return;
    }
    MapCanvas::mouseMoveEvent(event);
}
void TimelineView::mouseReleaseEvent(QMouseEvent* event) {
    if (is_scrubbing_) {
        is_scrubbing_ = false;
        return;
    }
    MapCanvas::mouseReleaseEvent(event);
}

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
