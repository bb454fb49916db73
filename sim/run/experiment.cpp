// SPDX-License-Identifier: MIT
#include "sim/run/experiment.h"

#include "sim/run/recorder.h"
#include "sim/scenario/machine_setup.h"

#include <fmt/format.h>

#include <atomic>
#include <optional>
#include <thread>

namespace ksl::sim {

namespace {

/// One design of the experiment, set up; then its summary or what went wrong.
struct Candidate {
    const DesignProfile* design = nullptr;
    core::MachineConfig config;
    RunRecord recipe;
    Result<RunSummary> result = RunSummary{};
};

Result<Candidate> set_up(const Assets& assets, const Scenario& scenario, const DesignProfile& design,
                         const MemoryStart& start) {
    KSL_TRY_ASSIGN(prices, load_prices(assets, design.kernel));
    Candidate candidate;
    candidate.design = &design;
    KSL_TRY_ASSIGN(config, config_for(scenario, design, start, prices));
    candidate.config = std::move(config);
    candidate.recipe = recipe_for(scenario, design, start, prices, engine_name());
    return candidate;
}

std::optional<Ager> ageing_of(const Scenario& scenario) {
    if (scenario.memory.start != MemoryStartKind::aged) return std::nullopt;
    return scenario.memory.age;
}

Result<RunSummary> run(const Scenario& scenario, const Candidate& candidate, RunWriter* writer, bool keeps_events) {
    KSL_TRY_ASSIGN(simulation,
                   Simulation::start(candidate.config, scenario.workload, scenario.seed, ageing_of(scenario)));
    Recorder recorder{candidate.config, writer, keeps_events};
    while (simulation.step(&recorder, Recorder::kLevel)) KSL_TRY(recorder.take(simulation));
    KSL_TRY_ASSIGN(summary, recorder.finish(simulation));
    summary.design = candidate.design->name;
    summary.seed = scenario.seed;
    return summary;
}

void run_all(const Scenario& scenario, std::vector<Candidate>& candidates, std::vector<RunWriter>& writers,
             const ExperimentOptions& options) {
    std::atomic<std::size_t> next = 0;
    const auto work = [&] {
        for (std::size_t i = next++; i < candidates.size(); i = next++) {
            RunWriter* writer = writers.empty() ? nullptr : &writers[i];
            candidates[i].result = run(scenario, candidates[i], writer, options.keeps_events);
        }
    };
    std::vector<std::jthread> workers;
    for (unsigned i = 1; i < options.jobs && i < candidates.size(); ++i) workers.emplace_back(work);
    work();
}

} // namespace

std::string_view engine_name() {
    return "kstacklab " KSL_VERSION;
}

Result<Simulation> simulation_of(const Assets& assets, const Scenario& scenario, std::size_t design,
                                 const MemoryStart& start) {
    KSL_TRY_ASSIGN(candidate, set_up(assets, scenario, scenario.designs[design], start));
    return Simulation::start(candidate.config, scenario.workload, scenario.seed, ageing_of(scenario));
}

Result<Experiment> run_scenario(const Assets& assets, const Scenario& scenario, const ExperimentOptions& options) {
    KSL_TRY_ASSIGN(start, make_memory_start(scenario.memory, scenario.machine.cpus));
    std::vector<Candidate> candidates;
    std::vector<RunRecord> recipes;
    for (const DesignProfile& design : scenario.designs) {
        KSL_TRY_ASSIGN(candidate, set_up(assets, scenario, design, start));
        recipes.push_back(candidate.recipe);
        candidates.push_back(std::move(candidate));
    }
    std::vector<RunWriter> writers;
    if (options.store != nullptr) {
        KSL_TRY_ASSIGN(begun, options.store->begin_runs(recipes));
        writers = std::move(begun);
    }
    run_all(scenario, candidates, writers, options);
    Experiment experiment{.runs = {}, .warnings = start.warnings};
    for (Candidate& candidate : candidates) {
        if (!candidate.result) return std::unexpected(candidate.result.error());
        const RunSummary& run = *candidate.result;
        if (run.kinds.empty() && run.value("clone_failures").value_or(0) > 0) {
            experiment.warnings.push_back(
                fmt::format("{}: memory ran out before the workload could begin; nothing was measured", run.design));
        }
        experiment.runs.push_back(std::move(*candidate.result));
    }
    return experiment;
}

} // namespace ksl::sim
