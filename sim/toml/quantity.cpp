// SPDX-License-Identifier: MIT
#include "sim/toml/quantity.h"

#include <algorithm>
#include <charconv>
#include <limits>

namespace ksl::sim {

std::optional<std::uint64_t> parse_quantity(std::string_view text, std::span<const UnitName> units) {
    std::uint64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc{}) return std::nullopt;
    std::string_view name = text.substr(static_cast<std::size_t>(end - text.data()));
    name.remove_prefix(std::min(name.find_first_not_of(' '), name.size()));
    const auto unit = std::ranges::find_if(units, [&](const UnitName& known) { return known.name == name; });
    if (unit == units.end() || number > std::numeric_limits<std::uint64_t>::max() / unit->factor) return std::nullopt;
    return number * unit->factor;
}

} // namespace ksl::sim
