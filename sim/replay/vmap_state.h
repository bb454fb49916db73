// SPDX-License-Identifier: MIT
//
// Between the recorded states of captures and the area allocator of the engine.
#pragma once

#include "core/vmalloc/vmap_allocator.h"
#include "sim/base/error.h"
#include "sim/import/capture_state.h"

#include <string>

namespace ksl::sim {

/// The rules of the kernel that a state was taken from: with a tree of free ranges 6.1's, else 4.9's.
[[nodiscard]] core::VmapRules vmap_rules_of(const capture::VmapState& state);

/// The same ranges and variables in the engine's form.
[[nodiscard]] core::VmapSnapshot snapshot_of(const capture::VmapState& state);

/// An allocator in the recorded state; `file` is the name for errors.
[[nodiscard]] Result<core::VmapAllocator> allocator_of(const std::string& file, const capture::State& state);

} // namespace ksl::sim
