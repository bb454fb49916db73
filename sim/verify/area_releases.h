// SPDX-License-Identifier: MIT
//
// Frees of vmalloc areas that cannot be right, put right before the replays: what becomes of a stack shows in them.
//
// Counting: one difference a wrong record. What the vmalloc replay says was freed is believed if less differs then.
#pragma once

#include "sim/base/error.h"
#include "sim/import/capture_folder.h"
#include "sim/replay/replay_result.h"

namespace ksl::sim {

/// Errors: the start cannot be a state of a kernel.
[[nodiscard]] Result<void> settle_releases(capture::Capture& capture, PartResult& part);

} // namespace ksl::sim
