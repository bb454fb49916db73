// SPDX-License-Identifier: MIT
//
// One decision of one actor: what it can see, and ways to say what it does. Internal to Programs.
#pragma once

#include "sim/simulation/programs.h"

namespace ksl::sim {

struct Programs::Turn {
    ActorTable& actors;
    ActorId self;
    const core::Machine& the_machine;

    [[nodiscard]] const core::Machine& machine() const { return the_machine; }
    [[nodiscard]] const Actor& actor() const { return actors[self]; }
    [[nodiscard]] const ActorTies& ties() const { return actors.ties(self); }
    [[nodiscard]] const core::TaskRecord& task() const { return the_machine.state().tasks[actor().task]; }
    [[nodiscard]] core::CpuId cpu() const { return actor().cpu; }
    [[nodiscard]] std::uint32_t phase() const { return actor().phase; }
    void set_phase(std::uint32_t phase) { actors.mut(self).phase = phase; }

    [[nodiscard]] static Decision of(Decision::What what) {
        Decision decision;
        decision.what = what;
        return decision;
    }
    [[nodiscard]] static Decision command(const core::Command& command) {
        Decision decision = of(Decision::What::command);
        decision.command = command;
        return decision;
    }
    [[nodiscard]] static Decision spawn(Role role, core::TaskKind kind) {
        Decision decision = of(Decision::What::spawn);
        decision.role = role;
        decision.kind = kind;
        return decision;
    }
    [[nodiscard]] static Decision sleep(core::Cycles time) {
        Decision decision = of(Decision::What::sleep);
        decision.time = time;
        return decision;
    }
    [[nodiscard]] static Decision wake(ActorId other) {
        Decision decision = of(Decision::What::wake);
        decision.other = other;
        return decision;
    }
    /// Nobody is woken: the program is asked again.
    [[nodiscard]] static Decision again() { return wake(ActorId::none()); }
    [[nodiscard]] static Decision exit() { return of(Decision::What::exit); }
    [[nodiscard]] static Decision join() { return of(Decision::What::join); }
    [[nodiscard]] static Decision block() { return of(Decision::What::block); }
    [[nodiscard]] static Decision reap() { return of(Decision::What::reap); }
    [[nodiscard]] static Decision finish() { return of(Decision::What::finish); }
};

} // namespace ksl::sim
