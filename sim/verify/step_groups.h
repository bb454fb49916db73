// SPDX-License-Identifier: MIT
//
// Which steps of the engine stand for which functions of a kernel: what a calibration compares.
#pragma once

#include "core/cost/price_list.h"
#include "sim/verify/counted_run.h"
#include "sim/verify/function_counts.h"

#include <cstdint>
#include <string_view>
#include <vector>

namespace ksl::sim {

/// A group in one part of a workload, summed up.
struct GroupCounts {
    std::string_view name;
    std::uint64_t simulated = 0;
    std::uint64_t measured = 0;
};

/// Every instruction of both sides is in exactly one group. `is_creation`: the zone lock is taken to allocate, else to
/// free. Groups in which neither side has anything are left out.
[[nodiscard]] std::vector<GroupCounts> group(const CountedPhase& simulated, const core::PriceList& prices,
                                             const PhaseCounts& measured, bool is_creation);

} // namespace ksl::sim
