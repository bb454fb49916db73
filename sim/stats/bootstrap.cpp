// SPDX-License-Identifier: MIT
#include "sim/stats/bootstrap.h"

#include "core/types/assert.h"
#include "core/types/function_ref.h"
#include "core/types/random.h"

#include <algorithm>
#include <vector>

namespace ksl::sim {

namespace {

double ratio_of(double other, double baseline) {
    return baseline == 0 ? 0 : other / baseline;
}

/// The middle 95 % of what `resample` gives.
Interval interval_of(double estimate, std::size_t pairs, std::size_t resamples, core::FunctionRef<double()> resample) {
    KSL_ASSERT(resamples >= 40, "resamples beyond the 2.5 % on either side");
    if (pairs < 2) return {estimate, estimate, estimate, pairs};
    std::vector<double> values(resamples);
    for (double& value : values) value = resample();
    std::ranges::sort(values);
    const std::size_t tail = resamples / 40;
    return {values[tail], estimate, values[resamples - 1 - tail], pairs};
}

/// Draws as many values as there are, with replacement.
class Resampler {
public:
    Resampler(std::span<const double> values, Center center)
        : values_(values), center_(center), drawn_(values.size()) {}

    double draw(core::Random& random) {
        for (double& value : drawn_) value = values_[random.below(values_.size())];
        return center_of(drawn_, center_);
    }

private:
    std::span<const double> values_;
    Center center_;
    std::vector<double> drawn_;
};

} // namespace

double center_of(std::span<const double> values, Center center) {
    if (values.empty()) return 0;
    if (center == Center::mean) {
        double sum = 0;
        for (const double value : values) sum += value;
        return sum / static_cast<double>(values.size());
    }
    std::vector<double> sorted{values.begin(), values.end()};
    const std::size_t middle = sorted.size() / 2;
    const auto at = sorted.begin() + static_cast<std::ptrdiff_t>(middle);
    std::nth_element(sorted.begin(), at, sorted.end());
    if (sorted.size() % 2 != 0) return *at;
    return (*std::max_element(sorted.begin(), at) + *at) / 2;
}

Interval paired_difference(std::span<const double> baseline, std::span<const double> other, Center center,
                           std::uint64_t seed, std::size_t resamples) {
    KSL_ASSERT(baseline.size() == other.size(), "a value of each design for each seed");
    std::vector<double> differences(baseline.size());
    for (std::size_t i = 0; i < differences.size(); ++i) differences[i] = other[i] - baseline[i];
    core::Random random{seed};
    Resampler resampler{differences, center};
    return interval_of(center_of(differences, center), differences.size(), resamples,
                       [&] { return resampler.draw(random); });
}

Interval paired_ratio(std::span<const double> baseline, std::span<const double> other, Center center,
                      std::uint64_t seed, std::size_t resamples) {
    KSL_ASSERT(baseline.size() == other.size(), "a value of each design for each seed");
    core::Random random{seed};
    std::vector<double> drawn_baseline(baseline.size());
    std::vector<double> drawn_other(baseline.size());
    const auto resample = [&] {
        for (std::size_t i = 0; i < baseline.size(); ++i) {
            const std::uint64_t pair = random.below(baseline.size());
            drawn_baseline[i] = baseline[pair];
            drawn_other[i] = other[pair];
        }
        return ratio_of(center_of(drawn_other, center), center_of(drawn_baseline, center));
    };
    return interval_of(ratio_of(center_of(other, center), center_of(baseline, center)), baseline.size(), resamples,
                       resample);
}

Interval difference(std::span<const double> baseline, std::span<const double> other, Center center, std::uint64_t seed,
                    std::size_t resamples) {
    core::Random random{seed};
    Resampler first{baseline, center};
    Resampler second{other, center};
    const double estimate = center_of(other, center) - center_of(baseline, center);
    return interval_of(estimate, std::min(baseline.size(), other.size()), resamples,
                       [&] { return second.draw(random) - first.draw(random); });
}

} // namespace ksl::sim
