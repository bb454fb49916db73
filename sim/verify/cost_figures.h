// SPDX-License-Identifier: MIT
//
// The instruction counts of a cost-* capture, summed up.
//
// Format:  *.csv with one row an operation; columns *_instructions hold counts. The median of each is reported.
#pragma once

#include "sim/verify/verification.h"

namespace ksl::sim {

[[nodiscard]] Result<void> read_cost_figures(Verification& verification);

} // namespace ksl::sim
