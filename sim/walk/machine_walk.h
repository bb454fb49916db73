// SPDX-License-Identifier: MIT
//
// Page walks on a simulated machine: what its processors have loaded, at some moment of a scenario's run.
#pragma once

#include "core/machine/machine.h"
#include "sim/base/assets.h"
#include "sim/scenario/scenario.h"
#include "sim/walk/walk_source.h"

#include <cstdint>
#include <string>

namespace ksl::sim {

/// The page tables that `cpu` has loaded.
[[nodiscard]] WalkSource walk_source_of(const core::Machine& machine, core::CpuId cpu);
/// The stack pointer of the task that `cpu` runs; an idle processor runs its idle task.
[[nodiscard]] core::VirtAddr stack_pointer_of(const core::Machine& machine, core::CpuId cpu);

/// Which moment of a run.
struct WalkMoment {
    std::string design;           ///< name of one of the scenario's; empty: the first
    std::uint64_t operations = 1; ///< of the workload that are done before
    std::uint16_t cpu = 0;
};
/// Runs the design until so many operations are done, or until its end. The error says which designs or processors
/// there are.
[[nodiscard]] Result<core::Machine> machine_at(const Assets& assets, const Scenario& scenario,
                                               const WalkMoment& moment);

} // namespace ksl::sim
