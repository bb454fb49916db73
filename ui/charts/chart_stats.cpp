// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/charts/chart_stats.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace ksl::ui {

namespace {

std::vector<double> sorted_copy(std::span<const double> values) {
    std::vector<double> sorted(values.begin(), values.end());
    std::ranges::sort(sorted);
    return sorted;
}

} // namespace

double quantile(std::span<const double> sorted, double p) {
    const double at = p * static_cast<double>(sorted.size() - 1);
    const auto low = static_cast<std::size_t>(at);
    const std::size_t high = std::min(low + 1, sorted.size() - 1);
    return sorted[low] + ((sorted[high] - sorted[low]) * (at - static_cast<double>(low)));
}

Summary summarise(std::span<const double> values) {
    if (values.empty()) return {};
    const std::vector<double> sorted = sorted_copy(values);
    return {.n = values.size(),
            .min = sorted.front(),
            .p5 = quantile(sorted, 0.05),
            .q1 = quantile(sorted, 0.25),
            .median = quantile(sorted, 0.5),
            .q3 = quantile(sorted, 0.75),
            .p95 = quantile(sorted, 0.95),
            .p99 = quantile(sorted, 0.99),
            .max = sorted.back(),
            .mean = std::accumulate(sorted.begin(), sorted.end(), 0.0) / static_cast<double>(sorted.size())};
}

std::vector<double> bin_edges(double from, double to, std::size_t bins, BinScale scale) {
    std::vector<double> edges;
    edges.reserve(bins + 1);
    for (std::size_t i = 0; i <= bins; ++i) {
        const double part = static_cast<double>(i) / static_cast<double>(bins);
        edges.push_back(scale == BinScale::linear ? from + ((to - from) * part) : from * std::pow(to / from, part));
    }
    // No rounding at the ends: the largest value belongs to the last bin, not behind it.
    edges.front() = from;
    edges.back() = to;
    return edges;
}

Histogram make_histogram(std::span<const double> values, std::vector<double> edges) {
    Histogram histogram{.edges = std::move(edges), .shares = {}};
    const std::size_t bins = histogram.edges.size() - 1;
    std::vector<std::uint64_t> counts(bins, 0);
    for (const double value : values) {
        const auto after = std::upper_bound(histogram.edges.begin() + 1, histogram.edges.end() - 1, value);
        ++counts[static_cast<std::size_t>(after - histogram.edges.begin()) - 1];
    }
    const double whole = std::max<double>(1, static_cast<double>(values.size()));
    for (const std::uint64_t count : counts) histogram.shares.push_back(static_cast<double>(count) / whole);
    return histogram;
}

std::vector<ChartPoint> make_ecdf(std::span<const double> values, std::size_t most) {
    std::vector<ChartPoint> points;
    const std::vector<double> sorted = sorted_copy(values);
    const auto n = static_cast<double>(sorted.size());
    for (std::size_t i = 0; i < sorted.size(); ++i) {
        const bool is_last_of_equals = i + 1 == sorted.size() || sorted[i + 1] != sorted[i];
        if (is_last_of_equals) points.push_back({.x = sorted[i], .y = static_cast<double>(i + 1) / n});
    }
    if (points.size() <= most) return points;
    // Equal steps of probability: a distribution has no peaks to lose, but both its ends must stay.
    std::vector<ChartPoint> fewer;
    fewer.reserve(most);
    for (std::size_t i = 0; i < most; ++i) fewer.push_back(points[i * (points.size() - 1) / (most - 1)]);
    return fewer;
}

std::vector<ChartPoint> thinned(std::span<const ChartPoint> points, std::size_t most) {
    if (points.size() <= most) return {points.begin(), points.end()};
    const auto by_y = [](const ChartPoint& a, const ChartPoint& b) { return a.y < b.y; };
    std::vector<ChartPoint> fewer;
    fewer.reserve(most);
    fewer.push_back(points.front());
    const std::span<const ChartPoint> inner = points.subspan(1, points.size() - 2);
    const std::size_t stretches = (most - 2) / 2;
    for (std::size_t i = 0; i < stretches; ++i) {
        const auto first = inner.begin() + static_cast<std::ptrdiff_t>(i * inner.size() / stretches);
        const auto last = inner.begin() + static_cast<std::ptrdiff_t>((i + 1) * inner.size() / stretches);
        auto [low, high] = std::minmax_element(first, last, by_y);
        if (high < low) std::swap(low, high);
        fewer.push_back(*low);
        if (high != low) fewer.push_back(*high);
    }
    fewer.push_back(points.back());
    return fewer;
}

} // namespace ksl::ui
