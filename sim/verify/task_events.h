// SPDX-License-Identifier: MIT
//
// The events of tasks against each other: forked, woken, exited, freed. They are not the engine's answers, but they say
// whose stack and whose task_struct an answer is about, so a wrong one is put right before the replay.
//
// Source: kernel/fork.c, kernel/exit.c of 4.7, 4.9 and 6.1.
#pragma once

#include "sim/import/capture_folder.h"
#include "sim/replay/replay_result.h"

namespace ksl::sim {

/// A new task is named twice, when it is forked and when it is woken. Where the names differ, the next number after the
/// last task's is believed. One judgement a new task.
void settle_forks(capture::Capture& capture, PartResult& part);

/// A task forks and exits by itself, and is freed once, after its exit. A free of a task that has not exited in the
/// trace means the one that has and is freed nowhere else, if there is one. One judgement a fork, an exit and a free.
void settle_deaths(capture::Capture& capture, PartResult& part);

} // namespace ksl::sim
