// SPDX-License-Identifier: MIT
#include "sim/stats/distribution.h"

#include "core/types/assert.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace ksl::sim {

namespace {

__extension__ using Wide = unsigned __int128;

/// Number of a value's bin: the bin of 0 is 0, bins follow each other without a gap.
std::uint64_t bin_of(std::uint64_t value, unsigned split) {
    const std::uint64_t per_octave = std::uint64_t{1} << split;
    if (value < per_octave) return value;
    const auto octave = static_cast<unsigned>(std::bit_width(value)) - 1 - split;
    return (octave + 1) * per_octave + ((value >> octave) - per_octave);
}

/// Its first value; 0 for the bin after the last one.
std::uint64_t start_of_bin(std::uint64_t bin, unsigned split) {
    const std::uint64_t per_octave = std::uint64_t{1} << split;
    if (bin < per_octave) return bin;
    const std::uint64_t octave = bin / per_octave - 1;
    const std::uint64_t mantissa = per_octave + bin % per_octave;
    return octave + split + 1 > 64 ? 0 : mantissa << octave;
}

} // namespace

Distribution::Distribution(std::span<const std::uint64_t> values) {
    std::vector<std::uint64_t> sorted{values.begin(), values.end()};
    std::ranges::sort(sorted);
    for (const std::uint64_t value : sorted) {
        if (counts_.empty() || counts_.back().value != value) counts_.push_back({value, 0});
        ++counts_.back().times;
    }
    add_up();
}

Distribution::Distribution(std::vector<ValueCount> counts) {
    std::ranges::sort(counts, {}, &ValueCount::value);
    for (const ValueCount& count : counts) {
        if (count.times == 0) continue;
        if (counts_.empty() || counts_.back().value != count.value) counts_.push_back({count.value, 0});
        counts_.back().times += count.times;
    }
    add_up();
}

void Distribution::add_up() {
    std::uint64_t sum = 0;
    up_to_.reserve(counts_.size());
    for (const ValueCount& count : counts_) up_to_.push_back(sum += count.times);
}

double Distribution::mean() const {
    KSL_ASSERT(!empty(), "a value to take the mean of");
    Wide sum = 0;
    for (const ValueCount& count : counts_) sum += static_cast<Wide>(count.value) * count.times;
    return static_cast<double>(sum) / static_cast<double>(count());
}

double Distribution::deviation() const {
    KSL_ASSERT(!empty(), "a value to take the deviation of");
    if (count() < 2) return 0;
    const double center = mean();
    double squares = 0;
    for (const ValueCount& count : counts_) {
        const double distance = static_cast<double>(count.value) - center;
        squares += distance * distance * static_cast<double>(count.times);
    }
    return std::sqrt(squares / static_cast<double>(count() - 1));
}

std::uint64_t Distribution::percentile(Quantile quantile) const {
    KSL_ASSERT(!empty() && quantile.part <= quantile.of && quantile.of != 0, "a share of some values");
    const Wide product = static_cast<Wide>(count()) * quantile.part;
    const auto rank = static_cast<std::uint64_t>((product + quantile.of - 1) / quantile.of);
    const auto at = std::ranges::lower_bound(up_to_, std::max<std::uint64_t>(rank, 1));
    return counts_[static_cast<std::size_t>(at - up_to_.begin())].value;
}

double Distribution::share_at_most(std::uint64_t value) const {
    const auto above = std::ranges::upper_bound(counts_, value, {}, &ValueCount::value);
    if (above == counts_.begin()) return 0;
    return static_cast<double>(up_to_[static_cast<std::size_t>(above - counts_.begin()) - 1]) /
           static_cast<double>(count());
}

Summary Distribution::summary() const {
    if (empty()) return {};
    return {.count = count(),
            .mean = mean(),
            .deviation = deviation(),
            .min = min(),
            .p50 = percentile(kP50),
            .p90 = percentile(kP90),
            .p99 = percentile(kP99),
            .p999 = percentile(kP999),
            .max = max()};
}

std::vector<CumulativePoint> Distribution::cumulative(std::size_t max_points) const {
    KSL_ASSERT(max_points >= 2, "a first and a last point");
    std::vector<CumulativePoint> points;
    const auto add = [&](std::size_t index) {
        points.push_back({counts_[index].value, static_cast<double>(up_to_[index]) / static_cast<double>(count())});
    };
    if (counts_.size() <= max_points) {
        for (std::size_t i = 0; i < counts_.size(); ++i) add(i);
        return points;
    }
    std::size_t next = 0;
    for (std::size_t i = 0; i < max_points; ++i) {
        const auto rank = static_cast<std::uint64_t>(static_cast<Wide>(count()) * i / (max_points - 1));
        const auto at = std::ranges::lower_bound(up_to_, std::max<std::uint64_t>(rank, 1));
        const auto index = static_cast<std::size_t>(at - up_to_.begin());
        if (index < next) continue; // several ranks may fall on one value
        add(index);
        next = index + 1;
    }
    return points;
}

std::vector<Bin> Distribution::log_histogram(unsigned split) const {
    KSL_ASSERT(split < 16, "bins that can be counted");
    if (empty()) return {};
    const std::uint64_t first = bin_of(min(), split);
    const std::uint64_t last = bin_of(max(), split);
    std::vector<Bin> bins;
    for (std::uint64_t bin = first; bin <= last; ++bin) {
        bins.push_back({start_of_bin(bin, split), start_of_bin(bin + 1, split), 0});
    }
    for (const ValueCount& count : counts_) bins[bin_of(count.value, split) - first].times += count.times;
    return bins;
}

} // namespace ksl::sim
