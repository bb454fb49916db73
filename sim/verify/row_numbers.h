// SPDX-License-Identifier: MIT
//
// Rows that are numbered in turn: which numbers are wrong, and where a row is missing.
//
// Counting: a number that its neighbours contradict is one fault, a missing row is one, two rows in each other's places
//           are two.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace ksl::sim {

/// Beyond so many missing rows in all, numbers that jump are wrong numbers.
inline constexpr std::uint64_t kMostMissingRows = 1000;

struct NumberedRow {
    std::uint64_t number = 0; ///< the right one
    bool is_wrong = false;    ///< the recorded number is another one
    /// So many rows are missing before it.
    std::uint64_t missing_before = 0;
};

/// One a recorded row; the first row's number is believed if its successor agrees with it.
[[nodiscard]] std::vector<NumberedRow> check_numbers(std::span<const std::uint64_t> recorded, std::uint64_t first = 0);

} // namespace ksl::sim
