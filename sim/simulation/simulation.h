// SPDX-License-Identifier: MIT
//
// A run: a machine, the actors of its workload, and time over all CPUs. A value, like the machine: it can be copied,
// compared and continued; the same start gives the same steps on every computer.
//
//     KSL_TRY_ASSIGN(simulation, Simulation::start(config, workload, seed));
//     while (simulation.step()) use(simulation.last());
//
// Time:     each CPU has its clock. The next step is taken by the CPU whose next step starts first (the lowest number
//           among equals), and is carried out whole. A CPU's timer ticks hz times a second while it has work, and while
//           it idles with callbacks waiting for a grace period.
// Fidelity: a step sees what steps that started earlier have done, also if they end later; locks make it wait.
#pragma once

#include "core/machine/machine.h"
#include "sim/base/error.h"
#include "sim/simulation/programs.h"
#include "sim/simulation/run_queues.h"

#include <cstdint>
#include <optional>

namespace ksl::sim {

/// What the last step was.
struct Step {
    core::Command command;
    core::CpuId cpu{0};
    core::TaskId task;  ///< current when the step began
    core::Cycles start; ///< on the CPU's clock
    core::Outcome outcome;
    bool is_warmup = false;      ///< before the recorded part of the workload
    bool is_preparation = false; ///< before the workload: first processes, ageing
};

class Simulation {
public:
    /// Boots a machine, creates the workload's process and, if asked to, makes memory old first.
    [[nodiscard]] static Result<Simulation> start(const core::MachineConfig& config, const WorkloadSpec& workload,
                                                  std::uint64_t seed, const std::optional<Ager>& age = std::nullopt);

    /// Takes one step; false if nothing is left to do. Events up to `level` go to `sink`.
    bool step(core::EventSink* sink = nullptr, core::EventLevel level = core::EventLevel::none);

    [[nodiscard]] const core::Machine& machine() const { return machine_; }
    /// The last step; meaningless before the first one.
    [[nodiscard]] const Step& last() const { return last_; }
    /// Steps taken.
    [[nodiscard]] std::uint64_t steps() const { return steps_; }
    /// When the last step began.
    [[nodiscard]] core::Nanoseconds now() const { return machine_.config().processor.clock.to_time(last_.start); }
    [[nodiscard]] bool is_finished() const { return is_finished_; }
    /// Operations of the workload done and planned, warm-up included.
    [[nodiscard]] std::uint64_t done() const { return programs_.done(); }
    [[nodiscard]] std::uint64_t planned() const { return programs_.planned(); }
    [[nodiscard]] std::uint64_t hash() const { return machine_.hash(); }

    friend bool operator==(const Simulation& a, const Simulation& b) {
        return a.machine_ == b.machine_ && a.actors_ == b.actors_ && a.queues_ == b.queues_ &&
               a.programs_ == b.programs_ && a.cpus_ == b.cpus_ && a.steps_ == b.steps_ &&
               a.is_finished_ == b.is_finished_;
    }

private:
    struct CpuState {
        core::Cycles next_tick;
        ActorId actor;             ///< whose task is current; none: idle, or on the way to it
        bool needs_switch = false; ///< the current task ended, waits or has had its time
        bool is_ending = false;    ///< the current task has ended; only the switch is left of it
        ActorId zombie;            ///< the process that the switch leaves for its parent to reap
        friend bool operator==(const CpuState&, const CpuState&) = default;
    };
    struct Tracer {
        core::EventSink* sink;
        core::EventLevel level;
    };

    explicit Simulation(core::Machine machine);

    [[nodiscard]] core::Cycles now_of(core::CpuId cpu) const { return machine_.now(cpu); }
    [[nodiscard]] bool has_deferred_work(core::CpuId cpu) const;
    /// When the CPU's next step would start; the end of time if it has none.
    [[nodiscard]] core::Cycles next_start(core::CpuId cpu) const;
    /// Whose next step starts first; none if no CPU has one.
    [[nodiscard]] core::CpuId next_cpu();

    // Each of these returns true if it took a step, false if nothing but the simulation's own state changed.
    bool advance(core::CpuId cpu, Tracer tracer);
    bool reschedule(core::CpuId cpu, Tracer tracer);
    bool run_program(core::CpuId cpu, Tracer tracer);
    bool wait(core::CpuId cpu, Tracer tracer);
    bool finish(core::CpuId cpu, Tracer tracer);
    void tick(core::CpuId cpu, Tracer tracer);
    void idle(core::CpuId cpu, core::Cycles until, Tracer tracer);
    void switch_to(core::CpuId cpu, ActorId next, Tracer tracer);
    void spawn(core::CpuId cpu, const Decision& decision, Tracer tracer);
    void exit(core::CpuId cpu, Tracer tracer);
    void reap(core::CpuId cpu, Tracer tracer);

    /// Carries a command out; it is made where it stays, in last_.
    template <class Body>
    const core::Outcome& apply(core::CpuId cpu, const Body& command, Tracer tracer) {
        last_.command = command;
        return apply_last(cpu, tracer);
    }
    const core::Outcome& apply_last(core::CpuId cpu, Tracer tracer);
    void wake(ActorId other, core::Cycles at);
    void lose_child(ActorId parent, core::Cycles at);
    void adopt_orphans_of(ActorId parent);
    void wake_victims(core::Cycles at);
    [[nodiscard]] core::CpuId cpu_for_child(ActorId parent) const;

    core::Machine machine_;
    ActorTable actors_;
    RunQueues queues_;
    Programs programs_;
    std::vector<CpuState> cpus_;
    core::Cycles tick_period_;
    WorkloadSpec workload_; ///< follows the ageing
    std::uint64_t seed_ = 1;
    Step last_;
    std::uint64_t steps_ = 0;
    bool is_finished_ = false;
    bool is_preparing_ = true; ///< ageing
    bool has_begun_ = false;   ///< the workload's first decision was taken
};

} // namespace ksl::sim
