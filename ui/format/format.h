// SPDX-License-Identifier: GPL-3.0-or-later
//
// Numbers as they are shown: always with a unit, the same everywhere. The decimal sign is a point in every language,
// because the figures go into papers and files; thousands are parted by a narrow space that does not break.
//
//     time        812 ns    1.46 µs    3.41 ms    12.30 s        ns below 1000, then two digits
//     bytes       1 420 B   16 KiB     11.2 KiB   16 GiB         bytes up to 8 KiB unless they are whole KiB
//     address     ffff'c900'000d'8000                            sixteen digits, ' every four from the right
//     hex         9c31      1'4000                               as many digits as needed
#pragma once

#include "core/types/address.h"
#include "core/types/ids.h"
#include "core/types/time.h"

#include <QString>
#include <cstdint>
#include <string_view>

namespace ksl::ui {

/// U+202F, between groups of three digits and before a unit.
inline constexpr char16_t kThinSpace = u'\u202f';

[[nodiscard]] QString format_count(std::uint64_t count);
/// `digits` after the point.
[[nodiscard]] QString format_decimal(double value, int digits);
/// `share` 0..1.
[[nodiscard]] QString format_percent(double share, int digits = 0);

[[nodiscard]] QString format_time(core::Nanoseconds time);
/// For means, quantiles and axes.
[[nodiscard]] QString format_time(double nanoseconds);
/// As short as an axis can have it: 1 µs, 2.5 ms.
[[nodiscard]] QString format_time_tick(double nanoseconds);
/// Three digits whatever the unit, so that the playhead's text keeps its width: 3.412 ms.
[[nodiscard]] QString format_playhead(core::Nanoseconds time);
/// With its sign: +1.48 µs, -212 ns.
[[nodiscard]] QString format_time_difference(double nanoseconds);
[[nodiscard]] QString format_cycles(core::Cycles cycles);

[[nodiscard]] QString format_bytes(core::Bytes bytes);
/// "11.2 of 16 KiB": both in the unit of the whole.
[[nodiscard]] QString format_bytes_of(core::Bytes part, core::Bytes whole);

[[nodiscard]] QString format_hex(std::uint64_t value);
[[nodiscard]] QString format_address(core::VirtAddr at);
[[nodiscard]] QString format_pfn(core::Pfn frame);

/// A name that the engine has, in ASCII as all of them are.
[[nodiscard]] QString latin(std::string_view name);

/// Reads what format_address(), format_hex() and a person write: optional 0x, ' _ or spaces between digits. False if it
/// is not a hex number of at most 64 bits.
[[nodiscard]] bool parse_hex(const QString& text, std::uint64_t& value);

} // namespace ksl::ui
