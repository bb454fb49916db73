// SPDX-License-Identifier: MIT
//
// What became of each stack that was offered to the per-CPU cache: the trace does not record it, but shows where the
// stack is seen next.
//
// Source: kernel/fork.c. 4.9: free_thread_stack fills a slot or calls vfree at once. 6.1: a stack that finds both slots
//         full waits for an RCU callback, which tries the slots again and otherwise calls vfree.
#pragma once

#include "sim/import/capture_events.h"

#include <cstdint>
#include <vector>

namespace ksl::sim {

enum class StackFate : std::uint8_t {
    unknown, ///< not seen again
    cached,  ///< given to a new task next, without having been reserved
    released ///< freed next, or offered again by a callback
};

class StackFates {
public:
    StackFates() = default;
    explicit StackFates(const capture::EventLog& log);

    /// Of the PutStack or StackFreeRcu at that position of the log.
    [[nodiscard]] StackFate of(std::size_t position) const { return fates_[position]; }

private:
    std::vector<StackFate> fates_;
};

} // namespace ksl::sim
