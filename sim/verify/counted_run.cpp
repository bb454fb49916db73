// SPDX-License-Identifier: MIT
#include "sim/verify/counted_run.h"

#include "sim/processors/processor.h"
#include "sim/scenario/memory_start.h"
#include "sim/scenario/price_file.h"
#include "sim/simulation/simulation.h"

#include <fmt/format.h>

namespace ksl::sim {

namespace {

constexpr core::Frequency kInstructionClock{1000};
constexpr std::uint32_t kTicksPerSecond = 100;
constexpr std::uint64_t kSeed = 1;
/// A page cleared by "rep stosq", eight bytes a turn.
constexpr std::uint32_t kTurnsPerPage = 512;

core::PriceList instructions_of(const core::PriceList& list) {
    std::array<core::Price, core::kSteps> prices{};
    for (std::size_t i = 0; i < core::kSteps; ++i)
        prices[i].instructions = list.price(static_cast<core::Step>(i)).instructions;
    for (const core::Step step : {core::Step::page_clear, core::Step::stack_clear_page})
        prices[static_cast<std::size_t>(step)].instructions = kTurnsPerPage;
    return {prices, 1000};
}

/// Sorts the steps of a simulation into the parts of its workload.
class Observer {
public:
    explicit Observer(std::uint32_t tasks_per_round) : tasks_per_round_(tasks_per_round) {}

    void take(const Step& step) {
        if (std::holds_alternative<core::Exec>(step.command) && main_.is_none()) {
            main_ = step.task;
        } else if (!main_.is_none() && !step.is_warmup) {
            if (std::holds_alternative<core::Spawn>(step.command) && step.task == main_)
                create(step.outcome.ledger);
            else if (created_ != 0)
                follow(step);
        }
    }
    [[nodiscard]] CountedRun finish() && {
        close_round();
        return std::move(run_);
    }

private:
    void create(const core::Ledger& ledger) {
        if (created_ == tasks_per_round_) close_round();
        run_.tasks.push_back({.round = run_.rounds.size(), .in_round = created_, .create = ledger.steps.count()});
        CountedPhase& phase = created_ < 2 ? run_.create_first_two : run_.create_rest;
        phase.add(ledger);
        ++phase.occurrences;
        ++created_;
    }
    /// What comes after the main task's last turn of a round is deferred work; only its next turn tells.
    void follow(const Step& step) {
        pending_.add(step.outcome.ledger);
        if (std::holds_alternative<core::Exit>(step.command)) ++ended_;
        const bool is_over = ended_ == tasks_per_round_;
        if (is_over && std::holds_alternative<core::Wait>(step.command) && step.task == main_) is_asleep_ = true;
        const auto* turn = std::get_if<core::Switch>(&step.command);
        const bool is_back = turn != nullptr && turn->to == main_ && !is_asleep_;
        if (!is_back && !std::holds_alternative<core::Reap>(step.command)) return;
        move_pending_to(run_.end);
    }
    void move_pending_to(CountedPhase& phase) {
        for (std::size_t i = 0; i < core::kSteps; ++i) phase.times[i] += pending_.times[i];
        phase.instructions += pending_.instructions;
        pending_ = {};
    }
    void close_round() {
        if (created_ == 0) return;
        move_pending_to(run_.deferred);
        run_.rounds.push_back(run_.end.instructions - ended_before_);
        ended_before_ = run_.end.instructions;
        ++run_.end.occurrences;
        ++run_.deferred.occurrences;
        created_ = 0;
        ended_ = 0;
        is_asleep_ = false;
    }

    std::uint32_t tasks_per_round_;
    core::TaskId main_ = core::TaskId::none();
    CountedRun run_;
    CountedPhase pending_;
    std::uint64_t ended_before_ = 0; ///< instructions of earlier rounds' ends
    std::uint32_t created_ = 0;      ///< in this round
    std::uint32_t ended_ = 0;
    bool is_asleep_ = false; ///< the main task pauses between rounds
};

std::uint32_t tasks_per_round(const WorkloadSpec& workload) {
    const auto* burst = std::get_if<Burst>(&workload);
    return burst == nullptr ? 1 : burst->threads;
}

} // namespace

void CountedPhase::add(const core::Ledger& ledger) {
    for (std::size_t i = 0; i < core::kSteps; ++i) times[i] += ledger.times[i];
    instructions += ledger.steps.count();
}

Result<core::MachineConfig> counting_machine(const DesignProfile& design, core::Bytes memory) {
    const Assets assets;
    KSL_TRY_ASSIGN(processor, load_processor(assets, "haswell"));
    KSL_TRY_ASSIGN(prices, load_prices(assets, design.kernel));
    processor.clock = kInstructionClock;
    processor.latency = {.second_level_extra = core::Cycles{0},
                         .walk_overhead = core::Cycles{0},
                         .l1d = core::Cycles{0},
                         .l2 = core::Cycles{0},
                         .l3 = core::Cycles{0},
                         .dram = core::Nanoseconds{0},
                         .invlpg = core::Cycles{0},
                         .cr3_flush = core::Cycles{0},
                         .global_flush = core::Cycles{0},
                         .ipi_round_trip = core::Cycles{0}};
    core::MachineConfig config{.cpus = 1,
                               .processor = std::move(processor),
                               .hz = kTicksPerSecond,
                               .seed = kSeed,
                               .kernel = design.facts(),
                               .design = design.stack,
                               .prices = instructions_of(prices.list),
                               .memory = pc_memory_map(memory),
                               .start = std::nullopt};
    if (const std::string problem = core::problem_with(config); !problem.empty())
        return fail("", 0, fmt::format("design {}: {}", design.name, problem));
    return config;
}

Result<CountedRun> count_instructions(const core::MachineConfig& config, const WorkloadSpec& workload) {
    KSL_TRY_ASSIGN(simulation, Simulation::start(config, workload, kSeed));
    Observer observer{tasks_per_round(workload)};
    while (simulation.step()) observer.take(simulation.last());
    return std::move(observer).finish();
}

} // namespace ksl::sim
