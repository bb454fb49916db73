// SPDX-License-Identifier: MIT
//
// From a scenario to what core and the lab database need: the configuration of one design's machine, and the recipe of
// its run.
//
//     KSL_TRY_ASSIGN(start, make_memory_start(scenario.memory, scenario.machine.cpus));
//     for (const DesignProfile& design : scenario.designs) {
//         KSL_TRY_ASSIGN(prices, load_prices(assets, design.kernel));
//         KSL_TRY_ASSIGN(config, config_for(scenario, design, start, prices));
//         const RunRecord recipe = recipe_for(scenario, design, start, prices, KSL_VERSION);
//         ...
#pragma once

#include "core/machine/config.h"
#include "sim/base/error.h"
#include "sim/scenario/memory_start.h"
#include "sim/scenario/price_file.h"
#include "sim/scenario/scenario.h"
#include "sim/store/run_record.h"

#include <string_view>

namespace ksl::sim {

/// Errors: a machine that cannot be; free memory that does not fit into the memory that there is.
[[nodiscard]] Result<core::MachineConfig> config_for(const Scenario& scenario, const DesignProfile& design,
                                                     const MemoryStart& start, const Prices& prices);

/// `engine`: name and version of this program. The baseline's position counts among the scenario's designs.
[[nodiscard]] RunRecord recipe_for(const Scenario& scenario, const DesignProfile& design, const MemoryStart& start,
                                   const Prices& prices, std::string_view engine);

} // namespace ksl::sim
