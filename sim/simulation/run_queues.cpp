// SPDX-License-Identifier: MIT
#include "sim/simulation/run_queues.h"

namespace ksl::sim {

void RunQueues::make_ready(ActorTable& actors, ActorId id, core::Cycles at) {
    Actor& actor = actors.mut(id);
    actor.state = ActorState::ready;
    actor.ready_at = at;
    actor.next = ActorId::none();
    Queue& queue = queues_[actor.cpu.raw()];
    if (queue.tail.is_none()) {
        queue.head = id;
    } else {
        actors.mut(queue.tail).next = id;
    }
    queue.tail = id;
    ++queue.length;
}

ActorId RunQueues::pop(ActorTable& actors, core::CpuId cpu) {
    Queue& queue = queues_[cpu.raw()];
    const ActorId id = queue.head;
    if (id.is_none()) return id;
    queue.head = actors[id].next;
    if (queue.head.is_none()) queue.tail = ActorId::none();
    --queue.length;
    actors.mut(id).next = ActorId::none();
    return id;
}

void RunQueues::sleep(ActorTable& actors, ActorId id, core::Cycles until) {
    actors.mut(id).state = ActorState::asleep;
    timers_.push(until, id);
}

void RunQueues::wake_sleepers(ActorTable& actors, core::Cycles now) {
    while (const auto due = timers_.pop_until(now)) make_ready(actors, due->what, due->at);
}

} // namespace ksl::sim
