// SPDX-License-Identifier: GPL-3.0-or-later
//
// One translation as the page-walk view shows it: what the tables say, entry by entry, and what the processor would do
// at this moment with what its TLB and paging-structure caches remember. Done on copies: nothing of the machine
// changes.
//
// Cost:    copies share their contents with the machine; some ten microseconds.
#pragma once

#include "core/cost/cache_level.h"
#include "core/machine/machine.h"
#include "core/tlb/mmu.h"
#include "sim/walk/walk_explanation.h"

#include <optional>
#include <vector>

namespace ksl::ui {

/// What one processor would do with the access now.
struct MmuLook {
    /// An entry that the walk asks memory for.
    struct Read {
        core::PhysAddr at{};
        core::CacheLevel found = core::CacheLevel::memory; ///< where its line is
        core::Cycles latency;
    };
    core::CpuId cpu;
    core::MmuOutcome outcome = core::MmuOutcome::first_level;
    std::vector<Read> reads; ///< in order; none where a TLB knows the page
    core::Cycles stall;      ///< all of it, second level and overhead included
    std::optional<core::Fault> fault;
    /// Entries that paging-structure caches spared the walk, from the top down.
    std::size_t spared = 0;
};

struct WalkReading {
    sim::WalkExplanation walk;
    core::Access access;
    std::optional<MmuLook> mmu; ///< none of an imported system: its TLBs were not captured

    /// The error code that the access would get from the tables; nothing: it is allowed.
    [[nodiscard]] std::optional<core::Fault> fault() const;
};

[[nodiscard]] WalkReading read_walk(const core::Machine& machine, core::CpuId cpu, core::VirtAddr at,
                                    core::Access access);
[[nodiscard]] WalkReading read_walk(const sim::WalkSource& source, core::VirtAddr at, core::Access access);

} // namespace ksl::ui
