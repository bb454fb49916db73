// SPDX-License-Identifier: MIT
//
// `kstacklab check PATH...`: runs scenarios and holds their results against their [[expect]] blocks.
#include "app/cli/cli.h"
#include "app/cli/junit.h"
#include "sim/run/expectations.h"
#include "sim/run/experiment.h"

#include <algorithm>
#include <cstdio>
#include <memory>
#include <system_error>
#include <thread>

namespace ksl::cli {

namespace {

struct CheckOptions {
    std::vector<std::string> paths;
    std::vector<std::string> overrides;
    std::string junit;
    unsigned jobs = 1;
};

/// Scenarios that a path names: a folder's files in order, a file, or an asset.
sim::Result<std::vector<std::string>> scenarios_in(const std::string& path) {
    std::error_code error;
    if (!std::filesystem::is_directory(path, error)) return std::vector{path};
    std::vector<std::string> found;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(path, error)) {
        if (entry.path().extension() == ".toml") found.push_back(entry.path().string());
    }
    if (error) return sim::fail_environment(path, "cannot be read: " + error.message());
    if (found.empty()) return sim::fail(path, 0, "there are no scenarios (*.toml) in this folder");
    std::ranges::sort(found);
    return found;
}

sim::Result<JunitSuite> check_one(const sim::Assets& assets, const std::string& path, const CheckOptions& options) {
    KSL_TRY_ASSIGN(scenario, sim::load_scenario(assets, path, options.overrides));
    KSL_TRY_ASSIGN(experiment, run_scenario(assets, scenario, {.store = nullptr, .jobs = options.jobs}));
    JunitSuite suite{.name = scenario.name, .cases = {}};
    for (const sim::Verdict& verdict : judge(scenario, experiment.runs)) {
        suite.cases.push_back({verdict.design + ": " + verdict.expectation.metric, verdict.holds, verdict.text});
        std::printf("%s  %s: %s\n", verdict.holds ? "holds" : "FAILS", scenario.name.c_str(), verdict.text.c_str());
    }
    std::fflush(stdout);
    return suite;
}

sim::Result<int> check(const CommandLine& line, const CheckOptions& options) {
    KSL_TRY_ASSIGN(assets, line.assets());
    std::vector<JunitSuite> suites;
    std::size_t checked = 0;
    std::size_t failed = 0;
    for (const std::string& path : options.paths) {
        KSL_TRY_ASSIGN(scenarios, scenarios_in(path));
        for (const std::string& scenario : scenarios) {
            KSL_TRY_ASSIGN(suite, check_one(assets, scenario, options));
            checked += suite.cases.size();
            failed += static_cast<std::size_t>(std::ranges::count(suite.cases, false, &JunitCase::passed));
            suites.push_back(std::move(suite));
        }
    }
    if (!options.junit.empty()) KSL_TRY(write_junit(options.junit, suites));
    std::printf("%zu expectations in %zu scenarios, %zu fail\n", checked, suites.size(), failed);
    return failed == 0 ? kDone : kDiffers;
}

} // namespace

void add_check(CommandLine& line) {
    auto options = std::make_shared<CheckOptions>();
    options->jobs = std::max(1U, std::thread::hardware_concurrency());
    CLI::App* command = line.add("check", "Runs scenarios and holds the results against what they expect",
                                 [&line, options] { return check(line, *options); });
    command->add_option("paths", options->paths, "Scenarios, or folders of them")->required();
    command->add_option("--set", options->overrides, "Change a value in all of them: KEY=VALUE")
        ->allow_extra_args(false);
    command->add_option("--junit", options->junit, "Write the results to this file, as JUnit XML");
    command->add_option("--jobs", options->jobs, "Designs that run at a time")->check(CLI::Range(1, 256));
}

} // namespace ksl::cli
