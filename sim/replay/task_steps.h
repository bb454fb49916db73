// SPDX-License-Identifier: MIT
//
// The order in which a trace's tasks got their task_structs and gave them back.
//
// Fidelity: no event tells when a task_struct is taken. It is before the clone() asks for a slab or for the area of a
//           stack, and before the event of the fork; of tasks that an interrupt frees meanwhile it may be known only
//           that they were freed close by, and then the step says that its order is open.
// Source:   copy_process and dup_task_struct, kernel/fork.c; new_slab, mm/slub.c (4.7 to 6.1 behave alike).
#pragma once

#include "core/types/address.h"
#include "core/types/ids.h"
#include "core/types/time.h"
#include "sim/import/capture_events.h"
#include "sim/replay/replay_result.h"

#include <cstddef>
#include <cstdint>
#include <vector>

namespace ksl::sim {

struct TaskStep {
    enum class Kind : std::uint8_t { taken, freed };
    Kind kind = Kind::taken;
    std::uint32_t task = 0;
    std::uint64_t event = 0;
    core::Nanoseconds time;
    std::uint32_t interrupted = 0; ///< of a free in an interrupt: the task that it interrupted
    std::vector<core::Pfn> blocks; ///< recorded: slabs taken for this task, or given back after it
    bool is_order_open = false;    ///< tasks were freed while its clone() may have been on its way
};

/// What tells when in its clone() a task_struct was taken.
enum class TakenAt : std::uint8_t {
    first_request, ///< the first slab or stack area that the clone() asked for
    fork_event,    ///< the event, but for what interrupted it just before
};

struct TaskSteps {
    std::vector<TaskStep> steps;
    std::size_t slabs_of_others = 0; ///< asked for by tasks that did not fork any more
};

/// Steps in the order of the task_structs, which lie in slabs of `slab_order`. `own_frames` are known to be recorded
/// otherwise than they were.
[[nodiscard]] TaskSteps task_steps(const capture::EventLog& log, core::Order slab_order,
                                   const std::vector<OwnFrame>& own_frames, TakenAt taken_at);

} // namespace ksl::sim
