// SPDX-License-Identifier: MIT
#include "core/cost/ledger.h"

namespace ksl::core {

Ledger& Ledger::operator+=(const Ledger& other) {
    total += other.total;
    steps += other.steps;
    memory_stalls += other.memory_stalls;
    tlb_stalls += other.tlb_stalls;
    lock_waits += other.lock_waits;
    accesses += other.accesses;
    l1_dtlb_misses += other.l1_dtlb_misses;
    stlb_misses += other.stlb_misses;
    walks += other.walks;
    walk_references += other.walk_references;
    for (std::size_t level = 0; level < kCacheLevels; ++level) lines[level] += other.lines[level];
    for (std::size_t step = 0; step < kSteps; ++step) times[step] += other.times[step];
    return *this;
}

} // namespace ksl::core
