// SPDX-License-Identifier: MIT
//
// Who does something in a simulation: a task of the machine and the program that it runs. The machine knows nothing of
// programs; an actor decides which command its task gives next.
//
// Memory:  32 bytes an actor; what few of them have (ActorTies) takes no memory for chunks of actors that all have none
// of it.
#pragma once

#include "core/types/cow_array.h"
#include "core/types/ids.h"
#include "core/types/time.h"

#include <cstdint>

namespace ksl::sim {

/// Index of an actor.
using ActorId = core::Id<struct ActorTag, std::uint32_t>;

/// Which program an actor runs.
enum class Role : std::uint8_t {
    parent_of_all, ///< init: creates the workload's process, then waits
    starting,      ///< the workload's process before its exec
    main,          ///< the workload's process
    leaf,          ///< ends as soon as it runs
    program,       ///< execs, then ends
    worker,        ///< serves requests
    resident,      ///< lives until it is told to end
    deep,          ///< calls deeper than its stack is
    driver,        ///< gives a buffer on its stack to a device
    sleeper,       ///< sleeps until it is woken, then ends
    doomed,        ///< was killed: ends as soon as it runs
};

enum class ActorState : std::uint8_t {
    unused,
    ready,   ///< in a run queue from `ready_at` on
    running, ///< a CPU's current task
    waiting, ///< for children, for a request
    asleep,  ///< a timer wakes it
    ended,   ///< a dead process that its parent has not reaped yet
};

struct Actor {
    core::Cycles ready_at{};
    core::TaskId task{};
    ActorId parent{};
    ActorId next{};           ///< in a run queue; of unused actors and of zombies: the next such one
    std::uint32_t phase = 0;  ///< where in its program it is
    std::uint32_t number = 0; ///< among the residents, or among the workers
    core::CpuId cpu{0};       ///< whose run queue it goes to
    Role role = Role::leaf;
    ActorState state = ActorState::unused;
    friend bool operator==(const Actor&, const Actor&) = default;
};
static_assert(sizeof(Actor) == 32);

/// What others have left with an actor.
struct ActorTies {
    ActorId zombies{};          ///< first dead child to reap
    std::uint32_t children = 0; ///< alive
    std::uint32_t wakeups = 0;  ///< that came while it was not waiting
    friend bool operator==(const ActorTies&, const ActorTies&) = default;
};

class ActorTable {
public:
    [[nodiscard]] ActorId add(const Actor& actor) {
        ActorId id = free_;
        if (id.is_none()) {
            id = ActorId{static_cast<std::uint32_t>(actors_.size())};
            actors_.resize(actors_.size() + 1);
            ties_.resize(actors_.size());
        } else {
            free_ = actors_[id.raw()].next;
        }
        actors_.mut(id.raw()) = actor;
        return id;
    }
    void remove(ActorId id) {
        Actor gone;
        gone.next = free_;
        actors_.mut(id.raw()) = gone;
        if (ties(id) != ActorTies{}) mut_ties(id) = ActorTies{};
        free_ = id;
    }
    [[nodiscard]] const Actor& operator[](ActorId id) const { return actors_[id.raw()]; }
    [[nodiscard]] Actor& mut(ActorId id) { return actors_.mut(id.raw()); }
    [[nodiscard]] const ActorTies& ties(ActorId id) const { return ties_[id.raw()]; }
    [[nodiscard]] ActorTies& mut_ties(ActorId id) { return ties_.mut(id.raw()); }
    [[nodiscard]] std::uint32_t limit() const { return static_cast<std::uint32_t>(actors_.size()); }
    friend bool operator==(const ActorTable&, const ActorTable&) = default;

private:
    core::CowArray<Actor, 256> actors_;
    core::CowArray<ActorTies, 256> ties_; ///< by actor
    ActorId free_;
};

} // namespace ksl::sim
