// SPDX-License-Identifier: GPL-3.0-or-later
//
// What a timeline draws in one pixel column: the smallest and largest value, how many events, and whether one of them
// failed. A pyramid over the events answers that for any range of time, so that a frame costs by its width and not by
// the length of the run; a failure survives every zoom.
//
// Units:     SimTime is nanoseconds since the start of the run, ranges are half open.
// Cost:      append O(1) amortised; a column O(log n); memory 25 bytes an event.
// Threads:   none. A view that runs beside the producer keeps a copy or appends batches on its own thread.
#pragma once

#include "core/types/time.h"
#include "ui/layout/geometry.h"

#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

namespace ksl::ui {

struct TimeRange {
    core::Nanoseconds from;
    core::Nanoseconds to;
    friend constexpr bool operator==(TimeRange, TimeRange) = default;
};

/// One pixel column.
struct TimelineBin {
    float min = std::numeric_limits<float>::infinity();
    float max = -std::numeric_limits<float>::infinity();
    std::uint32_t count = 0;
    std::uint32_t failures = 0;

    [[nodiscard]] bool has_failure() const { return failures != 0; }
    [[nodiscard]] bool is_empty() const { return count == 0; }
    void add(const TimelineBin& other);
    friend bool operator==(const TimelineBin&, const TimelineBin&) = default;
};

/// Events with a value each, e.g. clones with their latency.
class EventTrack {
public:
    /// `at` never runs backwards.
    void append(core::Nanoseconds at, float value, bool failed);

    [[nodiscard]] std::size_t size() const { return times_.size(); }
    [[nodiscard]] core::Nanoseconds time_of(std::size_t event) const { return times_[event]; }
    [[nodiscard]] const TimelineBin& event(std::size_t index) const { return levels_[0][index]; }

    /// Index of the first event at or after `at`.
    [[nodiscard]] std::size_t first_at(core::Nanoseconds at) const;
    [[nodiscard]] TimelineBin bin(TimeRange range) const;
    /// `columns` bins of equal duration; column i covers [from + i * d / columns, from + (i + 1) * d / columns).
    [[nodiscard]] std::vector<TimelineBin> bins(TimeRange range, std::size_t columns) const;

private:
    static constexpr std::size_t kFanout = 16;

    [[nodiscard]] TimelineBin fold(std::size_t first, std::size_t last) const;

    std::vector<core::Nanoseconds> times_;
    /// levels_[0] holds the events; a node of level k sums kFanout nodes of level k - 1. Only complete nodes are kept.
    std::vector<std::vector<TimelineBin>> levels_{1};
};

/// Stretches of time that something was busy with something, e.g. which task a CPU ran.
class SpanTrack {
public:
    struct Stretch {
        core::Nanoseconds from;
        core::Nanoseconds to;
        std::uint32_t what = 0;
    };
    /// Stretches do not overlap and come in order of time.
    void append(Stretch stretch);

    [[nodiscard]] std::size_t size() const { return stretches_.size(); }
    /// Those that touch the range, in order.
    [[nodiscard]] std::span<const Stretch> inside(TimeRange range) const;
    [[nodiscard]] core::Nanoseconds busy_time(TimeRange range) const;
    /// Busy share 0..1 a column.
    [[nodiscard]] std::vector<float> density(TimeRange range, std::size_t columns) const;

private:
    /// Busy time of everything before `at`.
    [[nodiscard]] core::Nanoseconds busy_until(core::Nanoseconds at) const;

    std::vector<Stretch> stretches_;
    std::vector<core::Nanoseconds> busy_before_; ///< of each stretch
};

/// Time to pixels and back; the scale of every track in a timeline.
class TimeScale {
public:
    TimeScale(TimeRange range, double width) : range_(range), width_(width) {}
    [[nodiscard]] double to_pixel(core::Nanoseconds at) const;
    /// Clamped to the range.
    [[nodiscard]] core::Nanoseconds to_time(double pixel) const;
    [[nodiscard]] TimeRange range() const { return range_; }
    [[nodiscard]] double nanoseconds_per_pixel() const;
    /// Zooms by `factor` (> 1 = closer) keeping the time under `pixel` where it is; never closer than one nanosecond a
    /// pixel.
    [[nodiscard]] TimeScale zoomed(double factor, double pixel) const;

private:
    TimeRange range_;
    double width_;
};

} // namespace ksl::ui
