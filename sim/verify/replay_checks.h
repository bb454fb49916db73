// SPDX-License-Identifier: MIT
//
// The parts of a replay-* capture: pages, vmalloc, stack cache, slabs, states.
#pragma once

#include "sim/verify/verification.h"

namespace ksl::sim {

[[nodiscard]] Result<void> check_replay(Verification& verification);

} // namespace ksl::sim
