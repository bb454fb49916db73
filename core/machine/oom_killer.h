// SPDX-License-Identifier: MIT
//
// The out-of-memory killer: whom it chooses and what that frees.
//
// Rules:    the process with most memory of its own dies (oom_badness without adjustments: resident pages and page
//           tables); init never does. Its user pages are freed at once, as the reaper does; its tasks die when they run
//           next. A current task that is chosen itself gets NULL for its request.
// Source:   out_of_memory, select_bad_process, oom_badness, __oom_reap_task of mm/oom_kill.c (4.7, 4.9, 6.1).
// Fidelity: no score adjustments, no memory control groups.
#pragma once

#include "core/machine/kernel_services.h"
#include "core/machine/machine_state.h"

namespace ksl::core {

/// One task of the victim process; none: nobody may be killed.
[[nodiscard]] TaskId choose_oom_victim(const MachineState& state);

/// Marks the victim's tasks and frees its pages. False: the victim is the current process, which has to give up.
[[nodiscard]] bool kill_for_memory(KernelServices& kernel, MachineState& state, TaskId victim);

} // namespace ksl::core
