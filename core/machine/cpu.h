// SPDX-License-Identifier: MIT
//
// One processor of the machine: clock, current task, MMU, and what the kernel keeps for it.
#pragma once

#include "core/kstack/stack_table.h"
#include "core/tlb/mmu.h"
#include "core/types/ids.h"
#include "core/types/time.h"

#include <cstdint>
#include <vector>

namespace ksl::core {

struct Cpu {
    Cycles now;      ///< cycles since the start of the run; all processors run at one frequency
    Cycles idle;     ///< of these, without a task
    Cycles overhead; ///< spent in ticks, softirqs and interrupts from others
    TaskId current;  ///< never none: the idle task where there is nothing else
    TaskId idle_task;
    Mmu mmu;
    std::vector<StackId> deferred_stacks; ///< vfree_deferred: stacks that the worker has to free
    bool purge_queued = false;            ///< drain_vmap_work waits for the worker
    bool wants_kswapd = false;
    bool is_offline = false; ///< taken out of service: runs nothing, caches nothing

    [[nodiscard]] bool is_idle() const { return current == idle_task; }
    [[nodiscard]] bool has_work() const { return !deferred_stacks.empty() || purge_queued; }

    template <class Archive>
    void describe(Archive& archive) {
        archive(now, idle, overhead, current, idle_task, mmu, deferred_stacks, purge_queued, wants_kswapd, is_offline);
    }
    friend bool operator==(const Cpu&, const Cpu&) = default;
};

} // namespace ksl::core
