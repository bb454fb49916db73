// SPDX-License-Identifier: MIT
//
// [workload] and [memory.age] of a scenario. For use in sim/scenario only.
#pragma once

#include "sim/base/assets.h"
#include "sim/scenario/workload_spec.h"
#include "sim/store/run_record.h"
#include "sim/toml/toml_reader.h"

namespace ksl::sim {

/// Files that the workload names are added to `inputs`.
[[nodiscard]] WorkloadSpec read_workload(const Assets& assets, TomlTable table, std::vector<InputRecord>& inputs);
[[nodiscard]] Ager read_ager(TomlTable& table);

} // namespace ksl::sim
