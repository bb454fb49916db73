// SPDX-License-Identifier: MIT
//
// The tasks of the recorded states against the trace: who is there, and that a sleeping task's thread_info stays as it
// is. States are taken while the CPU is idle, so every task sleeps; where there are several, one may be running, and
// only who is there and whose thread it is are judged.
//
// Counting: one judgement a task and state for its being there (a wrong pid is one difference, not a stranger and a
//           missing one), one a figure. What a task says in three states and more is held against itself; what one
//           that lived shorter says, against the other tasks of its kind (threads of the kernel, programs).
// Apart:    nothing. A task that has exited and not been freed may be listed or not, and is not judged.
// Source:   kernel/fork.c, kernel/exit.c (release_task) of 4.7, 4.9, 6.1.
#pragma once

#include "sim/import/capture_folder.h"
#include "sim/replay/replay_result.h"

namespace ksl::sim {

void judge_tasks(const capture::Capture& capture, PartResult& part);

} // namespace ksl::sim
