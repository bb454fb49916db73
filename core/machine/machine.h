// SPDX-License-Identifier: MIT
//
// The simulated computer: processors, memory, and a kernel as far as kernel stacks need one. A value: it can be copied,
// compared, hashed, written and read; copies share memory until they differ. It changes only by commands.
//
//     auto machine = Machine::boot(config);
//     const Outcome outcome = machine->apply(Spawn{CpuId{0}, TaskKind::thread});
//     const Machine before = *machine;             // a snapshot
//
// Determinism: the same configuration and the same commands give the same bits on every computer.
// Errors:      a failure of the simulated kernel is an Outcome, an event and a state. boot() fails for configurations
//              that cannot be.
// Threads:     none of its own. A machine that nobody changes may be read on any thread (see core/types/cow_array.h).
#pragma once

#include "core/machine/command.h"
#include "core/machine/config.h"
#include "core/machine/machine_state.h"

#include <cstddef>
#include <expected>
#include <span>
#include <string>
#include <vector>

namespace ksl::core {

class Machine {
public:
    /// A machine whose kernel has just come up: page tables built, free memory handed over, one idle task a processor
    /// and init. The error says what cannot be.
    [[nodiscard]] static std::expected<Machine, std::string> boot(const MachineConfig& config);

    /// Carries a command out. Events up to `level` go to `sink` while it runs.
    Outcome apply(const Command& command, EventSink* sink = nullptr, EventLevel level = EventLevel::coarse) {
        Outcome outcome;
        apply(command, outcome, sink, level);
        return outcome;
    }
    /// The same; all of `outcome` becomes that of this command. An outcome is half a kilobyte: who gives many commands
    /// need not copy it.
    void apply(const Command& command, Outcome& outcome, EventSink* sink, EventLevel level);

    [[nodiscard]] const MachineConfig& config() const { return state_.config(); }
    [[nodiscard]] const MachineState& state() const { return state_; }
    [[nodiscard]] Cycles now(CpuId cpu) const { return state_.cpu(cpu).now; }
    [[nodiscard]] Nanoseconds time(CpuId cpu) const { return config().processor.clock.to_time(now(cpu)); }
    [[nodiscard]] bool is_dead() const { return state_.is_dead; }

    /// Digest of everything that can change.
    [[nodiscard]] std::uint64_t hash() const;
    friend bool operator==(const Machine& a, const Machine& b) { return a.state_ == b.state_; }

    [[nodiscard]] std::vector<std::byte> save() const;
    /// Makes this machine, booted with the same configuration, the saved one. False: not such a state; nothing changed.
    [[nodiscard]] bool restore(std::span<const std::byte> bytes);

    /// Empty, or the first broken invariant. Looks at everything; for tests.
    [[nodiscard]] std::string check_invariants() const;

private:
    explicit Machine(MachineState state) : state_(std::move(state)) {}

    MachineState state_;
};

} // namespace ksl::core
