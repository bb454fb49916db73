// SPDX-License-Identifier: MIT
#include "sim/text/numbers.h"

#include <gtest/gtest.h>

#include <limits>

namespace ksl::sim {
namespace {

using core::Bytes;
using core::Nanoseconds;

TEST(Numbers, GroupsOfThree) {
    EXPECT_EQ(grouped(std::uint64_t{0}), "0");
    EXPECT_EQ(grouped(std::uint64_t{999}), "999");
    EXPECT_EQ(grouped(std::uint64_t{1000}), "1,000");
    EXPECT_EQ(grouped(std::uint64_t{4194304}), "4,194,304");
    EXPECT_EQ(grouped(std::int64_t{-123456}), "-123,456");
    EXPECT_EQ(grouped(std::numeric_limits<std::int64_t>::min()), "-9,223,372,036,854,775,808");
}

TEST(Numbers, DurationsHaveTheUnitThatReadsBest) {
    EXPECT_EQ(duration_text(Nanoseconds{0}), "0 ns");
    EXPECT_EQ(duration_text(Nanoseconds{999}), "999 ns");
    EXPECT_EQ(duration_text(Nanoseconds{1000}), "1.00 µs");
    EXPECT_EQ(duration_text(Nanoseconds{1214}), "1.21 µs");
    EXPECT_EQ(duration_text(Nanoseconds{1215}), "1.22 µs");
    EXPECT_EQ(duration_text(Nanoseconds{999'994}), "999.99 µs");
    EXPECT_EQ(duration_text(Nanoseconds{999'995}), "1.00 ms");
    EXPECT_EQ(duration_text(Nanoseconds{3'412'000}), "3.41 ms");
    EXPECT_EQ(duration_text(Nanoseconds{2'500'000'000}), "2.50 s");
    EXPECT_EQ(duration_text(Nanoseconds{4'321'000'000'000}), "4,321.00 s");
    EXPECT_EQ(duration_text(Nanoseconds{std::numeric_limits<std::uint64_t>::max()}), "18,446,744,073.71 s");
}

TEST(Numbers, BytesHaveBinaryUnits) {
    EXPECT_EQ(bytes_text(Bytes{0}), "0 B");
    EXPECT_EQ(bytes_text(Bytes{1023}), "1023 B");
    EXPECT_EQ(bytes_text(Bytes{16 << 10}), "16 KiB");
    EXPECT_EQ(bytes_text(Bytes{1536}), "1.5 KiB");
    EXPECT_EQ(bytes_text(Bytes{(std::uint64_t{1} << 30) - 1}), "1 GiB");
    EXPECT_EQ(bytes_text(Bytes{std::numeric_limits<std::uint64_t>::max()}), "16 EiB");
}

TEST(Numbers, HexHasAQuoteEveryFourDigits) {
    EXPECT_EQ(hex_text(0), "0x0");
    EXPECT_EQ(hex_text(0xfff), "0xfff");
    EXPECT_EQ(hex_text(0x12345), "0x1'2345");
    EXPECT_EQ(hex_text(0xffff888000001000), "0xffff'8880'0000'1000");
}

TEST(Numbers, RatiosAndSharesHaveThreeDigitsThatCount) {
    EXPECT_EQ(ratio_text(1), "1.00×");
    EXPECT_EQ(ratio_text(0.8749), "0.87×");
    EXPECT_EQ(ratio_text(9.996), "10.0×");
    EXPECT_EQ(ratio_text(118.4), "118×");
    EXPECT_EQ(percent_text(0), "0.00 %");
    EXPECT_EQ(percent_text(0.7283), "72.8 %");
    EXPECT_EQ(percent_text(1), "100 %");
}

} // namespace
} // namespace ksl::sim
