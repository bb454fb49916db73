// SPDX-License-Identifier: MIT
//
// Exact statistics of whole numbers (latencies, counts of misses): every value is kept, as a value and how often it
// occurred, so that a million operations are a few thousand entries.
//
// Percentiles: nearest rank: the least value that at least the given share of all values does not exceed. It is
//              always one of the values.
// Same:        sums are exact integers and floating-point steps come in a fixed order, so that a figure has the same
//              bits in every build.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace ksl::sim {

struct ValueCount {
    std::uint64_t value = 0;
    std::uint64_t times = 0;
    friend bool operator==(const ValueCount&, const ValueCount&) = default;
};

/// A share of all values, as a fraction that is exact.
struct Quantile {
    std::uint64_t part = 0;
    std::uint64_t of = 1;
};
inline constexpr Quantile kP25{1, 4};
inline constexpr Quantile kP50{1, 2};
inline constexpr Quantile kP75{3, 4};
inline constexpr Quantile kP90{9, 10};
inline constexpr Quantile kP99{99, 100};
inline constexpr Quantile kP999{999, 1000};

/// What a table shows of a distribution; all 0 if it is empty.
struct Summary {
    std::uint64_t count = 0;
    double mean = 0;
    double deviation = 0; ///< sample standard deviation (n - 1); 0 for a single value
    std::uint64_t min = 0;
    std::uint64_t p50 = 0;
    std::uint64_t p90 = 0;
    std::uint64_t p99 = 0;
    std::uint64_t p999 = 0;
    std::uint64_t max = 0;
    friend bool operator==(const Summary&, const Summary&) = default;
};

/// Share of the values that are at most `value`.
struct CumulativePoint {
    std::uint64_t value = 0;
    double share = 0;
    friend bool operator==(const CumulativePoint&, const CumulativePoint&) = default;
};

/// Values in [lowest, top).
struct Bin {
    std::uint64_t lowest = 0;
    std::uint64_t top = 0; ///< 0 = beyond the largest number
    std::uint64_t times = 0;
    friend bool operator==(const Bin&, const Bin&) = default;
};

class Distribution {
public:
    Distribution() = default;
    /// From single values, in any order.
    explicit Distribution(std::span<const std::uint64_t> values);
    /// From counts, in any order; equal values are added up.
    explicit Distribution(std::vector<ValueCount> counts);

    [[nodiscard]] bool empty() const { return counts_.empty(); }
    [[nodiscard]] std::uint64_t count() const { return up_to_.empty() ? 0 : up_to_.back(); }
    /// By value, each once.
    [[nodiscard]] std::span<const ValueCount> counts() const { return counts_; }

    // The distribution must not be empty for the following.
    [[nodiscard]] std::uint64_t min() const { return counts_.front().value; }
    [[nodiscard]] std::uint64_t max() const { return counts_.back().value; }
    [[nodiscard]] double mean() const;
    [[nodiscard]] double deviation() const;
    /// Nearest rank; a quantile of 0 is the least value.
    [[nodiscard]] std::uint64_t percentile(Quantile quantile) const;

    [[nodiscard]] double share_at_most(std::uint64_t value) const;
    [[nodiscard]] Summary summary() const;

    /// The empirical cumulative distribution: a step at every value, or, where these are more than `max_points`, at
    /// values evenly spread over the ranks, the first and the last among them.
    [[nodiscard]] std::vector<CumulativePoint> cumulative(std::size_t max_points) const;

    /// Bins whose width grows with the value: each power of two is cut into 2^`split` equal bins (values below
    /// 2^`split` have one each). From the bin of the least value to that of the greatest, empty ones between them
    /// included.
    [[nodiscard]] std::vector<Bin> log_histogram(unsigned split) const;

private:
    void add_up();

    std::vector<ValueCount> counts_;
    std::vector<std::uint64_t> up_to_; ///< values at most counts_[i].value
};

} // namespace ksl::sim
