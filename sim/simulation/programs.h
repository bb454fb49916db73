// SPDX-License-Identifier: MIT
//
// What the actors of a workload do: for each kind of workload one program for its main process and one for its
// children. A program is asked for the next decision whenever its task has a CPU, and told what came of it.
//
// Fidelity:  programs spend no time in user mode; what is measured is the kernel's part. Waking another task costs
//            nothing beyond the wait on the other side.
#pragma once

#include "core/machine/machine.h"
#include "core/types/random.h"
#include "sim/scenario/workload_spec.h"
#include "sim/simulation/decision.h"
#include "sim/simulation/held_memory.h"

#include <cstdint>
#include <vector>

namespace ksl::sim {

class Programs {
public:
    Programs() = default;
    Programs(WorkloadSpec workload, std::uint64_t seed, const core::MachineConfig& machine);

    /// What `self` does next. It may change its own record and wake others through decisions.
    Decision decide(ActorTable& actors, ActorId self, const core::Machine& machine);
    /// What came of a decision of `self`.
    void learn(ActorTable& actors, ActorId self, const Decision& decision, const core::Outcome& outcome);
    /// The actor that a spawn made.
    void adopt(ActorTable& actors, ActorId self, ActorId child);

    /// Operations of the main program so far, those of the warm-up included, and how many there will be.
    [[nodiscard]] std::uint64_t done() const { return done_; }
    [[nodiscard]] std::uint64_t planned() const;
    [[nodiscard]] bool is_warming_up() const { return done_ < warmup_; }
    /// Children of this role run on the CPU of their parent; otherwise on the one with the shortest queue.
    [[nodiscard]] bool keeps_children_near() const;

    friend bool operator==(const Programs&, const Programs&) = default;

private:
    struct Turn; // one decision: actor, machine
    Decision main(Turn& turn, const CloneExit& spec);
    Decision main(Turn& turn, const Burst& spec);
    Decision main(Turn& turn, const Shell& spec);
    Decision main(Turn& turn, const Server& spec);
    Decision main(Turn& turn, const Ager& spec);
    Decision main(Turn& turn, const Chain& spec);
    Decision main(Turn& turn, const Overflow& spec);
    Decision main(Turn& turn, const Populate& spec);
    Decision main(Turn& turn, const Dma& spec);
    Decision main(Turn& turn, const Hotplug& spec);
    Decision main(Turn& turn, const BorrowedTable& spec);
    Decision program(Turn& turn);
    Decision worker(Turn& turn, const Server& spec);
    static Decision deep(Turn& turn, const Overflow& spec);
    static Decision driver(Turn& turn, const Dma& spec);
    static Decision resident(Turn& turn, const Populate& spec);
    /// Spawn, join, reap, pause: the way of most main programs.
    Decision one_child_at_a_time(Turn& turn, std::uint64_t total, Role role, core::TaskKind kind,
                                 core::Nanoseconds pause);
    Decision many_children(Turn& turn, std::uint64_t rounds, std::uint64_t children, core::TaskKind kind,
                           core::Nanoseconds pause);

    WorkloadSpec workload_;
    core::Frequency clock_;
    core::Random random_;
    std::uint64_t warmup_ = 0;
    std::uint64_t done_ = 0;
    unsigned cpus_ = 1;
    std::vector<ActorId> workers_;        ///< of a server, by number
    std::vector<std::uint32_t> replaced_; ///< numbers of workers that ended and are to be created anew
    HeldMemory held_;
    std::uint64_t fill_frames_ = 0; ///< ager: in use at most
};

} // namespace ksl::sim
