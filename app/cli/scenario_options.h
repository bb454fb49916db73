// SPDX-License-Identifier: MIT
//
// What all commands that run scenarios understand.
#pragma once

#include "sim/scenario/scenario.h"

#include <CLI/CLI.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace ksl::cli {

struct ScenarioOptions {
    std::string scenario;
    std::optional<std::int64_t> seed;
    std::vector<std::string> overrides;
    std::string memory_from;
    unsigned jobs = 1;
};

/// The scenario as an argument, its changes, and how many designs run at a time.
void add_scenario_options(CLI::App& command, ScenarioOptions& options);
/// What changes a scenario: --seed, --set, --memory-from.
void add_scenario_changes(CLI::App& command, ScenarioOptions& options);
[[nodiscard]] sim::Result<sim::Scenario> load(const sim::Assets& assets, const ScenarioOptions& options);

} // namespace ksl::cli
