// SPDX-License-Identifier: MIT
#include "core/types/divisor.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace ksl::core {
namespace {

constexpr std::uint32_t kLast = (std::uint32_t{1} << Divisor::kBits) - 1;

TEST(Divisor, DividesByOneUnlessToldOtherwise) {
    EXPECT_EQ(Divisor{}.quotient(kLast), kLast);
    EXPECT_EQ(Divisor{1}, Divisor{});
}

// Where rounding goes wrong, it does so next to a multiple, and first for large numbers.
TEST(Divisor, IsExactNextToMultiplesOfEveryNumberOfObjectsInASlab) {
    for (std::uint32_t by = 1; by <= 0xffff; ++by) {
        const Divisor divisor{by};
        const std::uint32_t multiple = kLast / by * by;
        ASSERT_EQ(divisor.quotient(multiple), multiple / by) << by;
        ASSERT_EQ(divisor.quotient(multiple - 1), (multiple - 1) / by) << by;
        ASSERT_EQ(divisor.quotient(kLast), kLast / by) << by;
        ASSERT_EQ(divisor.quotient(by), 1U) << by;
        ASSERT_EQ(divisor.quotient(by - 1), 0U) << by;
    }
}

RC_GTEST_PROP(Divisor, DividesAsTheProcessorDoes, (std::uint32_t number, std::uint32_t by)) {
    number &= kLast;
    by = by % kLast + 1;
    RC_ASSERT(Divisor{by}.quotient(number) == number / by);
}

} // namespace
} // namespace ksl::core
