// SPDX-License-Identifier: MIT
//
// Where each task of a recorded state has its stack, its thread_info and its canary, against what the design of that
// kernel says: pages mapped, guards unmapped (vmapped stacks) or neighbours mapped (contiguous ones).
//
// Counting: one judgement a figure (layout) or a task (pages), of tasks with a stack of their own (not the idle task,
//           whose stack is part of the image). A stack is recorded in several ways: its ends, its area or first frame,
//           the task's stack pointer; where they disagree, what most of them say is believed, and the others differ.
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
                  core::VirtAddr direct_map, const std::string& where, PartResult& part);

/// The same without page tables: ends, stack pointer, thread_info, canary, area or first frame of every task's stack.
void judge_stack_layout(const capture::TasksState& tasks, core::VirtAddr direct_map, const std::string& where,
                        PartResult& part);

} // namespace ksl::sim
