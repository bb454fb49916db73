// SPDX-License-Identifier: MIT
//
// Threads' lives on the whole machine. clone: threads created and ended one at a time, everything modelled, with or
// without a lab database; real_clone times the same on a real kernel. tasks: as many live tasks as asked for, filled
// and emptied; bytes a task are the growth of this process.
#include "sim/run/experiment.h"
#include "sim/run/recorder.h"
#include "sim/scenario/machine_setup.h"
#include "tests/bench/loads/load.h"
#include "tests/bench/loads/loads.h"

#include <cstdio>
#include <filesystem>
#include <optional>

namespace ksl::bench {

namespace {

struct Prepared {
    sim::Scenario scenario;
    core::MachineConfig config;
    sim::RunRecord recipe;
};

sim::Result<Prepared> prepare(const std::string& design, const std::string& workload) {
    const sim::Assets assets;
    const std::string text = "title = \"load\"\n[machine]\ncpus = 1\nthreads_max = 8388608\n[design]\nname = \"" +
                             design + "\"\n[memory]\nsize = \"" +
                             (workload.starts_with("kind = \"populate\"") ? "128" : "4") + " GiB\"\n[workload]\n" +
                             workload;
    KSL_TRY_ASSIGN(scenario, sim::read_scenario(assets, text, "load"));
    KSL_TRY_ASSIGN(start, sim::make_memory_start(scenario.memory, scenario.machine.cpus));
    KSL_TRY_ASSIGN(prices, sim::load_prices(assets, scenario.designs[0].kernel));
    KSL_TRY_ASSIGN(config, sim::config_for(scenario, scenario.designs[0], start, prices));
    sim::RunRecord recipe = sim::recipe_for(scenario, scenario.designs[0], start, prices, sim::engine_name());
    return Prepared{std::move(scenario), std::move(config), std::move(recipe)};
}

int complain(const sim::Error& error) {
    std::fprintf(stderr, "kstacklab-bench: %s\n", to_string(error).c_str());
    return exit_code(error.kind);
}

sim::Result<void> run_logged(sim::Simulation& simulation, const Prepared& prepared, const std::string& path) {
    std::filesystem::remove(path);
    KSL_TRY_ASSIGN(store, sim::RunStore::open(path, sim::OpenMode::append));
    KSL_TRY_ASSIGN(writer, store.begin_run(prepared.recipe));
    sim::Recorder recorder{prepared.config, &writer};
    while (simulation.step(&recorder, sim::Recorder::kLevel)) KSL_TRY(recorder.take(simulation));
    KSL_TRY_ASSIGN(summary, recorder.finish(simulation));
    static_cast<void>(summary);
    return store.close();
}

} // namespace

int run_clone(const Arguments& arguments) {
    const std::string design = arguments.text("--design", "linux-4.9");
    const std::uint64_t lives = arguments.number("--ops", 200'000);
    const std::string database = arguments.text("--db", "");
    auto prepared = prepare(design, "kind = \"clone-exit\"\noperations = " + std::to_string(lives) + "\n");
    if (!prepared) return complain(prepared.error());
    auto simulation = sim::Simulation::start(prepared->config, prepared->scenario.workload, 1);
    if (!simulation) return complain(simulation.error());
    Stopwatch watch{Clock::thread};
    if (database.empty()) {
        while (simulation->step()) {
        }
    } else if (const auto logged = run_logged(*simulation, *prepared, database); !logged) {
        return complain(logged.error());
    }
    const double seconds = watch.stop();
    print_result("clone", design, seconds, lives, database.empty() ? "all modelled" : "all modelled, logged");
    return 0;
}

int run_tasks(const Arguments& arguments) {
    const std::string design = arguments.text("--design", "linux-6.1");
    const std::uint64_t tasks = arguments.number("--n", 4'194'304);
    auto prepared = prepare(design, "kind = \"populate\"\ntasks = " + std::to_string(tasks) + "\n");
    if (!prepared) return complain(prepared.error());
    auto simulation = sim::Simulation::start(prepared->config, prepared->scenario.workload, 1);
    if (!simulation) return complain(simulation.error());
    const long before = peak_resident_kib();
    Stopwatch watch{Clock::thread};
    std::uint64_t most = 0;
    while (simulation->step()) most = std::max<std::uint64_t>(most, simulation->machine().state().threads);
    const double seconds = watch.stop();
    const auto growth = static_cast<double>(peak_resident_kib() - before) * 1024;
    char note[96];
    std::snprintf(note, sizeof note, "live=%llu bytes_per_task=%.1f peak_MiB=%ld",
                  static_cast<unsigned long long>(most), growth / static_cast<double>(most),
                  peak_resident_kib() / 1024);
    print_result("tasks", design, seconds, most, note);
    return 0;
}

} // namespace ksl::bench
