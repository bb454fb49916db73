// SPDX-License-Identifier: MIT
//
// The parts of captures with page tables: mmu-* (walks, leaves, dump, direct map, stacks) and snapshot-* (all but the
// first two).
#pragma once

#include "sim/verify/verification.h"

namespace ksl::sim {

[[nodiscard]] Result<void> check_machine(Verification& verification);
[[nodiscard]] Result<void> check_snapshot(Verification& verification);

} // namespace ksl::sim
