// SPDX-License-Identifier: MIT
//
// What a line costs in a run of lines read or written front to back (memcpy, memset, clear_page), beyond the
// instructions: far less than a miss by itself, because the next lines are fetched while one is used.
//
// Source:  clearing 4 KiB of memory-resident pages: 299 ns (commit cb431accb36e), 4.67 ns a line; hot pages take 2
//          cycles a line, which the price of clearing contains. A line from the third level is taken to cost a third of
//          one from memory (estimate).
#pragma once

#include "core/types/time.h"

namespace ksl::core {

struct StreamCost {
    Cycles l3;     ///< a line
    Cycles memory; ///< a line

    [[nodiscard]] static constexpr StreamCost at(Frequency clock) {
        constexpr std::uint64_t kPageNanoseconds = 299;
        constexpr std::uint64_t kLines = 64;
        constexpr std::uint64_t kHotCycles = 2;
        const std::uint64_t cold = clock.to_cycles(Nanoseconds{kPageNanoseconds}).count() / kLines;
        const Cycles memory{cold > kHotCycles ? cold - kHotCycles : 0};
        return {.l3 = Cycles{memory.count() / 3}, .memory = memory};
    }
};

} // namespace ksl::core
