// SPDX-License-Identifier: MIT
#include "sim/text/numbers.h"

#include <fmt/format.h>

#include <array>
#include <cmath>
#include <string_view>

namespace ksl::sim {

namespace {

/// Puts `separator` between groups of `size` digits, counted from the end.
std::string in_groups(std::string_view digits, std::size_t size, char separator) {
    std::string text;
    for (std::size_t i = 0; i < digits.size(); ++i) {
        if (i != 0 && (digits.size() - i) % size == 0) text += separator;
        text += digits[i];
    }
    return text;
}

/// number / unit with two digits after the point, rounded half up; exact for every number.
std::string hundredths(std::uint64_t number, std::uint64_t unit) {
    std::uint64_t whole = number / unit;
    std::uint64_t rest = (number % unit + unit / 200) / (unit / 100);
    if (rest == 100) {
        ++whole;
        rest = 0;
    }
    return fmt::format("{}.{:02}", grouped(whole), rest);
}

/// Three digits that count, as long as there are digits after the point to drop.
std::string three_digits(double number) {
    const double size = std::abs(number);
    int decimals = 2;
    if (size >= 9.995) --decimals; // what rounds up to 10.0
    if (size >= 99.95) --decimals;
    return fmt::format("{:.{}f}", number, decimals);
}

} // namespace

std::string grouped(std::uint64_t number) {
    return in_groups(fmt::format("{}", number), 3, ',');
}

std::string grouped(std::int64_t number) {
    if (number >= 0) return grouped(static_cast<std::uint64_t>(number));
    return '-' + grouped(~static_cast<std::uint64_t>(number) + 1);
}

std::string duration_text(core::Nanoseconds time) {
    struct Unit {
        std::uint64_t nanoseconds;
        std::string_view name;
    };
    static constexpr std::array kUnits{Unit{1'000, "µs"}, Unit{1'000'000, "ms"}, Unit{1'000'000'000, "s"}};
    const std::uint64_t count = time.count();
    if (count < 1000) return fmt::format("{} ns", count);
    std::size_t unit = 0;
    // 999,995 ns would read "1000.00 µs": what rounds up to a thousand belongs to the next unit.
    while (unit + 1 < kUnits.size() && count >= kUnits[unit + 1].nanoseconds - kUnits[unit].nanoseconds / 200) ++unit;
    return fmt::format("{} {}", hundredths(count, kUnits[unit].nanoseconds), kUnits[unit].name);
}

std::string bytes_text(core::Bytes bytes) {
    static constexpr std::array<std::string_view, 7> kNames{"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
    const std::uint64_t count = bytes.count();
    unsigned unit = 0;
    while (unit + 1 < kNames.size() && count >> (10 * (unit + 1)) != 0) ++unit;
    if (unit == 0) return fmt::format("{} B", count);
    const unsigned shift = 10 * unit;
    std::uint64_t whole = count >> shift;
    const std::uint64_t rest = count & ((std::uint64_t{1} << shift) - 1);
    // rest < 2^60, so ten times it fits.
    std::uint64_t tenths = (rest * 10 + (std::uint64_t{1} << (shift - 1))) >> shift;
    whole += tenths / 10;
    tenths %= 10;
    if (whole == 1024 && unit + 1 < kNames.size()) {
        whole = 1;
        ++unit;
    }
    return tenths == 0 ? fmt::format("{} {}", whole, kNames[unit])
                       : fmt::format("{}.{} {}", whole, tenths, kNames[unit]);
}

std::string hex_text(std::uint64_t number) {
    return "0x" + in_groups(fmt::format("{:x}", number), 4, '\'');
}

std::string ratio_text(double ratio) {
    return three_digits(ratio) + "×";
}

std::string percent_text(double share) {
    return three_digits(share * 100) + " %";
}

} // namespace ksl::sim
