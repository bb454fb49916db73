// SPDX-License-Identifier: MIT
//
// Fields of simple CSV rows and lines of text, without copies: captures have neither quotes nor escapes.
#pragma once

#include <charconv>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace ksl::sim {

/// The first line of `rest`, which loses it; without its line end.
inline std::string_view take_line(std::string_view& rest) {
    const std::size_t end = rest.find('\n');
    std::string_view line = rest.substr(0, end);
    rest = end == std::string_view::npos ? std::string_view{} : rest.substr(end + 1);
    if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
    return line;
}

/// False unless `row` has exactly as many fields as `fields`.
[[nodiscard]] inline bool split_fields(std::string_view row, std::span<std::string_view> fields) {
    for (std::size_t i = 0; i < fields.size(); ++i) {
        const std::size_t comma = row.find(',');
        if ((comma == std::string_view::npos) != (i + 1 == fields.size())) return false;
        fields[i] = row.substr(0, comma);
        if (comma != std::string_view::npos) row.remove_prefix(comma + 1);
    }
    return true;
}

/// Decimal, or hexadecimal after 0x; nothing if anything else is in the text.
[[nodiscard]] inline std::optional<std::uint64_t> parse_number(std::string_view text, int base = 10) {
    if (text.starts_with("0x") || text.starts_with("0X")) {
        text.remove_prefix(2);
        base = 16;
    }
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
    if (text.empty() || error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return value;
}

} // namespace ksl::sim
