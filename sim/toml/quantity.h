// SPDX-License-Identifier: MIT
//
// Whole numbers with a unit, as people write them: "16 KiB", "250 ns".
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace ksl::sim {

struct UnitName {
    std::string_view name;
    std::uint64_t factor;
};

/// NUMBER, blanks or none, UNIT. Empty if it is not that, or more than 2^64 - 1.
[[nodiscard]] std::optional<std::uint64_t> parse_quantity(std::string_view text, std::span<const UnitName> units);

} // namespace ksl::sim
