// SPDX-License-Identifier: MIT
//
// The instruction counts of a cost-* capture: summed up, looked through for contradictions, and held against the
// engine's own (see calibration.h).
//
// Format:  *.csv with one row an operation; columns *_instructions hold counts. The median of each is reported.
#pragma once

#include "sim/verify/verification.h"

namespace ksl::sim {

[[nodiscard]] Result<void> check_cost(Verification& verification);

} // namespace ksl::sim
