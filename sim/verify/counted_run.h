// SPDX-License-Identifier: MIT
//
// A workload on a machine that counts instructions and nothing else, as the emulator did on which the cost-* captures
// were made: one instruction takes one nanosecond, memory answers at once, each turn of a repeated string instruction
// is an instruction.
#pragma once

#include "core/cost/ledger.h"
#include "core/machine/config.h"
#include "sim/base/error.h"
#include "sim/scenario/design_file.h"
#include "sim/scenario/workload_spec.h"

#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

namespace ksl::sim {

/// The machine of a capture: one CPU, 100 ticks a second.
[[nodiscard]] Result<core::MachineConfig> counting_machine(const DesignProfile& design, core::Bytes memory);

/// Steps taken, by kind.
using StepTimes = std::array<std::uint64_t, core::kSteps>;

/// One part of a workload, summed up over all times that it occurred.
struct CountedPhase {
    std::uint64_t occurrences = 0;
    StepTimes times{};
    std::uint64_t instructions = 0;

    void add(const core::Ledger& ledger);
};

struct CountedTask {
    std::uint64_t round = 0;
    std::uint32_t in_round = 0;
    std::uint64_t create = 0; ///< instructions of clone() or fork()
};

/// What a workload of rounds took; a round is what is created before the first one ends.
struct CountedRun {
    std::vector<CountedTask> tasks;
    std::vector<std::uint64_t> rounds; ///< instructions from the last creation to the last one waited for
    CountedPhase create_first_two;     ///< of each round
    CountedPhase create_rest;
    CountedPhase end;      ///< exits and the wait for them
    CountedPhase deferred; ///< until the next round begins: callbacks, workers, ticks
};

[[nodiscard]] Result<CountedRun> count_instructions(const core::MachineConfig& config, const WorkloadSpec& workload);

} // namespace ksl::sim
