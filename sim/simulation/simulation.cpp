// SPDX-License-Identifier: MIT
#include "sim/simulation/simulation.h"

#include "core/memory/kswapd.h"

#include <algorithm>
#include <utility>

namespace ksl::sim {

namespace {

constexpr ActorId kInit{0};
constexpr core::CpuId kBootCpu{0};
/// Later than anything.
constexpr core::Cycles kNever{~std::uint64_t{0}};

} // namespace

Simulation::Simulation(core::Machine machine)
    : machine_(std::move(machine)), queues_(machine_.config().cpus), cpus_(machine_.config().cpus),
      tick_period_(
          machine_.config().processor.clock.to_cycles(core::Nanoseconds{1'000'000'000 / machine_.config().hz})) {
    for (CpuState& cpu : cpus_) cpu.next_tick = tick_period_;
}

Result<Simulation> Simulation::start(const core::MachineConfig& config, const WorkloadSpec& workload,
                                     std::uint64_t seed, const std::optional<Ager>& age) {
    auto machine = core::Machine::boot(config);
    if (!machine) return fail("", 0, machine.error());
    Simulation simulation{std::move(*machine)};
    simulation.workload_ = workload;
    simulation.seed_ = seed;
    simulation.is_preparing_ = age.has_value();
    simulation.programs_ = Programs{age ? WorkloadSpec{*age} : workload, seed, config};
    const ActorId init =
        simulation.actors_.add({.task = core::kInitTask, .cpu = kBootCpu, .role = Role::parent_of_all});
    simulation.queues_.make_ready(simulation.actors_, init, core::Cycles{0});
    return simulation;
}

bool Simulation::step(core::EventSink* sink, core::EventLevel level) {
    while (!is_finished_) {
        const core::CpuId cpu = next_cpu();
        if (cpu.is_none()) {
            is_finished_ = true;
            break;
        }
        if (!advance(cpu, {sink, level})) continue;
        ++steps_;
        if (machine_.is_dead()) is_finished_ = true;
        return true;
    }
    return false;
}

bool Simulation::has_deferred_work(core::CpuId cpu) const {
    const core::MachineState& state = machine_.state();
    return state.cpu(cpu).has_work() || (cpu == kBootCpu && core::wants_kswapd(state.memory.pages.state()));
}

core::Cycles Simulation::next_start(core::CpuId cpu) const {
    const CpuState& mine = cpus_[cpu.raw()];
    const core::Cycles now = now_of(cpu);
    if (!mine.actor.is_none() || mine.needs_switch || has_deferred_work(cpu)) return now;
    core::Cycles next = kNever;
    if (const ActorId first = queues_.first(cpu); !first.is_none()) next = std::max(now, actors_[first].ready_at);
    if (machine_.state().rcu.pending(cpu) != 0) next = std::min(next, std::max(now, mine.next_tick));
    return next;
}

core::CpuId Simulation::next_cpu() {
    for (;;) {
        core::CpuId chosen;
        core::Cycles earliest = kNever;
        for (std::uint16_t index = 0; index < cpus_.size(); ++index) {
            const core::Cycles start = next_start(core::CpuId{index});
            if (start >= earliest) continue;
            chosen = core::CpuId{index};
            earliest = start;
        }
        const core::Cycles timer = queues_.next_timer().value_or(kNever);
        if (timer > earliest) return chosen;
        if (timer == kNever) return core::CpuId::none();
        queues_.wake_sleepers(actors_, timer);
    }
}

bool Simulation::advance(core::CpuId cpu, Tracer tracer) {
    CpuState& mine = cpus_[cpu.raw()];
    const bool is_ticking = !mine.actor.is_none() || machine_.state().rcu.pending(cpu) != 0;
    if (is_ticking && !mine.is_ending && now_of(cpu) >= mine.next_tick) {
        tick(cpu, tracer);
        return true;
    }
    if (mine.actor.is_none() || mine.needs_switch) return reschedule(cpu, tracer);
    return run_program(cpu, tracer);
}

void Simulation::tick(core::CpuId cpu, Tracer tracer) {
    CpuState& mine = cpus_[cpu.raw()];
    const core::Cycles due = now_of(cpu);
    const core::Outcome& outcome = apply(cpu, core::Tick{cpu}, tracer);
    if (outcome.status == core::OutcomeStatus::task_killed) actors_.mut(mine.actor).role = Role::doomed;
    mine.next_tick = tick_period_ * (due.count() / tick_period_.count() + 1);
    const ActorId next = queues_.first(cpu);
    if (mine.actor.is_none() || mine.needs_switch || next.is_none() || actors_[next].ready_at > now_of(cpu)) return;
    queues_.make_ready(actors_, mine.actor, now_of(cpu));
    mine.actor = ActorId::none();
    mine.needs_switch = true;
}

bool Simulation::reschedule(core::CpuId cpu, Tracer tracer) {
    CpuState& mine = cpus_[cpu.raw()];
    if (!mine.is_ending && has_deferred_work(cpu)) {
        apply(cpu, core::RunWork{cpu}, tracer);
        return true;
    }
    const ActorId next = queues_.first(cpu);
    if (!next.is_none() && actors_[next].ready_at <= now_of(cpu)) {
        switch_to(cpu, queues_.pop(actors_, cpu), tracer);
        return true;
    }
    if (!machine_.state().cpu(cpu).is_idle()) {
        switch_to(cpu, ActorId::none(), tracer);
        return true;
    }
    mine.needs_switch = false;
    const core::Cycles start = next_start(cpu);
    if (start == kNever || start <= now_of(cpu)) return false;
    idle(cpu, start, tracer);
    return true;
}

void Simulation::idle(core::CpuId cpu, core::Cycles until, Tracer tracer) {
    apply(cpu, core::Idle{cpu, until}, tracer);
    CpuState& mine = cpus_[cpu.raw()];
    // The tick of an idle CPU was off; it goes on with the next one due.
    if (mine.next_tick < until) mine.next_tick = tick_period_ * (until.count() / tick_period_.count() + 1);
}

void Simulation::switch_to(core::CpuId cpu, ActorId next, Tracer tracer) {
    CpuState& mine = cpus_[cpu.raw()];
    const core::TaskId task = next.is_none() ? core::TaskId::none() : actors_[next].task;
    const core::Outcome& outcome = apply(cpu, core::Switch{cpu, task}, tracer);
    mine.needs_switch = false;
    mine.is_ending = false;
    mine.actor = next;
    if (!next.is_none()) {
        Actor& actor = actors_.mut(next);
        actor.state = ActorState::running;
        if (outcome.status == core::OutcomeStatus::task_killed) actor.role = Role::doomed;
    }
    const ActorId zombie = std::exchange(mine.zombie, ActorId::none());
    if (zombie.is_none()) return;
    Actor& gone = actors_.mut(zombie);
    gone.state = ActorState::ended;
    gone.next = actors_.ties(gone.parent).zombies;
    actors_.mut_ties(gone.parent).zombies = zombie;
    lose_child(gone.parent, now_of(cpu));
}

bool Simulation::run_program(core::CpuId cpu, Tracer tracer) {
    const ActorId self = cpus_[cpu.raw()].actor;
    const core::TaskRecord& task = machine_.state().tasks[actors_[self].task];
    if (task.is_oom_victim != 0) actors_.mut(self).role = Role::doomed;
    if (actors_[self].role == Role::main && !is_preparing_) has_begun_ = true;
    const Decision decision = programs_.decide(actors_, self, machine_);
    switch (decision.what) {
    case Decision::What::command: {
        const core::Outcome& outcome = apply(cpu, decision.command, tracer);
        if (outcome.status == core::OutcomeStatus::task_killed) actors_.mut(self).role = Role::doomed;
        programs_.learn(actors_, self, decision, outcome);
        return true;
    }
    case Decision::What::spawn: spawn(cpu, decision, tracer); return true;
    case Decision::What::exit: exit(cpu, tracer); return true;
    case Decision::What::reap: reap(cpu, tracer); return true;
    case Decision::What::join: return actors_.ties(self).children != 0 && wait(cpu, tracer);
    case Decision::What::block:
        if (actors_.ties(self).wakeups == 0) return wait(cpu, tracer);
        --actors_.mut_ties(self).wakeups;
        return false;
    case Decision::What::wake: wake(decision.other, now_of(cpu)); return false;
    case Decision::What::sleep:
        wait(cpu, tracer);
        queues_.sleep(actors_, self, now_of(cpu) + decision.time);
        return true;
    case Decision::What::finish: break;
    }
    return finish(cpu, tracer);
}

bool Simulation::wait(core::CpuId cpu, Tracer tracer) {
    CpuState& mine = cpus_[cpu.raw()];
    const ActorId self = std::exchange(mine.actor, ActorId::none());
    // Whoever waits must be found waiting by those whom the wait itself lets go on.
    actors_.mut(self).state = ActorState::waiting;
    mine.needs_switch = true;
    apply(cpu, core::Wait{cpu}, tracer);
    return true;
}

/// The ageing is followed by the workload; the workload by nothing.
bool Simulation::finish(core::CpuId cpu, Tracer tracer) {
    if (!is_preparing_) return wait(cpu, tracer);
    is_preparing_ = false;
    programs_ = Programs{workload_, seed_, machine_.config()};
    actors_.mut(cpus_[cpu.raw()].actor).phase = 0;
    return false;
}

void Simulation::spawn(core::CpuId cpu, const Decision& decision, Tracer tracer) {
    const ActorId parent = cpus_[cpu.raw()].actor;
    const core::Outcome& outcome = apply(cpu, core::Spawn{cpu, decision.kind}, tracer);
    if (!outcome.is_done()) return;
    const ActorId child = actors_.add(
        {.task = core::TaskId{outcome.value}, .parent = parent, .cpu = cpu_for_child(parent), .role = decision.role});
    ++actors_.mut_ties(parent).children;
    programs_.adopt(actors_, parent, child);
    queues_.make_ready(actors_, child, now_of(cpu));
}

void Simulation::exit(core::CpuId cpu, Tracer tracer) {
    CpuState& mine = cpus_[cpu.raw()];
    const ActorId self = std::exchange(mine.actor, ActorId::none());
    mine.needs_switch = true;
    mine.is_ending = true;
    const core::TaskId task = actors_[self].task;
    const bool is_process = machine_.state().tasks[task].kind == core::TaskKind::process;
    apply(cpu, core::Exit{cpu}, tracer);
    if (actors_.ties(self).children != 0) adopt_orphans_of(self);
    if (is_process) {
        mine.zombie = self;
        return;
    }
    const ActorId parent = actors_[self].parent;
    actors_.remove(self);
    lose_child(parent, now_of(cpu));
}

void Simulation::reap(core::CpuId cpu, Tracer tracer) {
    ActorTies& ties = actors_.mut_ties(cpus_[cpu.raw()].actor);
    const ActorId zombie = ties.zombies;
    ties.zombies = actors_[zombie].next;
    const core::TaskId task = actors_[zombie].task;
    actors_.remove(zombie);
    apply(cpu, core::Reap{cpu, task}, tracer);
}

const core::Outcome& Simulation::apply_last(core::CpuId cpu, Tracer tracer) {
    last_.cpu = cpu;
    last_.task = machine_.state().cpu(cpu).current;
    last_.start = now_of(cpu);
    last_.is_preparation = !has_begun_;
    last_.is_warmup = has_begun_ && programs_.is_warming_up();
    machine_.apply(last_.command, last_.outcome, tracer.sink, tracer.level);
    if (last_.outcome.oom_kills != 0) wake_victims(now_of(cpu));
    return last_.outcome;
}

void Simulation::wake(ActorId other, core::Cycles at) {
    if (other.is_none()) return;
    const ActorState state = actors_[other].state;
    if (state == ActorState::waiting) {
        queues_.make_ready(actors_, other, at);
    } else if (state != ActorState::unused && state != ActorState::ended) {
        ++actors_.mut_ties(other).wakeups;
    }
}

void Simulation::lose_child(ActorId parent, core::Cycles at) {
    const bool was_last = --actors_.mut_ties(parent).children == 0;
    if (was_last && actors_[parent].state == ActorState::waiting) queues_.make_ready(actors_, parent, at);
}

/// forget_original_parent: children and zombies of a task that ends go to init.
void Simulation::adopt_orphans_of(ActorId parent) {
    for (std::uint32_t index = 0; index < actors_.limit(); ++index) {
        const ActorId child{index};
        if (actors_[child].state == ActorState::unused || actors_[child].parent != parent) continue;
        actors_.mut(child).parent = kInit;
        if (actors_[child].state != ActorState::ended) ++actors_.mut_ties(kInit).children;
    }
    actors_.mut_ties(parent).children = 0;
}

/// A killed task that waits is woken to die.
void Simulation::wake_victims(core::Cycles at) {
    for (std::uint32_t index = 0; index < actors_.limit(); ++index) {
        const ActorId id{index};
        const Actor& actor = actors_[id];
        if (actor.state != ActorState::waiting || machine_.state().tasks[actor.task].is_oom_victim == 0) continue;
        queues_.make_ready(actors_, id, at);
    }
}

core::CpuId Simulation::cpu_for_child(ActorId parent) const {
    const core::CpuId home = actors_[parent].cpu;
    if (cpus_.size() == 1 || programs_.keeps_children_near()) return home;
    const auto load = [&](core::CpuId cpu) {
        return queues_.length(cpu) + (cpus_[cpu.raw()].actor.is_none() ? 0U : 1U);
    };
    core::CpuId idlest = home;
    for (std::size_t i = 1; i <= cpus_.size(); ++i) {
        const core::CpuId cpu{static_cast<std::uint16_t>((home.raw() + i) % cpus_.size())};
        if (!machine_.state().cpu(cpu).is_offline && load(cpu) < load(idlest)) idlest = cpu;
    }
    return idlest;
}

} // namespace ksl::sim
