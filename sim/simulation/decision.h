// SPDX-License-Identifier: MIT
//
// What an actor does next: a command of its task, or waiting.
#pragma once

#include "core/machine/command.h"
#include "core/types/time.h"
#include "sim/simulation/actor.h"

#include <cstdint>

namespace ksl::sim {

struct Decision {
    enum class What : std::uint8_t {
        command, ///< a system call or kernel code that does not create or end anybody
        spawn,   ///< a child with this role and kind
        exit,
        join,   ///< until no child is alive
        block,  ///< until another actor wakes it
        wake,   ///< `other` goes on; not a command of the machine
        reap,   ///< the first dead child
        sleep,  ///< for `time`
        finish, ///< the workload is over: the actor does nothing any more
    };
    What what = What::finish;
    core::Command command;
    Role role = Role::leaf;
    core::TaskKind kind = core::TaskKind::thread;
    ActorId other;
    core::Cycles time;
};

} // namespace ksl::sim
