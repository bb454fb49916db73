// SPDX-License-Identifier: MIT
#include "sim/scenario/machine_setup.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace ksl::sim {

namespace {

/// Free lists that hold what was counted, for the kernel of one design. The same seed puts the same blocks to the same
/// places for every kernel.
Result<core::PageState> page_state(const Scenario& scenario, const core::MemoryMap& map, const CountedStart& counted,
                                   const core::PageRules& rules) {
    auto state = core::make_state({.map = map,
                                   .zones = counted.zones,
                                   .rules = rules,
                                   .cpus = scenario.machine.cpus,
                                   .min_free_kib = counted.min_free_kib,
                                   .page_cache_permille = counted.page_cache_permille,
                                   .seed = scenario.seed});
    if (!state)
        return fail(scenario.memory.folder, 0,
                    fmt::format("{}; files of the same machine and moment would be right", state.error()));
    return std::move(*state);
}

} // namespace

Result<core::MachineConfig> config_for(const Scenario& scenario, const DesignProfile& design, const MemoryStart& start,
                                       const Prices& prices) {
    core::MachineConfig config{.cpus = scenario.machine.cpus,
                               .processor = scenario.machine.processor,
                               .levels = scenario.machine.levels,
                               .hz = scenario.machine.hz,
                               .threads_max = scenario.machine.threads_max,
                               .randomise_layout = scenario.machine.kaslr,
                               .seed = scenario.seed,
                               .kernel = design.facts(),
                               .design = design.stack,
                               .prices = prices.list,
                               .memory = start.map,
                               .start = std::nullopt};
    if (const std::string problem = core::problem_with(config); !problem.empty())
        return fail("", 0, fmt::format("design {}: {}", design.name, problem));
    if (start.counted) {
        KSL_TRY_ASSIGN(state, page_state(scenario, start.map, *start.counted, config.kernel.page_rules));
        config.start = std::move(state);
    }
    return config;
}

RunRecord recipe_for(const Scenario& scenario, const DesignProfile& design, const MemoryStart& start,
                     const Prices& prices, std::string_view engine) {
    std::uint64_t pages = 0;
    for (const core::MemoryRange& range : start.map.ranges()) pages += range.frames.size().count();
    RunRecord record;
    record.scenario = scenario.name;
    record.scenario_text = scenario.text;
    record.overrides = fmt::format("{}", fmt::join(scenario.overrides, "\n"));
    record.design = design.name;
    record.design_text = design_text(design);
    record.kernel = design.kernel;
    record.processor = scenario.machine.processor.id;
    record.processor_text = scenario.machine.processor_text;
    record.prices = prices.record;
    record.inputs = start.inputs;
    record.inputs.insert(record.inputs.end(), scenario.inputs.begin(), scenario.inputs.end());
    record.clock_mhz = scenario.machine.processor.clock.megahertz();
    record.cpus = scenario.machine.cpus;
    record.memory_bytes = pages * core::kPageBytes;
    record.seed = scenario.seed;
    record.engine = engine;
    record.baseline = scenario.baseline;
    return record;
}

} // namespace ksl::sim
