// SPDX-License-Identifier: MIT
#include "sim/run/recorder.h"

#include "sim/run/event_text.h"
#include "sim/run/overflow_report.h"
#include "sim/run/run_metrics.h"

#include <algorithm>
#include <utility>

namespace ksl::sim {

namespace {

constexpr std::uint64_t kSamples = 200;

Outcome outcome_of(core::OutcomeStatus status) {
    switch (status) {
    case core::OutcomeStatus::done: return Outcome::ok;
    case core::OutcomeStatus::no_memory: return Outcome::no_memory;
    case core::OutcomeStatus::try_again: return Outcome::no_task;
    case core::OutcomeStatus::no_address_space: return Outcome::no_addresses;
    case core::OutcomeStatus::task_killed: return Outcome::task_killed;
    case core::OutcomeStatus::machine_died: return Outcome::machine_died;
    case core::OutcomeStatus::refused: break;
    }
    return Outcome::refused;
}

/// What a command other than clone, exit, switch and tick is recorded as; nothing if it has no rows.
std::optional<OperationKind> kind_of(const core::Command& command) {
    if (std::holds_alternative<core::Exec>(command)) return OperationKind::exec;
    if (std::holds_alternative<core::Call>(command)) return OperationKind::call;
    if (std::holds_alternative<core::StrayAccess>(command)) return OperationKind::call;
    if (std::holds_alternative<core::AllocPages>(command)) return OperationKind::alloc_pages;
    if (std::holds_alternative<core::FreePages>(command)) return OperationKind::free_pages;
    if (std::holds_alternative<core::Vmalloc>(command)) return OperationKind::vmalloc;
    if (std::holds_alternative<core::Vfree>(command)) return OperationKind::vfree;
    return std::nullopt;
}

} // namespace

Recorder::Recorder(const core::MachineConfig& config, RunWriter* writer, bool keeps_events)
    : config_(config), writer_(writer), keeps_events_(keeps_events && writer != nullptr), pending_(config.cpus) {}

void Recorder::on_event(const core::Event& event) {
    tallied_.add(event.body);
    if (const auto* released = std::get_if<core::TaskReleased>(&event.body)) released_.push_back(*released);
    if (const auto* stack = std::get_if<core::StackReleased>(&event.body)) sink_ = stack->sink;
    if (std::holds_alternative<core::StackOverran>(event.body)) has_overrun_ = true;
    if (keeps_events_) events_.push_back(event);
}

Result<void> Recorder::take(const Simulation& simulation) {
    const Step& step = simulation.last();
    const bool counts = !step.is_preparation && !step.is_warmup;
    if (counts) KSL_TRY(write_events());
    if (std::holds_alternative<core::Spawn>(step.command)) {
        KSL_TRY(take_clone(step, simulation.machine()));
    } else if (std::holds_alternative<core::Exit>(step.command)) {
        KSL_TRY(take_exit(step));
    } else if (std::holds_alternative<core::Switch>(step.command)) {
        KSL_TRY(take_switch(step));
    } else if (std::holds_alternative<core::Tick>(step.command) ||
               std::holds_alternative<core::RunWork>(step.command)) {
        KSL_TRY(take_tick(step));
    } else if (const auto kind = kind_of(step.command); kind && counts) {
        KSL_TRY(take_other(step, *kind));
    }
    for (const core::TaskReleased& released : std::exchange(released_, {})) end_life(released);
    sink_.reset();
    has_overrun_ = false;
    events_.clear();
    if (counts) return sample(simulation);
    return {};
}

Result<void> Recorder::take_clone(const Step& step, const core::Machine& machine) {
    KSL_TRY(let_go(step.cpu));
    if (step.is_preparation) return {};
    const auto& spawn = std::get<core::Spawn>(step.command);
    const OperationKind kind = spawn.kind == core::TaskKind::process ? OperationKind::fork : OperationKind::clone;
    const bool is_done = step.outcome.is_done();
    if (is_done) {
        Life& life = this->life(core::TaskId{step.outcome.value});
        life = {};
        life.is_recorded = !step.is_warmup;
        add_to_life(core::TaskId{step.outcome.value}, step);
    }
    if (step.is_warmup) return {};
    OperationRow row = row_of(step, kind);
    if (is_done) {
        row.task = machine.state().tasks[core::TaskId{step.outcome.value}].pid;
        row.source = step.outcome.stack_source;
        ++stacks_;
        if (step.outcome.stack_source == core::StackSource::stack_cache) ++cached_stacks_;
    } else {
        ++failures_;
    }
    count_steps(kind, step.outcome.ledger);
    hold(step.cpu, row);
    return {};
}

Result<void> Recorder::take_exit(const Step& step) {
    KSL_TRY(let_go(step.cpu));
    if (step.is_preparation) return {};
    add_to_life(step.task, step);
    if (!life(step.task).is_recorded) return {};
    count_steps(OperationKind::exit, step.outcome.ledger);
    hold(step.cpu, row_of(step, OperationKind::exit));
    return {};
}

/// The switch away from a dead task ends its exit; the first one to a task belongs to its life.
Result<void> Recorder::take_switch(const Step& step) {
    Pending& pending = pending_[step.cpu.raw()];
    const bool ends_exit = pending.is_waiting && pending.row.kind == OperationKind::exit;
    if (ends_exit) {
        add_costs(pending.row, step.outcome.ledger);
        pending.row.ipis += step.outcome.ipis;
        pending.row.sink = sink_;
        count_steps(OperationKind::exit, step.outcome.ledger);
    }
    KSL_TRY(let_go(step.cpu));
    if (step.is_preparation) return {};
    if (!step.is_warmup) {
        switches_ += step.outcome.ledger;
        ++switch_count_;
    }
    if (ends_exit) {
        add_to_life(step.task, step);
        return {};
    }
    const auto& target = std::get<core::Switch>(step.command).to;
    if (target.is_none() || target.raw() >= lives_.size()) return {};
    if (!std::exchange(lives_[target.raw()].has_run, true)) add_to_life(target, step);
    return {};
}

Result<void> Recorder::take_tick(const Step& step) {
    if (step.is_preparation || step.is_warmup) return {};
    if (std::holds_alternative<core::Tick>(step.command) && pending_[step.cpu.raw()].is_waiting) {
        add_costs(pending_[step.cpu.raw()].row, step.outcome.ledger);
    }
    KSL_TRY(let_go(step.cpu));
    count_steps(OperationKind::tick, step.outcome.ledger);
    return write(row_of(step, OperationKind::tick));
}

Result<void> Recorder::take_other(const Step& step, OperationKind kind) {
    KSL_TRY(let_go(step.cpu));
    OperationRow row = row_of(step, kind);
    if (row.outcome == Outcome::ok && has_overrun_) row.outcome = Outcome::overflow;
    if (row.outcome != Outcome::ok) ++failures_;
    count_steps(kind, step.outcome.ledger);
    hold(step.cpu, row);
    return {};
}

OperationRow Recorder::row_of(const Step& step, OperationKind kind) const {
    OperationRow row;
    row.kind = kind;
    row.outcome = outcome_of(step.outcome.status);
    row.cpu = step.cpu.raw();
    row.task = step.task.raw();
    row.start_ns = config_.processor.clock.to_time(step.start).count();
    add_costs(row, step.outcome.ledger);
    row.ipis += step.outcome.ipis;
    row.oom_kills += step.outcome.oom_kills;
    return row;
}

void Recorder::add_costs(OperationRow& row, const core::Ledger& ledger) const {
    using core::Step;
    row.cycles += ledger.total.count();
    row.latency_ns = config_.processor.clock.to_time(core::Cycles{row.cycles}).count();
    row.step_cycles += ledger.steps.count();
    row.memory_cycles += ledger.memory_stalls.count();
    row.tlb_cycles += ledger.tlb_stalls.count();
    row.lock_cycles += ledger.lock_waits.count();
    row.accesses += ledger.accesses;
    row.l1_dtlb_misses += ledger.l1_dtlb_misses;
    row.stlb_misses += ledger.stlb_misses;
    row.walks += ledger.walks;
    row.walk_references += ledger.walk_references;
    row.lines_l1 += ledger.lines[static_cast<std::size_t>(core::CacheLevel::l1)];
    row.lines_l2 += ledger.lines[static_cast<std::size_t>(core::CacheLevel::l2)];
    row.lines_l3 += ledger.lines[static_cast<std::size_t>(core::CacheLevel::l3)];
    row.lines_memory += ledger.lines[static_cast<std::size_t>(core::CacheLevel::memory)];
    row.block_splits += ledger.count(Step::buddy_split);
    row.block_merges += ledger.count(Step::buddy_merge);
    row.pcp_refills += ledger.count(Step::pcp_refill);
    row.fallbacks += ledger.count(Step::fallback_search);
    row.tree_levels += ledger.count(Step::area_tree_level);
    row.list_steps += ledger.count(Step::area_list_step);
    row.new_table_pages += ledger.count(Step::table_page_new);
    row.pages_cleared += ledger.count(Step::page_clear) + ledger.count(Step::stack_clear_page);
    row.purged_areas += ledger.count(Step::purge_area);
    row.pages_reclaimed += ledger.count(Step::reclaim_page);
    row.pages_migrated += ledger.count(Step::compact_migrate_page);
}

Recorder::Life& Recorder::life(core::TaskId task) {
    if (task.raw() >= lives_.size()) lives_.resize(task.raw() + 1);
    return lives_[task.raw()];
}

void Recorder::add_to_life(core::TaskId task, const Step& step) {
    Life& life = this->life(task);
    if (!life.is_recorded) return;
    life.cycles += step.outcome.ledger.total;
    add_costs(life.costs, step.outcome.ledger);
    life.costs.ipis += step.outcome.ipis;
    life.costs.oom_kills += step.outcome.oom_kills;
}

void Recorder::end_life(const core::TaskReleased& released) {
    Life& life = this->life(core::TaskId{released.task});
    if (!life.is_recorded) return;
    life.is_recorded = false;
    life.cycles += core::Cycles{released.deferred_cycles};
    OperationRow row = life.costs;
    row.kind = OperationKind::life;
    row.cycles = life.cycles.count();
    row.latency_ns = config_.processor.clock.to_time(life.cycles).count();
    tally_.add_without_row(row);
    if (writer_ != nullptr) writer_->add_life(row);
}

void Recorder::count_steps(OperationKind kind, const core::Ledger& ledger) {
    auto& counts = steps_[static_cast<std::size_t>(kind)];
    for (std::size_t step = 0; step < core::kSteps; ++step) counts[step] += ledger.times[step];
}

void Recorder::hold(core::CpuId cpu, const OperationRow& row) {
    pending_[cpu.raw()].row = row;
    pending_[cpu.raw()].is_waiting = true;
}

Result<void> Recorder::let_go(core::CpuId cpu) {
    Pending& pending = pending_[cpu.raw()];
    if (!std::exchange(pending.is_waiting, false)) return {};
    return write(pending.row);
}

Result<void> Recorder::write(const OperationRow& row) {
    tally_.add(row);
    if (writer_ == nullptr) return {};
    return writer_->append(row);
}

Result<void> Recorder::write_events() {
    for (const core::Event& event : events_) {
        KSL_TRY(writer_->add_event({.at_ns = config_.processor.clock.to_time(event.at).count(),
                                    .cpu = event.cpu.raw(),
                                    .kind = std::string(event_name(event.body)),
                                    .detail = event_json(event.body)}));
    }
    return {};
}

/// Evenly over the workload's operations.
Result<void> Recorder::sample(const Simulation& simulation) {
    if (writer_ == nullptr || simulation.done() < next_sample_) return {};
    next_sample_ = simulation.done() + std::max<std::uint64_t>(1, simulation.planned() / kSamples);
    for (SeriesPoint& point : sample_of(simulation)) KSL_TRY(writer_->add_point(std::move(point)));
    return {};
}

Result<RunSummary> Recorder::finish(const Simulation& simulation) {
    for (std::uint16_t cpu = 0; cpu < pending_.size(); ++cpu) KSL_TRY(let_go(core::CpuId{cpu}));
    RunSummary summary;
    summary.status = RunStatus::complete;
    summary.simulated_ns = simulation.now().count();
    summary.state_digest = simulation.hash();
    summary.failures = failures_;
    if (stacks_ != 0) summary.stack_cache_hit_rate = static_cast<double>(cached_stacks_) / static_cast<double>(stacks_);
    summary.kinds = summarise(tally_);
    summary.metrics = metrics(simulation);
    summary.steps = step_totals();
    summary.overflows = overflow_stories(simulation.machine());
    if (writer_ == nullptr) return summary;
    summary.run_id = writer_->id();
    writer_->add_step_totals(summary.steps);
    for (const Metric& metric : summary.metrics) writer_->add_metric(metric);
    KSL_TRY(writer_->finish(
        {.status = summary.status, .simulated_ns = summary.simulated_ns, .state_digest = summary.state_digest}));
    return summary;
}

std::vector<Metric> Recorder::metrics(const Simulation& simulation) const {
    std::vector<Metric> metrics = metrics_of(simulation.machine());
    if (stacks_ != 0) {
        metrics.push_back(
            {"stack_cache_hit_rate", static_cast<double>(cached_stacks_) / static_cast<double>(stacks_), "share"});
    }
    if (switch_count_ != 0) {
        const auto mean = [&](std::string name, std::uint64_t sum, std::string unit) {
            metrics.push_back(
                {std::move(name), static_cast<double>(sum) / static_cast<double>(switch_count_), std::move(unit)});
        };
        metrics.push_back({"switches", static_cast<double>(switch_count_), "count"});
        mean("switch_cycles_mean", switches_.total.count(), "cycles");
        mean("switch_tlb_cycles_mean", switches_.tlb_stalls.count(), "cycles");
        mean("switch_l1_dtlb_misses_mean", switches_.l1_dtlb_misses, "count");
        mean("switch_stlb_misses_mean", switches_.stlb_misses, "count");
    }
    tallied_.add_to(metrics);
    metrics.push_back({"failures", static_cast<double>(failures_), "count"});
    return metrics;
}

std::vector<StepTotal> Recorder::step_totals() const {
    std::vector<StepTotal> totals;
    for (std::size_t kind = 0; kind < kOperationKinds; ++kind) {
        for (std::size_t step = 0; step < core::kSteps; ++step) {
            const std::uint64_t times = steps_[kind][step];
            if (times == 0) continue;
            const core::Cycles price = config_.prices[static_cast<core::Step>(step)];
            totals.push_back({.kind = static_cast<OperationKind>(kind),
                              .step = std::string(core::name_of(static_cast<core::Step>(step))),
                              .times = times,
                              .cycles = times * price.count()});
        }
    }
    return totals;
}

} // namespace ksl::sim
