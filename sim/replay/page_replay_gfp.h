// SPDX-License-Identifier: MIT
//
// gfp flags as a trace prints them ("GFP_KERNEL|__GFP_ZERO") to those that the allocator acts on.
//
// Source:  include/trace/events/mmflags.h of 4.7 and 6.1: names of combinations first, then of single flags.
#pragma once

#include "core/memory/gfp.h"

#include <string_view>

namespace ksl::sim {

/// Names that do not concern the allocator, and unknown ones, add nothing.
[[nodiscard]] core::Gfp parse_gfp(std::string_view text);

} // namespace ksl::sim
