// SPDX-License-Identifier: MIT
//
// A table of results that can be shown in three ways: aligned text for people, CSV for spreadsheets, JSON for programs.
// Text shows numbers with units ("1.21 µs"); CSV and JSON carry plain numbers in the column's unit, named by its key
// ("p50_ns"); in JSON, addresses are text ("0xffffc90000004000").
#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

namespace ksl::sim {

/// How a column's numbers read as text.
enum class Unit : std::uint8_t { text, count, nanoseconds, bytes, hex, ratio, share, plain };

struct Column {
    std::string key;   ///< name in CSV and JSON; ends with the unit: "p50_ns"
    std::string title; ///< heading in text
    Unit unit = Unit::text;
};

/// std::monostate = no value: "-" in text, nothing in CSV, null in JSON.
using Cell = std::variant<std::monostate, std::int64_t, std::uint64_t, double, std::string>;

struct Table {
    std::vector<Column> columns;
    std::vector<std::vector<Cell>> rows; ///< each as long as `columns`
};

/// Columns two spaces apart, numbers to the right, words to the left, a line under the headings.
[[nodiscard]] std::string to_text(const Table& table);
/// RFC 4180 with "\n" line ends; the first line has the keys.
[[nodiscard]] std::string to_csv(const Table& table);
/// An array of objects, one a line.
[[nodiscard]] std::string to_json(const Table& table);

/// Columns that `text` takes on a terminal: code points, which is right for the letters and signs that we print.
[[nodiscard]] std::size_t display_width(const std::string& text);

} // namespace ksl::sim
