// SPDX-License-Identifier: GPL-3.0-or-later
//
// From measured values to what a chart draws. No toolkit, so that the same numbers can be tested and exported without
// one.
//
// Quantiles: linear interpolation between order statistics (type 7 of Hyndman and Fan 1996; the default of R and
// NumPy). Thinning:  a chart never draws more than kMostPoints a series; the first, last, smallest and largest values
// always survive.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace ksl::ui {

inline constexpr std::size_t kMostPoints = 2000;

struct ChartPoint {
    double x = 0;
    double y = 0;
    friend bool operator==(const ChartPoint&, const ChartPoint&) = default;
};

/// What is always printed beside a distribution, and what a box is drawn from.
struct Summary {
    std::uint64_t n = 0;
    double min = 0;
    double p5 = 0;
    double q1 = 0;
    double median = 0;
    double q3 = 0;
    double p95 = 0;
    double p99 = 0;
    double max = 0;
    double mean = 0;
    friend bool operator==(const Summary&, const Summary&) = default;
};

/// `sorted` is ascending and not empty; `p` 0..1.
[[nodiscard]] double quantile(std::span<const double> sorted, double p);
/// All zeros for no values.
[[nodiscard]] Summary summarise(std::span<const double> values);

struct Histogram {
    std::vector<double> edges;  ///< one more than shares
    std::vector<double> shares; ///< of all values, 0..1; each bin [edge, next), the last one closed
    friend bool operator==(const Histogram&, const Histogram&) = default;
};
enum class BinScale : std::uint8_t { linear, logarithmic };
/// Edges of `bins` bins over [from, to]; logarithmic needs 0 < from.
[[nodiscard]] std::vector<double> bin_edges(double from, double to, std::size_t bins, BinScale scale);
/// Values outside the edges count into the first or last bin: nothing disappears.
[[nodiscard]] Histogram make_histogram(std::span<const double> values, std::vector<double> edges);

/// Share of values that are at most x, at every x where it rises, thinned.
[[nodiscard]] std::vector<ChartPoint> make_ecdf(std::span<const double> values, std::size_t most = kMostPoints);

/// At most `most` of the points, in order: of each of most/2 stretches the lowest and the highest one.
[[nodiscard]] std::vector<ChartPoint> thinned(std::span<const ChartPoint> points, std::size_t most = kMostPoints);

} // namespace ksl::ui
