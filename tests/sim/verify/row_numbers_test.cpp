// SPDX-License-Identifier: MIT
#include "sim/verify/row_numbers.h"

#include <gtest/gtest.h>

namespace ksl::sim {
namespace {

struct Faults {
    std::uint64_t wrong = 0;
    std::uint64_t missing = 0;
    friend bool operator==(const Faults&, const Faults&) = default;
};
Faults faults_of(const std::vector<std::uint64_t>& numbers) {
    Faults faults;
    for (const NumberedRow& row : check_numbers(numbers)) {
        faults.wrong += row.is_wrong ? 1U : 0U;
        faults.missing += row.missing_before;
    }
    return faults;
}

TEST(RowNumbers, InTurnHaveNoFaults) {
    EXPECT_EQ(faults_of({0, 1, 2, 3}), Faults{});
    EXPECT_EQ(faults_of({}), Faults{});
}

TEST(RowNumbers, OneWrongNumberIsOneFaultAndIsPutRight) {
    EXPECT_EQ(faults_of({0, 1, 7, 3, 4}), (Faults{.wrong = 1, .missing = 0}));
    EXPECT_EQ(faults_of({0, 1, 1, 3, 4}), (Faults{.wrong = 1, .missing = 0}));
    EXPECT_EQ(faults_of({0, 1, 2, 9}), (Faults{.wrong = 1, .missing = 0}));
    const std::vector<std::uint64_t> numbers{0, 1, 7, 3};
    EXPECT_EQ(check_numbers(numbers)[2].number, 2U);
    EXPECT_EQ(check_numbers(numbers)[3].number, 3U);
}

TEST(RowNumbers, RowsThatAreMissingAreCounted) {
    EXPECT_EQ(faults_of({0, 1, 3, 4, 5}), (Faults{.wrong = 0, .missing = 1}));
    EXPECT_EQ(faults_of({1, 2, 3}), (Faults{.wrong = 0, .missing = 1}));
    EXPECT_EQ(faults_of({0, 4, 5}), (Faults{.wrong = 0, .missing = 3}));
}

TEST(RowNumbers, ThatJumpTooFarAreWrong) {
    EXPECT_EQ(faults_of({0, 1'000'000'000, 1'000'000'001}), (Faults{.wrong = 2, .missing = 0}));
}

TEST(RowNumbers, TwoRowsThatChangedPlacesAreTwoFaults) {
    EXPECT_EQ(faults_of({0, 2, 1, 3, 4}), (Faults{.wrong = 2, .missing = 0}));
}

} // namespace
} // namespace ksl::sim
