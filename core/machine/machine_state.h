// SPDX-License-Identifier: MIT
//
// Everything that can change in a machine, and the configuration that cannot. Internal to core/machine; outsiders see
// it through Machine.
#pragma once

#include "core/cost/cache_model.h"
#include "core/effects/lock_table.h"
#include "core/kernel/kernel_memory.h"
#include "core/kernel/rcu.h"
#include "core/kstack/stack_allocator.h"
#include "core/machine/config.h"
#include "core/machine/cpu.h"
#include "core/machine/task.h"
#include "core/machine/user_spaces.h"

#include <cstdint>
#include <memory>
#include <vector>

namespace ksl::core {

/// Sums since the start, for views and for the run's metrics.
struct MachineCounters {
    std::uint64_t clones = 0;
    std::uint64_t exits = 0;
    std::uint64_t cache_hits = 0; ///< stacks that came from a per-CPU cache
    std::uint64_t clone_failures = 0;
    std::uint64_t oom_kills = 0;
    std::uint64_t purges = 0;
    std::uint64_t first_purge_at =
        0; ///< which free of a stack's address range it was at which the first purge ran; 0 = none yet
    std::uint64_t global_flushes = 0;
    std::uint64_t pgd_faults = 0;
    std::uint64_t max_live_tasks = 0;
    std::uint64_t deepest_stack = 0;    ///< most bytes that any task had in use, saved registers included
    std::uint64_t deepest_reported = 0; ///< the same as usage tracking found it in the stacks of tasks that ended

    friend bool operator==(const MachineCounters&, const MachineCounters&) = default;
};

struct MachineState {
    std::shared_ptr<const MachineConfig> shared_config; ///< never changes, so copies share it
    [[nodiscard]] const MachineConfig& config() const { return *shared_config; }

    KernelMemory memory;
    StackAllocator stacks;
    TaskTable tasks;
    UserSpaces spaces;
    Rcu rcu;
    std::vector<Cpu> cpus;
    CacheModel caches;
    LockTable locks;
    KernelData data;
    MachineCounters counters;
    std::uint32_t next_pid = 1;
    std::uint32_t max_threads = 0;
    std::uint32_t threads = 0; ///< nr_threads: tasks that nobody has reaped yet
    bool is_dead = false;      ///< the simulated kernel panicked

    [[nodiscard]] Cpu& cpu(CpuId id) { return cpus[id.raw()]; }
    [[nodiscard]] const Cpu& cpu(CpuId id) const { return cpus[id.raw()]; }

    /// What can change; a reader constructs with the same configuration first.
    template <class Archive>
    void describe(Archive& archive) {
        archive(memory, stacks, tasks, spaces, rcu, cpus, caches, locks, data, counters, next_pid, max_threads, threads,
                is_dead);
    }
    friend bool operator==(const MachineState& a, const MachineState& b) {
        return a.memory == b.memory && a.stacks == b.stacks && a.tasks == b.tasks && a.spaces == b.spaces &&
               a.rcu == b.rcu && a.cpus == b.cpus && a.caches == b.caches && a.locks == b.locks && a.data == b.data &&
               a.counters == b.counters && a.next_pid == b.next_pid && a.max_threads == b.max_threads &&
               a.threads == b.threads && a.is_dead == b.is_dead;
    }
};

} // namespace ksl::core
