// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/format/format.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <limits>
#include <ostream>

namespace ksl::ui {
namespace {

using namespace core::literals;
using core::Bytes;
using core::Nanoseconds;

/// Thin spaces are hard to see in a test: | stands for them.
std::string shown(QString text) {
    return text.replace(QChar(kThinSpace), u'|').toStdString();
}

TEST(FormatTime, NanosecondsBelowAThousandThenTwoDigits) {
    EXPECT_EQ(shown(format_time(Nanoseconds{0})), "0|ns");
    EXPECT_EQ(shown(format_time(Nanoseconds{812})), "812|ns");
    EXPECT_EQ(shown(format_time(Nanoseconds{999})), "999|ns");
    EXPECT_EQ(shown(format_time(Nanoseconds{1000})), "1.00|µs");
    EXPECT_EQ(shown(format_time(Nanoseconds{1456})), "1.46|µs");
    EXPECT_EQ(shown(format_time(Nanoseconds{3'412'000})), "3.41|ms");
    EXPECT_EQ(shown(format_time(Nanoseconds{1'204'310'000})), "1|204.31|ms");
    EXPECT_EQ(shown(format_time(Nanoseconds{12'300'000'000})), "12.30|s");
}

TEST(FormatTime, NeverRoundsUpToAThousandOfAUnit) {
    EXPECT_EQ(shown(format_time(999.6)), "1.00|µs");
    EXPECT_EQ(shown(format_time(Nanoseconds{999'994})), "999.99|µs");
    EXPECT_EQ(shown(format_time(Nanoseconds{999'996})), "1.00|ms");
}

TEST(FormatTime, DifferencesHaveASign) {
    EXPECT_EQ(shown(format_time_difference(1480)), "+1.48|µs");
    EXPECT_EQ(shown(format_time_difference(-212)), "−212|ns");
    EXPECT_EQ(shown(format_time_difference(0)), "0|ns");
    EXPECT_EQ(shown(format_time_difference(-0.2)), "0|ns") << "no minus before nothing";
}

TEST(FormatTime, AxesSayRoundNumbersShortly) {
    EXPECT_EQ(shown(format_time_tick(100)), "100|ns");
    EXPECT_EQ(shown(format_time_tick(1000)), "1|µs");
    EXPECT_EQ(shown(format_time_tick(2500)), "2.5|µs");
    EXPECT_EQ(shown(format_time_tick(1e7)), "10|ms");
    EXPECT_EQ(shown(format_time_tick(2e9)), "2|s");
}

TEST(FormatTime, ThePlayheadKeepsThreeDigits) {
    EXPECT_EQ(shown(format_playhead(Nanoseconds{3'412'000})), "3.412|ms");
}

TEST(FormatBytes, UsesTheLargestUnitAndShowsSmallCountsExactly) {
    EXPECT_EQ(shown(format_bytes(Bytes{0})), "0|B");
    EXPECT_EQ(shown(format_bytes(Bytes{1420})), "1|420|B");
    EXPECT_EQ(shown(format_bytes(16_KiB)), "16|KiB");
    EXPECT_EQ(shown(format_bytes(4_KiB)), "4|KiB");
    EXPECT_EQ(shown(format_bytes(Bytes{11'469})), "11.2|KiB");
    EXPECT_EQ(shown(format_bytes(16_GiB)), "16|GiB");
    EXPECT_EQ(shown(format_bytes(64_TiB)), "64|TiB");
    EXPECT_EQ(shown(format_bytes(1_MiB + 512_KiB)), "1.5|MiB");
}

TEST(FormatBytes, APartIsSaidInTheUnitOfTheWhole) {
    EXPECT_EQ(shown(format_bytes_of(Bytes{11'469}, 16_KiB)), "11.2 of 16|KiB");
}

TEST(FormatNumbers, ThousandsArePartedByThinSpaces) {
    EXPECT_EQ(shown(format_count(7)), "7");
    EXPECT_EQ(shown(format_count(1204)), "1|204");
    EXPECT_EQ(shown(format_count(18'446'744'073'709'551'615U)), "18|446|744|073|709|551|615");
    EXPECT_EQ(shown(format_decimal(-1234.5, 1)), "−1|234.5");
    EXPECT_EQ(shown(format_percent(0.384)), "38|%");
    EXPECT_EQ(shown(format_decimal(std::numeric_limits<double>::quiet_NaN(), 2)), "–");
    EXPECT_EQ(shown(format_cycles(core::Cycles{4096})), "4|096|cycles");
}

TEST(FormatHex, HasAQuoteEveryFourDigits) {
    EXPECT_EQ(shown(format_address(core::VirtAddr{0xffffc900000d8000})), "ffff'c900'000d'8000");
    EXPECT_EQ(shown(format_address(core::VirtAddr{0x1000})), "0000'0000'0000'1000");
    EXPECT_EQ(shown(format_pfn(core::Pfn{0x9c31})), "9c31");
    EXPECT_EQ(shown(format_hex(0x14000)), "1'4000");
}

RC_GTEST_PROP(ParseHex, ReadsWhatTheProgramShows, (std::uint64_t value)) {
    std::uint64_t read = 0;
    RC_ASSERT(parse_hex(format_address(core::VirtAddr{value}), read) && read == value);
    RC_ASSERT(parse_hex(format_hex(value), read) && read == value);
    RC_ASSERT(parse_hex(QStringLiteral("0x") + QString::number(value, 16).toUpper(), read) && read == value);
}

TEST(ParseHex, RefusesWhatIsNoAddress) {
    std::uint64_t value = 7;
    for (const char* text : {"", "0x", "xyz", "-1", "+1", "1 0000 0000 0000 0000", "12g4"}) {
        EXPECT_FALSE(parse_hex(QString::fromUtf8(text), value)) << text;
    }
    EXPECT_EQ(value, 7U);
}

} // namespace
} // namespace ksl::ui
