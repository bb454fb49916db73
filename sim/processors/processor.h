// SPDX-License-Identifier: MIT
//
// Processor presets from files: assets/processors/ID.toml, or a user's own in the same form.
//
// Errors:  "FILE:LINE:COLUMN: key `tlb.second_level[0].ways`: what is wrong; what would be right".
#pragma once

#include "core/tlb/processor_preset.h"
#include "sim/base/assets.h"
#include "sim/base/error.h"

#include <string>
#include <string_view>
#include <vector>

namespace ksl::sim {

/// `file` is for messages.
[[nodiscard]] Result<core::ProcessorPreset> read_processor(std::string_view text, std::string_view file);

/// The preset of this id, "haswell".
[[nodiscard]] Result<core::ProcessorPreset> load_processor(const Assets& assets, std::string_view id);

/// All that there are, the oldest first.
[[nodiscard]] Result<std::vector<core::ProcessorPreset>> load_processors(const Assets& assets);

} // namespace ksl::sim
