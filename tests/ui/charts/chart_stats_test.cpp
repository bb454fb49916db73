// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/charts/chart_stats.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>

namespace ksl::ui {
namespace {

std::vector<double> some_values() {
    const auto ints = *rc::gen::nonEmpty(rc::gen::container<std::vector<int>>(rc::gen::inRange(1, 100'000)));
    return {ints.begin(), ints.end()};
}

// quantile(c(1, 2, 3, 4, 10), c(.05, .25, .5, .75, .95, .99)) of R, type 7.
TEST(Quantile, AgreesWithR) {
    const std::vector<double> sorted{1, 2, 3, 4, 10};
    EXPECT_DOUBLE_EQ(quantile(sorted, 0.05), 1.2);
    EXPECT_DOUBLE_EQ(quantile(sorted, 0.25), 2);
    EXPECT_DOUBLE_EQ(quantile(sorted, 0.5), 3);
    EXPECT_DOUBLE_EQ(quantile(sorted, 0.75), 4);
    EXPECT_NEAR(quantile(sorted, 0.95), 8.8, 1e-12);
    EXPECT_NEAR(quantile(sorted, 0.99), 9.76, 1e-12);
    EXPECT_DOUBLE_EQ(quantile(sorted, 1), 10);
}

RC_GTEST_PROP(Summary, QuantilesAreInOrderAndInsideTheData, ()) {
    const auto values = some_values();
    const Summary s = summarise(values);
    RC_ASSERT(s.n == values.size());
    RC_ASSERT(s.min <= s.p5 && s.p5 <= s.q1 && s.q1 <= s.median && s.median <= s.q3);
    RC_ASSERT(s.q3 <= s.p95 && s.p95 <= s.p99 && s.p99 <= s.max);
    RC_ASSERT(s.min == *std::ranges::min_element(values) && s.max == *std::ranges::max_element(values));
}

RC_GTEST_PROP(Histogram, EveryValueIsInOneBin, ()) {
    const auto values = some_values();
    const auto scale = *rc::gen::element(BinScale::linear, BinScale::logarithmic);
    const auto bins = *rc::gen::inRange<std::size_t>(1, 100);
    const Histogram h = make_histogram(values, bin_edges(1, 50'000, bins, scale));
    RC_ASSERT(h.edges.size() == bins + 1 && h.shares.size() == bins);
    RC_ASSERT(std::ranges::is_sorted(h.edges));
    const double sum = std::accumulate(h.shares.begin(), h.shares.end(), 0.0);
    RC_ASSERT(std::abs(sum - 1) < 1e-9);
    // By definition, for the inner bins: values between the edges.
    for (std::size_t i = 1; i + 1 < bins; ++i) {
        const auto inside =
            std::ranges::count_if(values, [&](double v) { return v >= h.edges[i] && v < h.edges[i + 1]; });
        RC_ASSERT(std::abs(h.shares[i] - static_cast<double>(inside) / static_cast<double>(values.size())) < 1e-12);
    }
}

TEST(Histogram, LogarithmicEdgesGrowByOneFactor) {
    const auto edges = bin_edges(100, 1e6, 4, BinScale::logarithmic);
    for (std::size_t i = 0; i + 1 < edges.size(); ++i) EXPECT_NEAR(edges[i + 1] / edges[i], 10, 1e-9);
}

RC_GTEST_PROP(Ecdf, RisesToOneAndIsTheShareOfSmallerValues, ()) {
    const auto values = some_values();
    const auto points = make_ecdf(values);
    RC_ASSERT(points.back().y == 1.0);
    for (std::size_t i = 0; i < points.size(); ++i) {
        RC_ASSERT((i == 0 || (points[i - 1].x < points[i].x && points[i - 1].y < points[i].y)));
        const auto at_most = std::ranges::count_if(values, [&](double v) { return v <= points[i].x; });
        RC_ASSERT(std::abs(points[i].y - static_cast<double>(at_most) / static_cast<double>(values.size())) < 1e-12);
    }
}

TEST(Ecdf, NeverHasMoreThanTwoThousandPointsAndKeepsItsEnds) {
    std::vector<double> values(100'000);
    std::ranges::generate(values, [number = 0.0]() mutable { return ++number; });
    const auto points = make_ecdf(values);
    EXPECT_EQ(points.size(), kMostPoints);
    EXPECT_EQ(points.front().x, 1);
    EXPECT_EQ(points.back().x, 100'000);
}

RC_GTEST_PROP(Thinned, KeepsEndsExtremesAndOrder, ()) {
    std::vector<ChartPoint> points;
    const auto count = *rc::gen::inRange<std::size_t>(1, 5000);
    for (std::size_t i = 0; i < count; ++i) {
        points.push_back({.x = static_cast<double>(i), .y = static_cast<double>((i * 7919) % 1009)});
    }
    const auto few = thinned(points, 100);
    RC_ASSERT(few.size() <= std::max<std::size_t>(100, 0));
    RC_ASSERT(few.front() == points.front() && few.back() == points.back());
    const auto by_y = [](const ChartPoint& a, const ChartPoint& b) { return a.y < b.y; };
    RC_ASSERT(std::ranges::max_element(few, by_y)->y == std::ranges::max_element(points, by_y)->y);
    RC_ASSERT(std::ranges::min_element(few, by_y)->y == std::ranges::min_element(points, by_y)->y);
    RC_ASSERT(std::ranges::is_sorted(few, [](const ChartPoint& a, const ChartPoint& b) { return a.x < b.x; }));
}

} // namespace
} // namespace ksl::ui
