// SPDX-License-Identifier: MIT
#include "app/cli/scenario_options.h"

#include <algorithm>
#include <thread>

namespace ksl::cli {

void add_scenario_options(CLI::App& command, ScenarioOptions& options) {
    options.jobs = std::max(1U, std::thread::hardware_concurrency());
    command.add_option("scenario", options.scenario, "Name of a scenario (kstacklab list), or a file")->required();
    add_scenario_changes(command, options);
    command.add_option("--jobs", options.jobs, "Designs that run at a time")->check(CLI::Range(1, 256));
}

void add_scenario_changes(CLI::App& command, ScenarioOptions& options) {
    command.add_option("--seed", options.seed, "Seed of everything random, instead of the scenario's");
    command.add_option("--set", options.overrides, "Change a value: KEY=VALUE, as in machine.cpus=8")
        ->allow_extra_args(false);
    command.add_option("--memory-from", options.memory_from,
                       "Start from a real machine's memory: /proc, or a folder with copies of its files");
}

sim::Result<sim::Scenario> load(const sim::Assets& assets, const ScenarioOptions& options) {
    std::vector<std::string> overrides = options.overrides;
    if (options.seed) overrides.push_back("seed=" + std::to_string(*options.seed));
    if (!options.memory_from.empty()) {
        // A scenario tells folders from other starts by the slash in them; here it is a folder anyway.
        const bool has_slash = options.memory_from.contains('/');
        overrides.push_back("memory.start=" + (has_slash ? "" : std::string{"./"}) + options.memory_from);
    }
    return sim::load_scenario(assets, options.scenario, overrides);
}

} // namespace ksl::cli
