// SPDX-License-Identifier: MIT
#include "core/kernel/rcu.h"

#include <algorithm>

namespace ksl::core {

Rcu::Rcu(unsigned cpus, unsigned ticks_till_forced_scan) : cpus_(cpus), ticks_till_scan_(ticks_till_forced_scan) {}

void Rcu::queue(CpuId cpu, RcuCallback callback) {
    std::uint32_t index = free_node_;
    if (index != kNone) {
        free_node_ = nodes_[index].next;
    } else {
        index = static_cast<std::uint32_t>(nodes_.size());
        nodes_.resize(nodes_.size() + 1);
    }
    nodes_.mut(index) = Node{callback, kNone};
    List single{index, index, 1};
    append(cpus_[cpu.raw()].next, single, nodes_);
}

void Rcu::append(List& to, List& from, CowArray<Node, 512>& nodes) {
    if (from.count == 0) return;
    if (to.count == 0)
        to.head = from.head;
    else
        nodes.mut(to.tail).next = from.head;
    to.tail = from.tail;
    to.count += from.count;
    from = List{};
}

/// rcu_advance_cbs and rcu_accelerate_cbs: what waited for a finished period is ready; what was queued since waits for
/// the first period that has not started yet.
void Rcu::advance(Cpu& cpu) {
    if (cpu.waiting.count != 0 && completed_ >= cpu.waiting_for) append(cpu.ready, cpu.waiting, nodes_);
    if (cpu.waiting.count == 0 && cpu.next.count != 0) {
        append(cpu.waiting, cpu.next, nodes_);
        cpu.waiting_for = completed_ + (in_progress_ ? 2 : 1);
    }
}

void Rcu::start_period() {
    in_progress_ = true;
    ticks_in_period_ = 0;
    for (Cpu& cpu : cpus_) {
        cpu.passed_quiescent = false;
        cpu.reported = false;
    }
}

bool Rcu::everyone_reported() const {
    return std::ranges::all_of(cpus_, [](const Cpu& cpu) { return cpu.reported; });
}

Rcu::TickResult Rcu::tick(CpuId id, const std::bitset<kMaxCpus>& is_idle) {
    TickResult result;
    Cpu& cpu = cpus_[id.raw()];
    if (in_progress_) {
        if (cpu.passed_quiescent || is_idle[id.raw()]) cpu.reported = true;
        // The kthread's forced scan looks at the idle processors once the period is old enough. One processor's ticks
        // stand for jiffies: they all tick at the same rate.
        if (id.raw() == 0 || is_idle[0]) ++ticks_in_period_;
        if (ticks_in_period_ >= ticks_till_scan_) {
            for (std::size_t other = 0; other < cpus_.size(); ++other) {
                if (is_idle[other]) cpus_[other].reported = true;
            }
        }
        if (everyone_reported()) {
            in_progress_ = false;
            ++completed_;
            result.ended = true;
            result.number = completed_;
        }
    }
    advance(cpu);
    const bool wanted = std::ranges::any_of(
        cpus_, [&](const Cpu& other) { return other.waiting.count != 0 && other.waiting_for > completed_; });
    if (!in_progress_ && wanted) {
        start_period();
        result.started = true;
        result.number = completed_ + 1;
    }
    return result;
}

std::optional<RcuCallback> Rcu::take_ready(CpuId id) {
    List& ready = cpus_[id.raw()].ready;
    if (ready.count == 0) return std::nullopt;
    const std::uint32_t index = ready.head;
    const Node node = nodes_[index];
    ready.head = node.next;
    if (--ready.count == 0) ready = List{};
    nodes_.mut(index) = Node{{}, free_node_};
    free_node_ = index;
    return node.callback;
}

std::uint64_t Rcu::move_callbacks(CpuId from, CpuId to) {
    const std::uint64_t moved = pending(from);
    Cpu& gone = cpus_[from.raw()];
    // Oldest first, so that they run in the order in which they were queued.
    for (List* list : {&gone.ready, &gone.waiting, &gone.next}) append(cpus_[to.raw()].next, *list, nodes_);
    gone.waiting_for = 0;
    gone.reported = true;
    return moved;
}

std::uint64_t Rcu::pending(CpuId id) const {
    const Cpu& cpu = cpus_[id.raw()];
    return cpu.next.count + cpu.waiting.count + cpu.ready.count;
}

std::uint64_t Rcu::pending() const {
    std::uint64_t sum = 0;
    for (std::size_t cpu = 0; cpu < cpus_.size(); ++cpu) sum += pending(CpuId{static_cast<std::uint16_t>(cpu)});
    return sum;
}

const char* Rcu::check_invariants() const {
    std::uint64_t listed = 0;
    for (const Cpu& cpu : cpus_) {
        for (const List* list : {&cpu.next, &cpu.waiting, &cpu.ready}) {
            std::uint64_t count = 0;
            for (std::uint32_t at = list->head; at != kNone; at = nodes_[at].next) {
                if (++count > list->count) return "an RCU callback list has as many nodes as it counts";
                if (nodes_[at].next == kNone && at != list->tail) return "an RCU callback list ends at its tail";
            }
            if (count != list->count) return "an RCU callback list has as many nodes as it counts";
            listed += count;
        }
        if (cpu.waiting.count != 0 && cpu.waiting_for > completed_ + 2) return "nobody waits for a far grace period";
    }
    for (std::uint32_t at = free_node_; at != kNone; at = nodes_[at].next) {
        if (++listed > nodes_.size()) return "every RCU node is queued or free";
    }
    return listed == nodes_.size() ? "" : "every RCU node is queued or free";
}

} // namespace ksl::core
