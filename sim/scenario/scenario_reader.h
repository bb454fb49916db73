// SPDX-License-Identifier: MIT
//
// The sections of a scenario, one function each. For use in sim/scenario only.
#pragma once

#include "sim/scenario/scenario.h"
#include "sim/toml/toml_reader.h"

#include <string>
#include <vector>

namespace ksl::sim {

[[nodiscard]] Result<MachineSpec> read_machine(const Assets& assets, TomlTable table);
[[nodiscard]] MemorySpec read_memory(TomlTable table);
[[nodiscard]] Result<std::vector<DesignProfile>> read_designs(const Assets& assets, TomlTable root);
[[nodiscard]] std::size_t read_baseline(TomlTable root, const std::vector<DesignProfile>& designs);
[[nodiscard]] std::vector<Expectation> read_expectations(TomlTable root, const std::vector<DesignProfile>& designs);
[[nodiscard]] std::vector<SweepAxis> read_sweep(TomlTable table);

} // namespace ksl::sim
