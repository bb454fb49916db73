// SPDX-License-Identifier: MIT
//
// Which actor runs where and when: one queue a CPU, first in, first out, and timers.
//
// Fidelity:  no priorities and no migration once an actor has been given a CPU; a task that has used up a tick gives
//            way to the next one in the queue.
#pragma once

#include "sim/queue/event_queue.h"
#include "sim/simulation/actor.h"

#include <optional>
#include <vector>

namespace ksl::sim {

class RunQueues {
public:
    RunQueues() = default;
    explicit RunQueues(unsigned cpus) : queues_(cpus) {}

    /// Behind all that wait for the actor's CPU.
    void make_ready(ActorTable& actors, ActorId id, core::Cycles at);
    /// The next actor of a CPU, or none.
    [[nodiscard]] ActorId first(core::CpuId cpu) const { return queues_[cpu.raw()].head; }
    ActorId pop(ActorTable& actors, core::CpuId cpu);
    [[nodiscard]] std::uint32_t length(core::CpuId cpu) const { return queues_[cpu.raw()].length; }

    void sleep(ActorTable& actors, ActorId id, core::Cycles until);
    [[nodiscard]] std::optional<core::Cycles> next_timer() const {
        if (timers_.empty()) return std::nullopt;
        return timers_.next_time();
    }
    /// Everybody whose time has come is ready.
    void wake_sleepers(ActorTable& actors, core::Cycles now);

    friend bool operator==(const RunQueues&, const RunQueues&) = default;

private:
    struct Queue {
        ActorId head;
        ActorId tail;
        std::uint32_t length = 0;
        friend bool operator==(const Queue&, const Queue&) = default;
    };
    std::vector<Queue> queues_;
    EventQueue<ActorId, core::Cycles> timers_;
};

} // namespace ksl::sim
