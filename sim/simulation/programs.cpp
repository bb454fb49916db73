// SPDX-License-Identifier: MIT
#include "sim/simulation/programs.h"

#include "sim/simulation/program_turn.h"

namespace ksl::sim {

namespace {

constexpr std::uint32_t kPagesOfMain = 64; ///< a small process

/// That the workload's own process has touched.
std::uint32_t pages_of_main(const WorkloadSpec& workload) {
    const auto* one_by_one = std::get_if<CloneExit>(&workload);
    return one_by_one == nullptr ? kPagesOfMain : one_by_one->pages;
}

template <class... Fs>
struct Overload : Fs... {
    using Fs::operator()...;
};

} // namespace

Programs::Programs(const WorkloadSpec& workload, std::uint64_t seed, const core::MachineConfig& machine)
    : workload_(workload), clock_(machine.processor.clock), random_(seed ^ 0x70726f6772616d73), cpus_(machine.cpus) {
    warmup_ = std::visit(
        []<class Spec>(const Spec& spec) -> std::uint64_t {
            if constexpr (requires { spec.warmup; })
                return spec.warmup;
            else
                return 0;
        },
        workload_);
}

std::uint64_t Programs::planned() const {
    return std::visit(Overload{[](const CloneExit& spec) { return spec.warmup + spec.operations; },
                               [](const Burst& spec) { return spec.warmup + spec.rounds; },
                               [](const Shell& spec) { return spec.warmup + spec.operations; },
                               [](const Server& spec) { return spec.warmup + spec.requests; },
                               [](const Ager& spec) { return spec.operations; },
                               [](const Chain& spec) { return spec.warmup + spec.operations; },
                               [](const Overflow& spec) { return spec.operations; },
                               [](const Populate&) { return std::uint64_t{1}; }},
                      workload_);
}

bool Programs::keeps_children_near() const {
    if (const auto* one_by_one = std::get_if<CloneExit>(&workload_); one_by_one != nullptr)
        return one_by_one->placement == Placement::near;
    return std::holds_alternative<Overflow>(workload_);
}

Decision Programs::decide(ActorTable& actors, ActorId self, const core::Machine& machine) {
    Turn turn{actors, self, machine};
    switch (actors[self].role) {
    case Role::parent_of_all:
        turn.set_phase(turn.phase() + 1);
        if (turn.phase() == 1) return Turn::spawn(Role::starting, core::TaskKind::process);
        return turn.actor().zombies.is_none() ? Turn::join() : Turn::reap();
    case Role::starting:
        actors.mut(self).role = Role::main;
        return Turn::command(core::Exec{turn.cpu(), pages_of_main(workload_)});
    case Role::main: return std::visit([&](const auto& spec) { return main(turn, spec); }, workload_);
    case Role::resident:
        turn.set_phase(turn.phase() + 1);
        if (turn.phase() == 1) return Turn::block();
        break;
    case Role::leaf:
    case Role::doomed: break;
    case Role::program: return program(turn);
    case Role::worker: return worker(turn, std::get<Server>(workload_));
    case Role::deep: return deep(turn, std::get<Overflow>(workload_));
    }
    return Turn::exit();
}

Decision Programs::one_child_at_a_time(Turn& turn, std::uint64_t total, Role role, core::TaskKind kind,
                                       core::Nanoseconds pause) {
    enum Phase : std::uint32_t { create, wait_for_it, clean_up };
    switch (turn.phase()) {
    case create:
        if (done_ == total) return turn.finish();
        turn.set_phase(wait_for_it);
        return turn.spawn(role, kind);
    case wait_for_it: turn.set_phase(clean_up); return turn.join();
    default: break;
    }
    if (!turn.actor().zombies.is_none()) return turn.reap();
    turn.set_phase(create);
    ++done_;
    return pause.count() == 0 ? turn.again() : turn.sleep(clock_.to_cycles(pause));
}

/// The phase counts children; two more are for waiting and cleaning up.
Decision Programs::many_children(Turn& turn, std::uint64_t rounds, std::uint64_t children, core::TaskKind kind,
                                 core::Nanoseconds pause) {
    if (turn.phase() < children) {
        if (done_ == rounds) return turn.finish();
        turn.set_phase(turn.phase() + 1);
        return turn.spawn(Role::leaf, kind);
    }
    if (turn.phase() == children) {
        turn.set_phase(turn.phase() + 1);
        return turn.join();
    }
    if (!turn.actor().zombies.is_none()) return turn.reap();
    turn.set_phase(0);
    ++done_;
    if (done_ == rounds) return turn.finish();
    return pause.count() == 0 ? turn.again() : turn.sleep(clock_.to_cycles(pause));
}

Decision Programs::main(Turn& turn, const CloneExit& spec) {
    return one_child_at_a_time(turn, planned(), Role::leaf, spec.task, spec.pause);
}

Decision Programs::main(Turn& turn, const Burst& spec) {
    return many_children(turn, planned(), spec.threads, core::TaskKind::thread, spec.pause);
}

Decision Programs::main(Turn& turn, const Shell& spec) {
    return one_child_at_a_time(turn, planned(), Role::program, core::TaskKind::process, spec.pause);
}

/// The phase counts tasks created, then tasks told to end.
Decision Programs::main(Turn& turn, const Populate& spec) {
    const std::uint32_t phase = turn.phase();
    turn.set_phase(phase + 1);
    if (phase < spec.tasks) return turn.spawn(Role::resident, spec.task);
    const std::uint64_t told = phase - spec.tasks;
    if (told < workers_.size()) return turn.wake(workers_[told]);
    if (turn.actor().children != 0) return turn.join();
    if (!turn.actor().zombies.is_none()) return turn.reap();
    done_ = 1;
    return turn.finish();
}

Decision Programs::program(Turn& turn) {
    if (turn.phase() != 0) return turn.exit();
    turn.set_phase(1);
    return turn.command(core::Exec{turn.cpu(), std::get<Shell>(workload_).pages_per_program});
}

Decision Programs::main(Turn& turn, const Overflow&) {
    return one_child_at_a_time(turn, planned(), Role::deep, core::TaskKind::thread, core::Nanoseconds{0});
}

/// Calls until the stack pointer is as far below the stack as asked for; then the thread ends like any other.
Decision Programs::deep(Turn& turn, const Overflow& spec) {
    const std::uint64_t goal = turn.machine().config().design.stack_bytes().count() + spec.beyond.count();
    if (turn.task().stack_used >= goal) return turn.exit();
    return turn.command(core::Call{turn.cpu(), static_cast<std::uint32_t>(spec.frame.count()),
                                   static_cast<std::uint32_t>(spec.touched.count())});
}

/// The phase counts calls on the way in and, from their number on, returns on the way out.
Decision Programs::main(Turn& turn, const Chain& spec) {
    const auto calls = static_cast<std::uint32_t>(spec.frames.size() * spec.repeat);
    const std::uint32_t phase = turn.phase();
    if (phase == 0 && done_ == planned()) return turn.finish();
    turn.set_phase(phase + 1);
    if (phase < calls) {
        const auto bytes = static_cast<std::uint32_t>(spec.frames[phase % spec.frames.size()].count());
        return turn.command(core::Call{turn.cpu(), bytes,
                                       static_cast<std::uint32_t>(static_cast<double>(bytes) * spec.touched) / 8 * 8});
    }
    if (phase < 2 * calls) return turn.command(core::Return{turn.cpu()});
    turn.set_phase(0);
    ++done_;
    return turn.again();
}

void Programs::adopt(ActorTable& actors, ActorId self, ActorId child) {
    Actor& record = actors.mut(child);
    if (record.role == Role::resident) workers_.push_back(child);
    if (record.role != Role::worker) return;
    const bool is_replacement = !replaced_.empty();
    const auto number = is_replacement ? replaced_.back() : static_cast<std::uint32_t>(workers_.size());
    if (is_replacement) {
        replaced_.pop_back();
        workers_[number] = child;
    } else {
        workers_.push_back(child);
    }
    record.progress = number;
    record.cpu = core::CpuId{static_cast<std::uint16_t>(number % cpus_)};
    static_cast<void>(self);
}

} // namespace ksl::sim
