// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/layout/apportion.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <numeric>

namespace ksl::ui {
namespace {

std::vector<Share> some_shares() {
    const auto weights = *rc::gen::nonEmpty(rc::gen::container<std::vector<int>>(rc::gen::inRange(0, 1'000'000)));
    std::vector<Share> shares;
    for (const int weight : weights) {
        shares.push_back(
            {.weight = static_cast<double>(weight), .minimum = static_cast<double>(*rc::gen::inRange(0, 40))});
    }
    return shares;
}

RC_GTEST_PROP(Apportion, FillsTheTotalExactly, ()) {
    const auto shares = some_shares();
    const double total = *rc::gen::inRange(1, 5000);
    const auto lengths = apportion(shares, total);
    RC_ASSERT(std::abs(std::accumulate(lengths.begin(), lengths.end(), 0.0) - total) < 1e-6);
}

RC_GTEST_PROP(Apportion, KeepsEveryMinimumThatCanBeKept, ()) {
    const auto shares = some_shares();
    const double total = *rc::gen::inRange(1, 5000);
    double minimums = 0;
    for (const Share& share : shares) minimums += share.minimum;
    const auto lengths = apportion(shares, total);
    for (std::size_t i = 0; i < shares.size(); ++i) {
        const double promised = minimums <= total ? shares[i].minimum : shares[i].minimum * total / minimums;
        RC_ASSERT(lengths[i] >= promised - 1e-9);
    }
}

RC_GTEST_PROP(Apportion, AboveTheMinimumsLengthIsProportionalToWeight, ()) {
    const auto shares = some_shares();
    const auto lengths = apportion(shares, 3000);
    double scale = 0;
    for (std::size_t i = 0; i < shares.size(); ++i) {
        if (shares[i].weight <= 0 || lengths[i] <= shares[i].minimum * (1 + 1e-9)) continue;
        const double own = lengths[i] / shares[i].weight;
        if (scale == 0) scale = own;
        RC_ASSERT(std::abs(own - scale) <= 1e-6 * scale);
    }
}

TEST(Apportion, WithoutWeightsTheRestIsSharedEqually) {
    const std::vector<Share> shares{{.weight = 0, .minimum = 10}, {.weight = 0, .minimum = 20}};
    EXPECT_EQ(apportion(shares, 50), (std::vector<double>{20, 30}));
}

TEST(Apportion, NothingGetsNothing) {
    EXPECT_TRUE(apportion({}, 100).empty());
}

} // namespace
} // namespace ksl::ui
