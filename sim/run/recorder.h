// SPDX-License-Identifier: MIT
//
// Turns the steps of a simulation into results: a row for each clone, exit and other operation, whole lives, sums and
// samples; into a lab database if there is one.
//
//     Recorder recorder{simulation.machine().config(), writer};
//     while (simulation.step(&recorder, Recorder::kLevel)) KSL_TRY(recorder.take(simulation));
//     KSL_TRY_ASSIGN(summary, recorder.finish(simulation));
//
// Rows:     clone and fork are what the caller waits for. An exit is the exit itself and the switch away from the dead
//           task, in which its stack is given back. A timer tick that fell into an operation is part of its latency,
//           and a row of its own. Exec, call, vmalloc and page requests are what they say; switches and waits have no
//           rows.
// Lives:    a thread's or process's clone, first switch to it, exit, and everything that was put off for it, without
//           the ticks between; only of tasks that were created in the recorded part of the workload.
// Threads:  one run, one recorder, one thread.
#pragma once

#include "sim/run/event_tally.h"
#include "sim/run/run_summary.h"
#include "sim/simulation/simulation.h"
#include "sim/store/run_tally.h"
#include "sim/store/run_writer.h"

#include <array>
#include <optional>
#include <vector>

namespace ksl::sim {

class Recorder final : public core::EventSink {
public:
    static constexpr core::EventLevel kLevel = core::EventLevel::coarse;

    /// `writer`: may be null; must outlive this. `keeps_events`: coarse events go into the database, too.
    explicit Recorder(const core::MachineConfig& config, RunWriter* writer = nullptr, bool keeps_events = false);

    void on_event(const core::Event& event) override;
    /// The simulation's last step.
    Result<void> take(const Simulation& simulation);
    /// The run is over: what is still held back, totals, metrics.
    Result<RunSummary> finish(const Simulation& simulation);

private:
    struct Life {
        core::Cycles cycles;
        OperationRow costs;
        bool is_recorded = false; ///< created in the recorded part
        bool has_run = false;
    };
    /// The last operation of a CPU, until its next step shows that nothing more belongs to it.
    struct Pending {
        OperationRow row;
        core::Ledger ledger;
        bool is_waiting = false;
    };

    Result<void> take_clone(const Step& step, const core::Machine& machine);
    Result<void> take_exit(const Step& step);
    Result<void> take_switch(const Step& step);
    Result<void> take_tick(const Step& step);
    Result<void> take_other(const Step& step, OperationKind kind);
    [[nodiscard]] OperationRow row_of(const Step& step, OperationKind kind) const;
    void add_costs(OperationRow& row, const core::Ledger& ledger) const;
    void add_to_life(core::TaskId task, const Step& step);
    void end_life(const core::TaskReleased& released);
    void count_steps(OperationKind kind, const core::Ledger& ledger);
    void hold(core::CpuId cpu, const OperationRow& row);
    Result<void> let_go(core::CpuId cpu);
    Result<void> write(const OperationRow& row);
    Result<void> write_events();
    Result<void> sample(const Simulation& simulation);
    Life& life(core::TaskId task);
    [[nodiscard]] std::vector<Metric> metrics(const Simulation& simulation) const;
    [[nodiscard]] std::vector<StepTotal> step_totals() const;

    const core::MachineConfig& config_;
    RunWriter* writer_;
    bool keeps_events_;
    RunTally tally_;
    std::vector<Pending> pending_; ///< by CPU
    std::vector<Life> lives_;      ///< by task
    std::array<std::array<std::uint64_t, core::kSteps>, kOperationKinds> steps_{};
    std::vector<core::Event> events_;          ///< of the present step, if they are kept
    std::vector<core::TaskReleased> released_; ///< in the present step
    EventTally tallied_;
    std::optional<core::StackSink> sink_; ///< of a stack given back in the present step
    bool has_overrun_ = false;            ///< a stack was left in the present step
    core::Ledger switches_;               ///< sum over all switches of the recorded part,
    std::uint64_t switch_count_ = 0;      ///< which are so many
    std::uint64_t stacks_ = 0;            ///< given to tasks in the recorded part,
    std::uint64_t cached_stacks_ = 0;     ///< of these, from a cache
    std::uint64_t failures_ = 0;
    std::uint64_t next_sample_ = 0;
};

} // namespace ksl::sim
