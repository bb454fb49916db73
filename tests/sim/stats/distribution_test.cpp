// SPDX-License-Identifier: MIT
#include "sim/stats/distribution.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

namespace ksl::sim {
namespace {

using Values = std::vector<std::uint64_t>;

/// Few distinct values or many, small or of any size.
rc::Gen<Values> values() {
    return rc::gen::nonEmpty(
        rc::gen::oneOf(rc::gen::container<Values>(rc::gen::inRange<std::uint64_t>(0, 10)),
                       rc::gen::container<Values>(rc::gen::inRange<std::uint64_t>(0, std::uint64_t{1} << 40)),
                       rc::gen::container<Values>(rc::gen::arbitrary<std::uint64_t>())));
}

RC_GTEST_PROP(Distribution, APercentileIsTheLeastValueThatEnoughValuesDoNotExceed, ()) {
    const Values sample = *values();
    const auto part = *rc::gen::inRange<std::uint64_t>(0, 1001);
    const std::uint64_t answer = Distribution{sample}.percentile({part, 1000});
    const auto at_most = [&](std::uint64_t value) {
        return static_cast<std::uint64_t>(std::ranges::count_if(sample, [&](auto v) { return v <= value; }));
    };
    RC_ASSERT(std::ranges::find(sample, answer) != sample.end());
    RC_ASSERT(at_most(answer) * 1000 >= part * sample.size());
    for (const std::uint64_t smaller : sample) {
        if (smaller < answer) RC_ASSERT(at_most(smaller) * 1000 < std::max<std::uint64_t>(part, 1) * sample.size());
    }
}

RC_GTEST_PROP(Distribution, CountsAndSingleValuesAreTheSameDistribution, ()) {
    const Values sample = *values();
    std::vector<ValueCount> counts;
    for (const std::uint64_t value : sample) counts.push_back({value, 1});
    const Distribution from_values{sample};
    const Distribution from_counts{counts};
    RC_ASSERT(from_counts.summary() == from_values.summary());
    RC_ASSERT(from_counts.count() == sample.size());
    RC_ASSERT(std::is_sorted(from_counts.counts().begin(), from_counts.counts().end(),
                             [](const ValueCount& a, const ValueCount& b) { return a.value < b.value; }));
}

RC_GTEST_PROP(Distribution, EveryValueIsInItsBinAndBinsLeaveNoGap, ()) {
    const Values sample = *values();
    const auto split = *rc::gen::inRange(0U, 4U);
    const std::vector<Bin> bins = Distribution{sample}.log_histogram(split);
    std::uint64_t total = 0;
    for (std::size_t i = 0; i < bins.size(); ++i) {
        if (i != 0) RC_ASSERT(bins[i].lowest == bins[i - 1].top);
        const auto inside = std::ranges::count_if(sample, [&](std::uint64_t value) {
            return value >= bins[i].lowest && (value < bins[i].top || bins[i].top == 0);
        });
        RC_ASSERT(bins[i].times == static_cast<std::uint64_t>(inside));
        total += bins[i].times;
    }
    RC_ASSERT(total == sample.size());
    RC_ASSERT(bins.front().times != 0 && bins.back().times != 0);
}

RC_GTEST_PROP(Distribution, TheCumulativeCurveRisesFromTheLeastToTheGreatestValue, ()) {
    const Values sample = *values();
    const auto max_points = *rc::gen::inRange<std::size_t>(2, 30);
    const Distribution distribution{sample};
    const auto points = distribution.cumulative(max_points);
    RC_ASSERT(points.size() <= max_points);
    RC_ASSERT(points.front().value == distribution.min());
    RC_ASSERT(points.back() == (CumulativePoint{distribution.max(), 1.0}));
    for (std::size_t i = 0; i < points.size(); ++i) {
        RC_ASSERT(points[i].share == distribution.share_at_most(points[i].value));
        if (i != 0) RC_ASSERT(points[i].value > points[i - 1].value);
    }
}

TEST(Distribution, AgreesWithFiguresWorkedOutByHand) {
    const Distribution ten{Values{15, 20, 35, 40, 50, 15, 20, 35, 40, 50}};
    EXPECT_EQ(ten.summary(), (Summary{.count = 10,
                                      .mean = 32,
                                      .deviation = std::sqrt(1660.0 / 9),
                                      .min = 15,
                                      .p50 = 35,
                                      .p90 = 50,
                                      .p99 = 50,
                                      .p999 = 50,
                                      .max = 50}));
    EXPECT_EQ(ten.percentile({30, 100}), 20U);
    EXPECT_EQ(ten.percentile({0, 1}), 15U);
    EXPECT_EQ(ten.share_at_most(14), 0.0);
    EXPECT_EQ(ten.share_at_most(20), 0.4);
    EXPECT_EQ(ten.share_at_most(1000), 1.0);
}

TEST(Distribution, AThousandValuesHaveTheirExactPercentiles) {
    Values thousand;
    for (std::uint64_t i = 1; i <= 1000; ++i) thousand.push_back(i);
    const Summary summary = Distribution{thousand}.summary();
    EXPECT_EQ(summary.p50, 500U);
    EXPECT_EQ(summary.p99, 990U);
    EXPECT_EQ(summary.p999, 999U);
    EXPECT_EQ(summary.mean, 500.5);
}

TEST(Distribution, NothingHasAnEmptySummary) {
    EXPECT_EQ(Distribution{}.summary(), Summary{});
    EXPECT_TRUE(Distribution{}.log_histogram(2).empty());
    EXPECT_TRUE(Distribution{}.cumulative(5).empty());
    EXPECT_EQ(Distribution{}.share_at_most(7), 0);
}

TEST(Distribution, LargeSumsDoNotOverflow) {
    const std::uint64_t large = std::numeric_limits<std::uint64_t>::max();
    const Distribution distribution{std::vector<ValueCount>{{large, 1'000'000}}};
    EXPECT_EQ(distribution.mean(), static_cast<double>(large));
    EXPECT_EQ(distribution.deviation(), 0);
    EXPECT_EQ(distribution.log_histogram(1), (std::vector<Bin>{{std::uint64_t{3} << 62, 0, 1'000'000}}));
}

TEST(Distribution, BinsOfAnOctaveAreEqualAndDoubleFromOneToTheNext) {
    const std::vector<Bin> bins = Distribution{Values{1, 20}}.log_histogram(2);
    const std::vector<std::uint64_t> starts{1, 2, 3, 4, 5, 6, 7, 8, 10, 12, 14, 16, 20};
    ASSERT_EQ(bins.size(), starts.size());
    for (std::size_t i = 0; i < starts.size(); ++i) EXPECT_EQ(bins[i].lowest, starts[i]);
    EXPECT_EQ(bins.back(), (Bin{20, 24, 1}));
}

} // namespace
} // namespace ksl::sim
