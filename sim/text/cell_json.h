// SPDX-License-Identifier: MIT
//
// A cell of a table as JSON: numbers as numbers, nothing as null, addresses as text ("0xffffc90000004000"), because many
// readers keep 53 bits of a number. For .cpp files.
#pragma once

#include "sim/text/table.h"

#include <nlohmann/json.hpp>

namespace ksl::sim {

[[nodiscard]] nlohmann::ordered_json json_of(const Cell& cell, Unit unit);

} // namespace ksl::sim
