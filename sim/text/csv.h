// SPDX-License-Identifier: MIT
//
// Comma-separated values, RFC 4180: a field with a comma, a quote or a line end stands in quotes, quotes in it doubled.
// Reading accepts "\n" and "\r\n" line ends and a byte-order mark.
#pragma once

#include "sim/base/error.h"

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace ksl::sim {

/// Appends one line, ended by "\n".
void append_csv_row(std::string& text, std::span<const std::string> fields);

struct CsvRow {
    int line = 0; ///< where it begins, from 1
    std::vector<std::string> fields;
};

/// All rows; empty lines are left out. `file` is for messages.
[[nodiscard]] Result<std::vector<CsvRow>> parse_csv(std::string_view text, std::string_view file);

} // namespace ksl::sim
