// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/layout/timeline_bins.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <algorithm>

namespace ksl::ui {
namespace {

using core::Nanoseconds;

struct PlainEvent {
    std::uint64_t at;
    float value;
    bool failed;
};

std::vector<PlainEvent> some_events() {
    const auto count = *rc::gen::inRange(0, 900);
    std::vector<PlainEvent> events;
    std::uint64_t at = 0;
    for (int i = 0; i < count; ++i) {
        at += *rc::gen::inRange<std::uint64_t>(0, 5);
        events.push_back({.at = at,
                          .value = static_cast<float>(*rc::gen::inRange(0, 1000)),
                          .failed = *rc::gen::inRange(0, 50) == 0});
    }
    return events;
}

EventTrack track_of(const std::vector<PlainEvent>& events) {
    EventTrack track;
    for (const PlainEvent& event : events) track.append(Nanoseconds{event.at}, event.value, event.failed);
    return track;
}

TimelineBin by_definition(const std::vector<PlainEvent>& events, std::uint64_t from, std::uint64_t to) {
    TimelineBin bin;
    for (const PlainEvent& event : events) {
        if (event.at < from || event.at >= to) continue;
        bin.min = std::min(bin.min, event.value);
        bin.max = std::max(bin.max, event.value);
        ++bin.count;
        bin.failures += event.failed ? 1U : 0U;
    }
    return bin;
}

RC_GTEST_PROP(EventTrack, ABinIsTheSumOfItsEvents, ()) {
    const auto events = some_events();
    const EventTrack track = track_of(events);
    const auto from = *rc::gen::inRange<std::uint64_t>(0, 3000);
    const auto to = *rc::gen::inRange<std::uint64_t>(0, 3000);
    RC_ASSERT(track.bin({.from = Nanoseconds{from}, .to = Nanoseconds{to}}) == by_definition(events, from, to));
}

RC_GTEST_PROP(EventTrack, ColumnsPartTheRangeWithoutLossOrOverlap, ()) {
    const auto events = some_events();
    const EventTrack track = track_of(events);
    const auto from = *rc::gen::inRange<std::uint64_t>(0, 1000);
    const auto to = from + *rc::gen::inRange<std::uint64_t>(1, 3000);
    const auto columns = *rc::gen::inRange<std::size_t>(1, 500);
    TimelineBin sum;
    for (const TimelineBin& bin : track.bins({.from = Nanoseconds{from}, .to = Nanoseconds{to}}, columns)) sum.add(bin);
    RC_ASSERT(sum == by_definition(events, from, to));
}

TEST(EventTrack, OneFailureAmongAMillionSurvivesTheWidestZoom) {
    EventTrack track;
    for (std::uint64_t i = 0; i < 1'000'000; ++i) track.append(Nanoseconds{i}, 1, i == 777'777);
    const auto bins = track.bins({.from = Nanoseconds{0}, .to = Nanoseconds{1'000'000}}, 1000);
    for (std::size_t i = 0; i < bins.size(); ++i) {
        EXPECT_EQ(bins[i].count, 1000U);
        EXPECT_EQ(bins[i].has_failure(), i == 777);
    }
}

TEST(SpanTrack, BusyTimeOfARangeThatCutsStretches) {
    SpanTrack track;
    track.append({.from = Nanoseconds{10}, .to = Nanoseconds{20}, .what = 1});
    track.append({.from = Nanoseconds{20}, .to = Nanoseconds{40}, .what = 2});
    track.append({.from = Nanoseconds{60}, .to = Nanoseconds{70}, .what = 3});
    EXPECT_EQ(track.busy_time({.from = Nanoseconds{15}, .to = Nanoseconds{65}}), Nanoseconds{30});
    EXPECT_EQ(track.busy_time({.from = Nanoseconds{40}, .to = Nanoseconds{60}}), Nanoseconds{0});
    EXPECT_EQ(track.inside({.from = Nanoseconds{20}, .to = Nanoseconds{60}}).size(), 1U);
    EXPECT_EQ(track.inside({.from = Nanoseconds{0}, .to = Nanoseconds{100}}).size(), 3U);
    EXPECT_EQ(track.density({.from = Nanoseconds{0}, .to = Nanoseconds{80}}, 4),
              (std::vector<float>{0.5F, 1, 0, 0.5F}));
}

RC_GTEST_PROP(TimeScale, PixelAndTimeAreInversesUpToHalfAPixel, ()) {
    const auto from = *rc::gen::inRange<std::uint64_t>(0, 1'000'000'000);
    const auto length = *rc::gen::inRange<std::uint64_t>(1000, 1'000'000'000);
    const TimeScale scale{{.from = Nanoseconds{from}, .to = Nanoseconds{from + length}}, 800};
    const double pixel = *rc::gen::inRange(0, 800);
    RC_ASSERT(std::abs(scale.to_pixel(scale.to_time(pixel)) - pixel) <= 0.5 / scale.nanoseconds_per_pixel() + 1e-6);
}

TEST(TimeScale, ZoomingKeepsTheTimeUnderThePointer) {
    const TimeScale scale{{.from = Nanoseconds{1'000'000}, .to = Nanoseconds{9'000'000}}, 800};
    const TimeScale closer = scale.zoomed(2, 300);
    EXPECT_NEAR(static_cast<double>(closer.to_time(300).count()), static_cast<double>(scale.to_time(300).count()), 2);
    EXPECT_DOUBLE_EQ(closer.nanoseconds_per_pixel(), scale.nanoseconds_per_pixel() / 2);
}

} // namespace
} // namespace ksl::ui
