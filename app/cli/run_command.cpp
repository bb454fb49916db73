// SPDX-License-Identifier: MIT
//
// `kstacklab run SCENARIO`: runs it, logs it, prints the comparison.
#include "app/cli/cli.h"
#include "app/cli/scenario_options.h"
#include "sim/run/experiment.h"
#include "sim/run/figures.h"
#include "sim/run/overflow_report.h"
#include "sim/run/run_report.h"

#include <algorithm>
#include <cstdio>
#include <memory>

namespace ksl::cli {

namespace {

struct RunOptions {
    ScenarioOptions scenario;
    std::string database;
    bool json = false;
    bool keeps_events = false;
};

void print(const sim::Scenario& scenario, const sim::Experiment& experiment, std::span<const sim::Verdict> verdicts) {
    for (const std::string& warning : experiment.warnings) std::fprintf(stderr, "kstacklab: %s\n", warning.c_str());
    std::printf("%s\n\n", scenario.title.c_str());
    std::printf("%s\n", to_text(comparison_table(experiment.runs, scenario.baseline)).c_str());
    std::printf("%s", to_text(result_table(experiment.runs)).c_str());
    if (const sim::Table overflows = overflow_table(experiment.runs); !overflows.rows.empty())
        std::printf("\nStacks that were left\n%s", to_text(overflows).c_str());
    if (!verdicts.empty()) std::printf("\n");
    for (const sim::Verdict& verdict : verdicts) {
        std::printf("%s  %s\n", verdict.holds ? "holds" : "FAILS", verdict.text.c_str());
    }
}

/// `kstacklab run figures`: every published figure with its band and what the simulation says.
sim::Result<int> run_all_figures(const sim::Assets& assets, const RunOptions& options) {
    KSL_TRY_ASSIGN(results, sim::run_figures(assets, options.scenario.jobs));
    const sim::Table table = figure_table(results);
    std::printf("%s\n", (options.json ? to_json(table) : to_text(table)).c_str());
    const bool all_hold =
        std::ranges::all_of(results, [](const sim::FigureResult& result) { return result.verdict.holds; });
    return all_hold ? kDone : kDiffers;
}

sim::Result<int> run(const CommandLine& line, const RunOptions& options) {
    KSL_TRY_ASSIGN(assets, line.assets());
    if (options.scenario.scenario == "figures") return run_all_figures(assets, options);
    KSL_TRY_ASSIGN(scenario, load(assets, options.scenario));
    sim::ExperimentOptions how{.store = nullptr, .jobs = options.scenario.jobs, .keeps_events = options.keeps_events};
    std::optional<sim::RunStore> store;
    if (!options.database.empty()) {
        KSL_TRY_ASSIGN(opened, sim::RunStore::open(options.database, sim::OpenMode::append));
        store.emplace(std::move(opened));
        how.store = &*store;
    }
    KSL_TRY_ASSIGN(experiment, run_scenario(assets, scenario, how));
    if (store) KSL_TRY(store->close());
    const std::vector<sim::Verdict> verdicts = judge(scenario, experiment.runs);
    if (options.json) {
        for (const std::string& warning : experiment.warnings) std::fprintf(stderr, "kstacklab: %s\n", warning.c_str());
        std::printf("%s\n", sim::run_json(experiment.runs, scenario.baseline, verdicts).c_str());
    } else {
        print(scenario, experiment, verdicts);
    }
    return kDone;
}

} // namespace

void add_run(CommandLine& line) {
    auto options = std::make_shared<RunOptions>();
    CLI::App* command =
        line.add("run", "Runs a scenario and compares its designs", [&line, options] { return run(line, *options); });
    add_scenario_options(*command, options->scenario);
    command->add_option("--db", options->database, "Lab database to log into; made if it is missing");
    command->add_flag("--events", options->keeps_events, "Log what happened, too (needs --db)");
    command->add_flag("--json", options->json, "Print JSON instead of a table");
}

} // namespace ksl::cli
