// SPDX-License-Identifier: MIT
//
// What a kernel's log of an overflow tells more than once: registers that are printed twice in a report; a symbol's
// address and size in each line of a call trace; whose report it is.
//
// Counting: one judgement a repetition; of two that differ, the later is the difference, of more, what fewer say.
//           Fault addresses and stack pointers are judged against the engine, not here.
// Source:   show_regs, dump_stack_print_info, __show_regs: arch/x86/kernel, lib/dump_stack.c of 4.7, 4.9 and 6.1.
#pragma once

#include "sim/import/overflow_capture.h"
#include "sim/replay/replay_result.h"

#include <cstdint>
#include <optional>

namespace ksl::sim {

/// Whom the log's first report is about, where the engine knows.
struct ReportedTask {
    std::uint32_t pid = 0;
    std::uint64_t task = 0;  ///< task_struct
    std::uint64_t stack = 0; ///< lowest byte
};

void judge_log(const capture::OverflowTest& test, const std::optional<ReportedTask>& task, PartResult& part);

} // namespace ksl::sim
