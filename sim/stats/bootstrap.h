// SPDX-License-Identifier: MIT
//
// How sure we are of a difference between two designs. Each pair is one seed: the same workload on both. Resampling the
// pairs shows how much the result depends on which seeds happened to be drawn.
//
// Source:  percentile bootstrap; B. Efron, "Bootstrap methods: another look at the jackknife", Ann. Statist. 7
//          (1979).
// Limits:  it describes variation over seeds, nothing else; with fewer than about ten pairs it is too narrow.
// Same:    random numbers come from the given seed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace ksl::sim {

enum class Center : std::uint8_t { mean, median };

struct Interval {
    double low = 0; ///< 95 % of the resamples lie within low and high
    double estimate = 0;
    double high = 0;
    std::size_t pairs = 0;
    friend bool operator==(const Interval&, const Interval&) = default;
};

inline constexpr std::size_t kResamples = 10'000;

/// Mean or median of other[i] - baseline[i]. With one pair the interval is that difference; with none all is 0.
[[nodiscard]] Interval paired_difference(std::span<const double> baseline, std::span<const double> other, Center center,
                                         std::uint64_t seed, std::size_t resamples = kResamples);

/// Mean or median of `other` divided by that of `baseline`, pairs resampled together. A baseline of 0 gives ratios of
/// 0.
[[nodiscard]] Interval paired_ratio(std::span<const double> baseline, std::span<const double> other, Center center,
                                    std::uint64_t seed, std::size_t resamples = kResamples);

/// center(other) - center(baseline) of samples that are not paired, each resampled by itself.
[[nodiscard]] Interval difference(std::span<const double> baseline, std::span<const double> other, Center center,
                                  std::uint64_t seed, std::size_t resamples = kResamples);

/// The mean, added up in order, or the median (of an even number the mean of the middle two). 0 if there is no value.
[[nodiscard]] double center_of(std::span<const double> values, Center center);

} // namespace ksl::sim
