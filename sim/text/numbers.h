// SPDX-License-Identifier: MIT
//
// Numbers as people read them: with units, three or four digits, and groups. Integer arithmetic where the input is an
// integer, so that the same number is the same text in every build.
#pragma once

#include "core/types/address.h"
#include "core/types/time.h"

#include <cstdint>
#include <string>

namespace ksl::sim {

/// 1234567 -> "1,234,567".
[[nodiscard]] std::string grouped(std::uint64_t number);
[[nodiscard]] std::string grouped(std::int64_t number);

/// "812 ns", "1.21 µs", "3.41 ms", "2.50 s": below 1000 ns whole, then two digits after the point, rounded half up.
[[nodiscard]] std::string duration_text(core::Nanoseconds time);

/// "512 B", "16 KiB", "1.5 GiB": at most one digit after the point, none where it would be 0; rounded half up.
[[nodiscard]] std::string bytes_text(core::Bytes bytes);

/// "0xffff'8880'0000'1000": a quote every four digits, no leading zeros.
[[nodiscard]] std::string hex_text(std::uint64_t number);

/// "1.32×", "0.87×", "12.4×", "118×": three digits that count.
[[nodiscard]] std::string ratio_text(double ratio);

/// Share in 0..1 -> "0.00 %", "4.13 %", "72.8 %", "100 %".
[[nodiscard]] std::string percent_text(double share);

} // namespace ksl::sim
