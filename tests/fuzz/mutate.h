// SPDX-License-Identifier: MIT
//
// Seeded changes to an input: the same seed gives the same change everywhere.
#pragma once

#include "core/types/random.h"

#include <string>

namespace ksl::fuzz {

/// A few changes: bytes, numbers made extreme, pieces removed, doubled or moved, the end cut off.
[[nodiscard]] std::string mutated(const std::string& input, core::Random& random);

} // namespace ksl::fuzz
