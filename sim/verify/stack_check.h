// SPDX-License-Identifier: MIT
//
// Where each task of a recorded state has its stack, its thread_info and its canary, against what the design of that
// kernel says: pages mapped, guards unmapped (vmapped stacks) or neighbours mapped (contiguous ones).
//
// Counting: one judgement a task with a stack of its own (not the idle task, whose stack is part of the image).
// Apart:    a stack that /proc/vmallocinfo does not know: the two were taken seconds apart.
// Source:   arch/x86/include/asm/thread_info.h, kernel/fork.c (set_task_stack_end_magic), mm/vmalloc.c
// of 4.7, 4.9, 6.1.
#pragma once

#include "sim/import/boot_tables.h"
#include "sim/import/capture_state.h"
#include "sim/replay/replay_result.h"

#include <string>

namespace ksl::sim {

/// `built` has the areas of that moment mapped; `where` names the state in differences.
void judge_stacks(const BuiltTables& built, const std::vector<VmallocLine>& areas, const capture::TasksState& tasks,
                  const std::string& where, PartResult& part);

/// The same without page tables: size, thread_info and canary of every task's stack but the idle one's.
void judge_stack_layout(const capture::TasksState& tasks, const std::string& where, PartResult& part);

} // namespace ksl::sim
