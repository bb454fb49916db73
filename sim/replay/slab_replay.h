// SPDX-License-Identifier: MIT
//
// The slab cache of task_struct, replayed: tasks come and go as recorded, and every block of pages that the cache took
// or gave back is judged, with its frame.
//
// Counting: one judgement a block taken or given back, recorded or expected. After a difference the model goes on with
//           its own answer.
// Inputs:   which object a task has is not in the trace; nor are the slabs of the start. The first slab page of the
//           trace shows that all slabs were full then; which of the tasks of before shared one is chosen so that the
//           rest agrees best (they filled at most three, one after the other).
// Order:    the trace records a new task at the end of clone(). Callbacks that interrupted it ran after its task_struct
//           was taken: those that stand directly before the record, in the same task's interrupts.
// Source:   copy_process, delayed_put_task_struct (kernel/fork.c, kernel/exit.c).
#pragma once

#include "sim/base/error.h"
#include "sim/import/capture_folder.h"
#include "sim/replay/replay_result.h"

#include <string_view>
#include <vector>

namespace ksl::sim {

/// Name of the part of the result.
inline constexpr std::string_view kSlabPages = "task_struct slabs";

/// `own_frames`: what the page replay found (replay_pages()), so that a frame that it judged is not judged again.
/// Errors: a capture without states.
[[nodiscard]] Result<ReplayResult> replay_slabs(const capture::Capture& capture,
                                                const std::vector<OwnFrame>& own_frames = {});

} // namespace ksl::sim
