// SPDX-License-Identifier: MIT
//
// Which databases are ours, which version they have, and how an older one becomes a current one.
//
// Versions: application_id says "a kstacklab lab database", user_version which schema. A change of schema.sql raises
//           the version and adds a step to the history that converts what is there; no step may lose a row.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace ksl::sim {

inline constexpr std::int32_t kApplicationId = 0x6B534C31; ///< "kSL1"

struct SchemaStep {
    int from = 0; ///< converts version `from` to `from + 1`
    std::string sql;
};

struct SchemaHistory {
    int version = 0;      ///< current
    std::string_view sql; ///< creates a database of this version
    std::vector<SchemaStep> steps;
};

[[nodiscard]] const SchemaHistory& schema_history();

} // namespace ksl::sim
