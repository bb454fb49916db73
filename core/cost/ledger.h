// SPDX-License-Identifier: MIT
//
// What one operation cost, and why: how often each step was taken, what the TLB and the caches did, and the sum.
#pragma once

#include "core/cost/cache_level.h"
#include "core/cost/step.h"
#include "core/types/time.h"

#include <array>
#include <cstdint>

namespace ksl::core {

struct Ledger {
    Cycles total;         ///< everything below, in cycles of the processor that paid
    Cycles steps;         ///< the part that is the price of steps
    Cycles memory_stalls; ///< the part that is waiting for cache lines
    Cycles tlb_stalls;    ///< the part that is second-level TLB latency and page walks
    Cycles lock_waits;    ///< the part that is waiting for locks that other processors held

    std::uint32_t accesses = 0;                      ///< data accesses of the engine that went through TLB and caches
    std::uint32_t l1_dtlb_misses = 0;                ///< not in the first-level data TLB
    std::uint32_t stlb_misses = 0;                   ///< in neither level
    std::uint32_t walks = 0;                         ///< page walks, those for a missing dirty bit included
    std::uint32_t walk_references = 0;               ///< page-table entries read by walks
    std::array<std::uint32_t, kCacheLevels> lines{}; ///< answers by level, walks included

    std::array<std::uint32_t, kSteps> times{}; ///< by Step

    [[nodiscard]] std::uint32_t count(Step step) const { return times[static_cast<std::size_t>(step)]; }
    void reset() { *this = Ledger{}; }
    Ledger& operator+=(const Ledger& other);
    friend bool operator==(const Ledger&, const Ledger&) = default;
};

} // namespace ksl::core
