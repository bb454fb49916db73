// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/views/timeline_view.h"

#include "ui/format/format.h"
#include "ui/format/glossary.h"
#include "ui/views/event_text.h"

#include <QMouseEvent>
#include <algorithm>
#include <cmath>

namespace ksl::ui {

using core::Nanoseconds;

namespace {

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

} // namespace ksl::ui
