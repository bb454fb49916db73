// SPDX-License-Identifier: MIT
//
// A dead task's stack is offered to the cache (put_stack): it is the stack that the task was given (new_task), or had
// at the start. A record that names another task's stack, or no stack at all, is wrong.
//
// Counting: one difference a wrong record; the task's own stack is offered from then on. Right records are judged by
//           what becomes of the stack, not here.
#pragma once

#include "sim/base/error.h"
#include "sim/import/capture_folder.h"
#include "sim/replay/replay_result.h"

namespace ksl::sim {

/// Errors: the start cannot be a state of a kernel.
[[nodiscard]] Result<void> settle_offers(capture::Capture& capture, PartResult& part);
/// The same for what RCU callbacks offer again (6.1).
void settle_callbacks(capture::Capture& capture, PartResult& part);

} // namespace ksl::sim
