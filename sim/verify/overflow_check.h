// SPDX-License-Identifier: MIT
//
// Overflow captures against the same overflow on the engine.
//
// Inputs:  where the victim's stack was, how deep the recursion began and how often it called; each is told several
//          times (JSON, registers, what the recursion left), and the majority counts, so that one wrong copy is one
//          difference.
// Apart:   what follows once the memory of somebody alive was overwritten, timing, and whatever a live owner wrote
//          since.
#pragma once

#include "sim/verify/verification.h"

namespace ksl::sim {

[[nodiscard]] Result<void> check_overflow(Verification& verification);

} // namespace ksl::sim
