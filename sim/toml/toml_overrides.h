// SPDX-License-Identifier: MIT
//
// --set KEY=VALUE, applied to a parsed document. Internal to sim/toml.
#pragma once

#include "sim/base/error.h"

#include <toml++/toml.h>

#include <string>

namespace ksl::sim {

/// The values it sets remember "--set KEY=VALUE" as the file that they come from.
Result<void> apply_override(toml::table& root, const std::string& assignment);

} // namespace ksl::sim
