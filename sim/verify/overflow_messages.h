// SPDX-License-Identifier: MIT
//
// What the kernels say when a stack was left.
//
// Source:  handle_stack_overflow, no_context / page_fault_oops, schedule_debug of 4.7, 4.9 and 6.1; the crash-test
//          driver's own messages.
#pragma once

#include "core/events/task_events.h"
#include "core/types/address.h"
#include "sim/verify/overflow_run.h"

#include <string>
#include <vector>

namespace ksl::sim {

struct MessageFacts {
    OverflowKernel kernel{};
    OverflowAct act{};
    core::Detector detector = core::Detector::none;
    bool machine_dies = false;
    bool magic_is_gone = false;
    std::uint64_t address = 0;
    std::uint64_t lowest = 0;
    std::uint64_t top = 0;
};
/// The lines in order; none where nobody says anything.
[[nodiscard]] std::vector<std::string> messages_of(const MessageFacts& facts);

} // namespace ksl::sim
