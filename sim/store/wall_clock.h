// SPDX-License-Identifier: MIT
//
// The real world's time; for the columns whose names begin with wall_, and for nothing else.
#pragma once

#include <string>

namespace ksl::sim {

/// Now, UTC: "2026-01-31T12:00:00Z".
[[nodiscard]] std::string wall_clock_text();

} // namespace ksl::sim
