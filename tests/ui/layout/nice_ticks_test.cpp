// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/layout/nice_ticks.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <cmath>

namespace ksl::ui {
namespace {

std::vector<double> majors(const std::vector<Tick>& ticks) {
    std::vector<double> values;
    for (const Tick& tick : ticks) {
        if (tick.is_major) values.push_back(tick.value);
    }
    return values;
}

RC_GTEST_PROP(LinearTicks, AreRoundInsideAndNotTooMany, ()) {
    const double from = *rc::gen::inRange(-1'000'000, 1'000'000) / 1000.0;
    const double length = *rc::gen::inRange(1, 1'000'000) / 1000.0;
    const auto most = *rc::gen::inRange(3U, 20U);
    const auto ticks = linear_ticks(from, from + length, most);
    RC_ASSERT(ticks.size() <= most);
    for (const Tick& tick : ticks) {
        RC_ASSERT(tick.value >= from - (1e-6 * length));
        RC_ASSERT(tick.value <= from + length + (1e-6 * length));
    }
    for (std::size_t i = 2; i < ticks.size(); ++i) {
        const double step = ticks[1].value - ticks[0].value;
        RC_ASSERT(std::abs(ticks[i].value - ticks[i - 1].value - step) < 1e-6 * step);
        const double leading = step / std::pow(10, std::floor(std::log10(step * (1 + 1e-9))));
        RC_ASSERT(std::abs(leading - 1) < 1e-6 || std::abs(leading - 2) < 1e-6 || std::abs(leading - 5) < 1e-6);
    }
}

TEST(LinearTicks, OfASmallRange) {
    EXPECT_EQ(majors(linear_ticks(0, 10, 6)), (std::vector<double>{0, 2, 4, 6, 8, 10}));
    EXPECT_EQ(majors(linear_ticks(0.5, 3.2, 5)), (std::vector<double>{1, 2, 3}));
    EXPECT_TRUE(linear_ticks(3, 3, 5).empty());
}

TEST(LogarithmicTicks, LabelDecadesAndMarkWhatLiesBetween) {
    const auto ticks = logarithmic_ticks(100, 1e6, 8);
    EXPECT_EQ(majors(ticks), (std::vector<double>{100, 1000, 1e4, 1e5, 1e6}));
    EXPECT_EQ(ticks.size(), 4 * 9 + 1U);
}

TEST(LogarithmicTicks, InsideOneDecadeTwoAndFiveHaveLabelsToo) {
    EXPECT_EQ(majors(logarithmic_ticks(1100, 9000, 8)), (std::vector<double>{2000, 5000}));
}

TEST(LogarithmicTicks, WhereThereIsRoomTwoAndFiveHaveLabelsToo) {
    EXPECT_EQ(majors(logarithmic_ticks(800, 12'000, 8)), (std::vector<double>{1000, 2000, 5000, 10'000}));
    EXPECT_EQ(majors(logarithmic_ticks(800, 12'000, 3)), (std::vector<double>{1000, 10'000}));
}

TEST(LogarithmicTicks, ManyDecadesAreThinned) {
    EXPECT_LE(majors(logarithmic_ticks(1, 1e12, 5)).size(), 5U);
}

RC_GTEST_PROP(NiceRange, HoldsTheRangeItGrewFrom, ()) {
    const double from = *rc::gen::inRange(-1'000'000, 1'000'000) / 1000.0;
    const double to = from + (*rc::gen::inRange(1, 1'000'000) / 1000.0);
    const NiceRange range = nice_range(from, to, 6);
    RC_ASSERT(range.from <= from + 1e-6 && range.to >= to - 1e-6);
    RC_ASSERT(range.to - range.from <= 3 * (to - from) + 1e-6);
}

} // namespace
} // namespace ksl::ui
