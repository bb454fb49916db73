// SPDX-License-Identifier: MIT
//
// `kstacklab sweep SCENARIO`: the cross product of its [sweep], every point recorded; `--shard I/N` does every N-th
// point, so that several computers can share the work and `kstacklab db merge` puts it together.
#include "app/cli/cli.h"
#include "app/cli/scenario_options.h"
#include "sim/run/experiment.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <charconv>
#include <cstdio>
#include <memory>
#include <system_error>

namespace ksl::cli {

namespace {

struct SweepOptions {
    ScenarioOptions scenario;
    std::string database = "lab.sqlite";
    std::string shard = "1/1";
};

struct Shard {
    std::size_t index = 1;
    std::size_t of = 1;
};

sim::Result<Shard> shard_of(const std::string& text) {
    Shard shard;
    const char* const end = text.data() + text.size();
    const auto index = std::from_chars(text.data(), end, shard.index);
    const bool has_slash = index.ec == std::errc{} && index.ptr != end && *index.ptr == '/';
    const auto of = has_slash ? std::from_chars(index.ptr + 1, end, shard.of) : index;
    const bool is_read = has_slash && of.ec == std::errc{} && of.ptr == end;
    if (!is_read || shard.of == 0 || shard.index == 0 || shard.index > shard.of) {
        return sim::fail("", 0, "--shard " + text + " is no part; 2/5 would be the second of five");
    }
    return shard;
}

sim::Result<int> sweep(const CommandLine& line, const SweepOptions& options) {
    KSL_TRY_ASSIGN(assets, line.assets());
    KSL_TRY_ASSIGN(shard, shard_of(options.shard));
    KSL_TRY_ASSIGN(base, load(assets, options.scenario));
    const auto points = sim::sweep_points(base.sweep);
    KSL_TRY_ASSIGN(store, sim::RunStore::open(options.database, sim::OpenMode::append));
    for (std::size_t i = shard.index - 1; i < points.size(); i += shard.of) {
        ScenarioOptions point = options.scenario;
        point.overrides.insert(point.overrides.end(), points[i].begin(), points[i].end());
        KSL_TRY_ASSIGN(scenario, load(assets, point));
        KSL_TRY_ASSIGN(experiment, run_scenario(assets, scenario, {.store = &store, .jobs = options.scenario.jobs}));
        std::printf("%zu/%zu  %s\n", i + 1, points.size(), fmt::format("{}", fmt::join(points[i], " ")).c_str());
        for (const sim::RunSummary& run : experiment.runs) {
            std::printf("  run %u  %-24s", run.run_id ? run.run_id->raw() : 0, run.design.c_str());
            for (const char* name : {"clone_exit.latency_ns.mean", "clone.latency_ns.mean", "call.latency_ns.mean"}) {
                if (const auto value = run.value(name)) std::printf("  %s %.1f", name, *value);
            }
            std::printf("\n");
        }
        std::fflush(stdout);
    }
    KSL_TRY(store.close());
    return kDone;
}

} // namespace

void add_sweep(CommandLine& line) {
    auto options = std::make_shared<SweepOptions>();
    CLI::App* command = line.add("sweep", "Runs a scenario for every combination of its [sweep]",
                                 [&line, options] { return sweep(line, *options); });
    add_scenario_options(*command, options->scenario);
    command->add_option("--db", options->database, "Lab database to log into")->capture_default_str();
    command->add_option("--shard", options->shard, "I/N: every N-th point, beginning with the I-th")
        ->capture_default_str();
}

} // namespace ksl::cli
