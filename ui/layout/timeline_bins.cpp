// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/layout/timeline_bins.h"

#include "core/types/assert.h"

#include <algorithm>
#include <cmath>
#include <iterator>

namespace ksl::ui {

using core::Nanoseconds;

namespace {

/// from + duration * i / columns without overflow for runs of any length.
Nanoseconds column_edge(TimeRange range, std::size_t i, std::size_t columns) {
    const std::uint64_t duration = (range.to - range.from).count();
    const std::uint64_t whole = duration / columns * i;
    const std::uint64_t rest = duration % columns * i / columns;
    return range.from + Nanoseconds{whole + rest};
}

} // namespace

void TimelineBin::add(const TimelineBin& other) {
    min = std::min(min, other.min);
    max = std::max(max, other.max);
    count += other.count;
    failures += other.failures;
}

void EventTrack::append(Nanoseconds at, float value, bool failed) {
    KSL_ASSERT(times_.empty() || times_.back() <= at, "events come in order of time");
    times_.push_back(at);
    levels_[0].push_back({.min = value, .max = value, .count = 1, .failures = failed ? 1U : 0U});
    for (std::size_t level = 0; levels_[level].size() % kFanout == 0; ++level) {
        if (level + 1 == levels_.size()) levels_.emplace_back();
        TimelineBin sum;
        for (auto child = levels_[level].end() - kFanout; child != levels_[level].end(); ++child) sum.add(*child);
        levels_[level + 1].push_back(sum);
    }
}

std::size_t EventTrack::first_at(Nanoseconds at) const {
    return static_cast<std::size_t>(std::distance(times_.begin(), std::ranges::lower_bound(times_, at)));
}

TimelineBin EventTrack::fold(std::size_t first, std::size_t last) const {
    // Climbs while both ends can be made multiples of the fan-out; what sticks out on either side is added on the way.
    TimelineBin sum;
    for (std::size_t level = 0; first < last; ++level) {
        const auto& nodes = levels_[level];
        while (first < last && first % kFanout != 0) sum.add(nodes[first++]);
        while (first < last && last % kFanout != 0) sum.add(nodes[--last]);
        first /= kFanout;
        last /= kFanout;
    }
    return sum;
}

TimelineBin EventTrack::bin(TimeRange range) const {
    return range.from < range.to ? fold(first_at(range.from), first_at(range.to)) : TimelineBin{};
}

std::vector<TimelineBin> EventTrack::bins(TimeRange range, std::size_t columns) const {
    std::vector<TimelineBin> found(columns);
    if (columns == 0 || range.to <= range.from) return found;
    std::size_t first = first_at(range.from);
    for (std::size_t i = 0; i < columns; ++i) {
        const std::size_t last = first_at(column_edge(range, i + 1, columns));
        found[i] = fold(first, last);
        first = last;
    }
    return found;
}

void SpanTrack::append(Stretch stretch) {
    KSL_ASSERT(stretch.from <= stretch.to, "a stretch ends after it began");
    KSL_ASSERT(stretches_.empty() || stretches_.back().to <= stretch.from, "stretches do not overlap");
    const Nanoseconds before =
        stretches_.empty() ? Nanoseconds{0} : busy_before_.back() + (stretches_.back().to - stretches_.back().from);
    stretches_.push_back(stretch);
    busy_before_.push_back(before);
}

std::span<const SpanTrack::Stretch> SpanTrack::inside(TimeRange range) const {
    const auto first = std::ranges::upper_bound(stretches_, range.from, {}, &Stretch::to);
    const auto last = std::ranges::lower_bound(first, stretches_.end(), range.to, {}, &Stretch::from);
    return {first, last};
}

Nanoseconds SpanTrack::busy_until(Nanoseconds at) const {
    const auto after = std::ranges::lower_bound(stretches_, at, {}, &Stretch::from);
    if (after == stretches_.begin()) return Nanoseconds{0};
    const auto index = static_cast<std::size_t>(std::distance(stretches_.begin(), after)) - 1;
    const Stretch& last = stretches_[index];
    return busy_before_[index] + (std::min(at, last.to) - last.from);
}

Nanoseconds SpanTrack::busy_time(TimeRange range) const {
    return range.from < range.to ? busy_until(range.to) - busy_until(range.from) : Nanoseconds{0};
}

std::vector<float> SpanTrack::density(TimeRange range, std::size_t columns) const {
    std::vector<float> shares(columns, 0);
    if (columns == 0 || range.to <= range.from) return shares;
    Nanoseconds edge = range.from;
    Nanoseconds busy = busy_until(edge);
    for (std::size_t i = 0; i < columns; ++i) {
        const Nanoseconds next_edge = column_edge(range, i + 1, columns);
        const Nanoseconds next_busy = busy_until(next_edge);
        if (edge < next_edge) {
            shares[i] = static_cast<float>(static_cast<double>((next_busy - busy).count()) /
                                           static_cast<double>((next_edge - edge).count()));
        }
        edge = next_edge;
        busy = next_busy;
    }
    return shares;
}

double TimeScale::nanoseconds_per_pixel() const {
    return width_ > 0 ? static_cast<double>((range_.to - range_.from).count()) / width_ : 0;
}

double TimeScale::to_pixel(Nanoseconds at) const {
    const double per_pixel = nanoseconds_per_pixel();
    if (per_pixel <= 0) return 0;
    // Signed by hand: times left of the range are drawn left of 0.
    const double offset = at >= range_.from ? static_cast<double>((at - range_.from).count())
                                            : -static_cast<double>((range_.from - at).count());
    return offset / per_pixel;
}

Nanoseconds TimeScale::to_time(double pixel) const {
    const double offset = std::clamp(pixel, 0.0, width_) * nanoseconds_per_pixel();
    const auto rounded = static_cast<std::uint64_t>(std::llround(offset));
    return std::min(range_.from + Nanoseconds{rounded}, range_.to);
}

TimeScale TimeScale::zoomed(double factor, double pixel) const {
    const auto before = static_cast<double>((range_.to - range_.from).count());
    const double after = std::max(before / factor, width_);
    const double anchor = static_cast<double>(range_.from.count()) + (before * pixel / width_);
    const double from = std::max(0.0, anchor - (after * pixel / width_));
    const Nanoseconds start{static_cast<std::uint64_t>(std::llround(from))};
    return {TimeRange{.from = start, .to = start + Nanoseconds{static_cast<std::uint64_t>(std::llround(after))}},
            width_};
}

} // namespace ksl::ui
