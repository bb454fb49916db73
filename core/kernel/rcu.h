// SPDX-License-Identifier: MIT
//
// Read-copy-update: callbacks that wait until every processor has passed a quiescent state.
//
// Rules (kernel/rcu/tree.c of 4.7 to 6.1, without expedited, offloaded and hierarchical parts):
//   * A callback queued on a processor waits for a grace period that starts after it was queued.
//   * One grace period at a time. It starts at a processor's timer tick that finds waiting callbacks and none in
//   progress.
//   * A processor passes a quiescent state by a context switch; an idle one is found quiescent by the grace-period
//   kthread
//     after jiffies_till_first_fqs ticks. A busy one reports at its first tick after its context switch.
//   * When all have reported, the period ends. Each processor notices at its next tick; its callbacks that waited for
//   the
//     period are then run in softirq context, blimit (10) at a time.
// So callbacks come in batches of whatever one to three ticks gathered: that is what makes RCU-delayed stacks cold.
//
// Fidelity: processors beyond kMaxCpus are refused by the configuration; no CPU hotplug while a period is running.
#pragma once

#include "core/types/cow_array.h"
#include "core/types/ids.h"
#include "core/types/time.h"

#include <bitset>
#include <cstdint>
#include <optional>
#include <vector>

namespace ksl::core {

inline constexpr unsigned kMaxCpus = 256;

enum class RcuWork : std::uint8_t {
    free_task,      ///< delayed_put_task_struct: the task_struct and, where it still has one, its stack
    free_stack,     ///< thread_stack_free_rcu of 6.1: try the cache again, else free
    free_vmap_area, ///< kfree_rcu of a 4.x vmap_area
};

struct RcuCallback {
    RcuWork work = RcuWork::free_task;
    std::uint8_t reserved_[3] = {};
    std::uint32_t subject = 0; ///< task index, stack reference or area object, by work
    friend bool operator==(const RcuCallback&, const RcuCallback&) = default;
};

class Rcu {
public:
    Rcu() = default;
    explicit Rcu(unsigned cpus, unsigned ticks_till_forced_scan = 1);

    /// call_rcu() on `cpu`.
    void queue(CpuId cpu, RcuCallback callback);
    /// The processor passed a quiescent state: context switch, or it went idle.
    void note_quiescent(CpuId cpu) { cpus_[cpu.raw()].passed_quiescent = true; }

    struct TickResult {
        bool started = false; ///< a grace period began
        bool ended = false;   ///< the running one ended
        std::uint64_t number = 0;
    };
    /// The processor's timer tick (or, when it is idle, the kthread's scan on its behalf). `is_idle[c]`: processor c
    /// idles.
    TickResult tick(CpuId id, const std::bitset<kMaxCpus>& is_idle);

    /// The next callback whose period is over, in order; the caller runs it.
    std::optional<RcuCallback> take_ready(CpuId id);
    [[nodiscard]] bool has_ready(CpuId cpu) const { return cpus_[cpu.raw()].ready.count != 0; }
    /// rcutree_migrate_callbacks: what waits on a processor that goes away waits on another one from the start. Number.
    std::uint64_t move_callbacks(CpuId from, CpuId to);
    /// Callbacks not yet run, all processors.
    [[nodiscard]] std::uint64_t pending() const;
    [[nodiscard]] std::uint64_t pending(CpuId id) const;
    [[nodiscard]] std::uint64_t completed_periods() const { return completed_; }
    [[nodiscard]] bool in_progress() const { return in_progress_; }

    [[nodiscard]] const char* check_invariants() const;

    template <class Archive>
    void describe(Archive& archive) {
        archive(cpus_, nodes_, free_node_, completed_, in_progress_, ticks_in_period_, ticks_till_scan_);
    }
    friend bool operator==(const Rcu&, const Rcu&) = default;

private:
    static constexpr std::uint32_t kNone = 0xffffffffU;

    struct Node {
        RcuCallback callback;
        std::uint32_t next = kNone;
        friend bool operator==(const Node&, const Node&) = default;
    };
    struct List {
        std::uint32_t head = kNone;
        std::uint32_t tail = kNone;
        std::uint64_t count = 0;
        template <class Archive>
        void describe(Archive& archive) {
            archive(head, tail, count);
        }
        friend bool operator==(const List&, const List&) = default;
    };
    struct Cpu {
        List next;    ///< queued, no period assigned yet
        List waiting; ///< for the end of period `waiting_for`
        List ready;
        std::uint64_t waiting_for = 0;
        bool passed_quiescent = false;
        bool reported = true;
        template <class Archive>
        void describe(Archive& archive) {
            archive(next, waiting, ready, waiting_for, passed_quiescent, reported);
        }
        friend bool operator==(const Cpu&, const Cpu&) = default;
    };

    static void append(List& to, List& from, CowArray<Node, 512>& nodes);
    void advance(Cpu& cpu);
    void start_period();
    [[nodiscard]] bool everyone_reported() const;

    std::vector<Cpu> cpus_;
    CowArray<Node, 512> nodes_;
    std::uint32_t free_node_ = kNone;
    std::uint64_t completed_ = 0; ///< number of the last period that ended
    bool in_progress_ = false;    ///< period completed_ + 1 is running
    std::uint32_t ticks_in_period_ = 0;
    std::uint32_t ticks_till_scan_ = 1;
};

} // namespace ksl::core
