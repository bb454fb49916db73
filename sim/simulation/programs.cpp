// SPDX-License-Identifier: MIT
#include "sim/simulation/programs.h"

#include "sim/simulation/program_turn.h"

#include <utility>

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

Programs::Programs(WorkloadSpec workload, std::uint64_t seed, const core::MachineConfig& machine)
    : workload_(std::move(workload)), clock_(machine.processor.clock), random_(seed ^ 0x70726f6772616d73),
      cpus_(machine.cpus) {
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
    return std::visit(
        Overload{[](const CloneExit& spec) { return spec.warmup + spec.operations; },
                 [](const Burst& spec) { return spec.warmup + spec.rounds; },
                 [](const Shell& spec) { return spec.warmup + spec.operations; },
                 [](const Server& spec) { return spec.warmup + spec.requests; },
                 [](const Ager& spec) { return spec.operations; },
                 [](const Chain& spec) { return spec.warmup + spec.operations; },
                 [](const Overflow& spec) { return spec.operations; }, [](const Populate&) { return std::uint64_t{1}; },
                 [](const Dma& spec) { return spec.operations; }, [](const Hotplug& spec) { return spec.rounds; },
                 [](const BorrowedTable&) { return std::uint64_t{1}; }},
        workload_);
}

bool Programs::keeps_children_near() const {
    if (const auto* one_by_one = std::get_if<CloneExit>(&workload_); one_by_one != nullptr)
        return one_by_one->placement == Placement::near;
    return std::holds_alternative<Overflow>(workload_) || std::holds_alternative<Dma>(workload_);
}

Decision Programs::decide(ActorTable& actors, ActorId self, const core::Machine& machine) {
    Turn turn{actors, self, machine};
    switch (actors[self].role) {
    case Role::parent_of_all:
        turn.set_phase(turn.phase() + 1);
        if (turn.phase() == 1) return Turn::spawn(Role::starting, core::TaskKind::process);
        if (!turn.actor().zombies.is_none()) return Turn::reap();
        // A workload's process that was killed leaves nobody to wait for.
        return turn.actor().children == 0 ? Turn::finish() : Turn::join();
    case Role::starting:
        actors.mut(self).role = Role::main;
        return Turn::command(core::Exec{turn.cpu(), pages_of_main(workload_)});
    case Role::main: return std::visit([&](const auto& spec) { return main(turn, spec); }, workload_);
    case Role::resident: return resident(turn, std::get<Populate>(workload_));
    case Role::sleeper: turn.set_phase(turn.phase() + 1); return turn.phase() == 1 ? Turn::block() : Turn::exit();
    case Role::leaf:
    case Role::doomed: break;
    case Role::program: return program(turn);
    case Role::worker: return worker(turn, std::get<Server>(workload_));
    case Role::deep: return deep(turn, std::get<Overflow>(workload_));
    case Role::driver: return driver(turn, std::get<Dma>(workload_));
    }
    return Turn::exit();
}

Decision Programs::one_child_at_a_time(Turn& turn, std::uint64_t total, Role role, core::TaskKind kind,
                                       core::Nanoseconds pause) {
    enum Phase : std::uint8_t { create, wait_for_it, clean_up };
    switch (turn.phase()) {
    case create:
        if (done_ == total) return Turn::finish();
        turn.set_phase(wait_for_it);
        return Turn::spawn(role, kind);
    case wait_for_it: turn.set_phase(clean_up); return Turn::join();
    default: break;
    }
    if (!turn.actor().zombies.is_none()) return Turn::reap();
    turn.set_phase(create);
    ++done_;
    return pause.count() == 0 ? Turn::again() : Turn::sleep(clock_.to_cycles(pause));
}

/// The phase counts children; two more are for waiting and cleaning up.
Decision Programs::many_children(Turn& turn, std::uint64_t rounds, std::uint64_t children, core::TaskKind kind,
                                 core::Nanoseconds pause) {
    if (turn.phase() < children) {
        if (done_ == rounds) return Turn::finish();
        turn.set_phase(turn.phase() + 1);
        return Turn::spawn(Role::leaf, kind);
    }
    if (turn.phase() == children) {
        turn.set_phase(turn.phase() + 1);
        return Turn::join();
    }
    if (!turn.actor().zombies.is_none()) return Turn::reap();
    turn.set_phase(0);
    ++done_;
    if (done_ == rounds) return Turn::finish();
    return pause.count() == 0 ? Turn::again() : Turn::sleep(clock_.to_cycles(pause));
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

/// The phase counts tasks created, then areas taken, then tasks told to end. Before these all have their turn to go
/// deep.
Decision Programs::main(Turn& turn, const Populate& spec) {
    constexpr core::Nanoseconds kUntilTheyWait{1'000'000'000};
    const std::uint32_t phase = turn.phase();
    turn.set_phase(phase + 1);
    if (phase < spec.tasks) return Turn::spawn(Role::resident, spec.task);
    if (phase < spec.tasks + spec.vmallocs) return Turn::command(core::Vmalloc{turn.cpu(), spec.vmalloc_pages});
    std::uint64_t told = phase - spec.tasks - spec.vmallocs;
    if (spec.deep != 0 && told-- == 0) return Turn::sleep(clock_.to_cycles(kUntilTheyWait));
    if (told < workers_.size()) return Turn::wake(workers_[told]);
    if (turn.actor().children != 0) return Turn::join();
    if (!turn.actor().zombies.is_none()) return Turn::reap();
    done_ = 1;
    return Turn::finish();
}

/// Its number among the residents is in its progress.
Decision Programs::resident(Turn& turn, const Populate& spec) {
    const bool goes_deep = turn.actor().progress < spec.deep;
    const std::uint32_t phase = turn.phase();
    turn.set_phase(phase + 1);
    if (goes_deep && phase == 0) {
        const auto bytes = static_cast<std::uint32_t>(spec.depth.count()) - turn.task().stack_used;
        return Turn::command(core::Call{turn.cpu(), bytes, bytes});
    }
    return phase == (goes_deep ? 1U : 0U) ? Turn::block() : Turn::exit();
}

Decision Programs::program(Turn& turn) {
    if (turn.phase() != 0) return Turn::exit();
    turn.set_phase(1);
    return Turn::command(core::Exec{turn.cpu(), std::get<Shell>(workload_).pages_per_program});
}

/// The phase counts the thread, then areas that are taken while it has not run yet.
Decision Programs::main(Turn& turn, const Overflow& spec) {
    const std::uint32_t phase = turn.phase();
    if (phase == 0 && done_ == planned()) return Turn::finish();
    turn.set_phase(phase + 1);
    if (phase == 0) return Turn::spawn(Role::deep, core::TaskKind::thread);
    if (phase <= spec.vmallocs) return Turn::command(core::Vmalloc{turn.cpu(), spec.vmalloc_pages});
    if (phase == spec.vmallocs + 1) return Turn::join();
    turn.set_phase(0);
    ++done_;
    return Turn::again();
}

/// Calls until the stack pointer is as far below the stack as asked for; then the thread ends like any other.
Decision Programs::deep(Turn& turn, const Overflow& spec) {
    const std::uint64_t goal = turn.machine().config().design.stack_bytes().count() + spec.beyond.count();
    if (turn.task().stack_used >= goal) return Turn::exit();
    return Turn::command(core::Call{turn.cpu(), static_cast<std::uint32_t>(spec.frame.count()),
                                    static_cast<std::uint32_t>(spec.touched.count())});
}

/// The phase counts the entry, calls on the way in and, behind them, returns on the way out.
Decision Programs::main(Turn& turn, const Chain& spec) {
    const auto calls = static_cast<std::uint32_t>(spec.frames.size() * spec.repeat);
    const std::uint32_t phase = turn.phase();
    if (phase == 0 && done_ == planned()) return Turn::finish();
    turn.set_phase(phase + 1);
    if (phase == 0) return Turn::command(core::EnterKernel{turn.cpu()});
    const auto frame_of = [&](std::uint32_t call) {
        return static_cast<std::uint32_t>(spec.frames[call % spec.frames.size()].count());
    };
    if (phase <= calls) {
        const std::uint32_t bytes = frame_of(phase - 1);
        return Turn::command(core::Call{turn.cpu(), bytes,
                                        static_cast<std::uint32_t>(static_cast<double>(bytes) * spec.touched) / 8 * 8});
    }
    if (phase <= 2 * calls) return Turn::command(core::Return{turn.cpu(), frame_of(2 * calls - phase)});
    turn.set_phase(0);
    ++done_;
    return Turn::again();
}

Decision Programs::main(Turn& turn, const Dma&) {
    return one_child_at_a_time(turn, planned(), Role::driver, core::TaskKind::thread, core::Nanoseconds{0});
}

/// Into the kernel, down to the function that has the buffer in its frame, and out again.
Decision Programs::driver(Turn& turn, const Dma& spec) {
    enum Phase : std::uint8_t { enter, call, transfer, leave };
    const std::uint32_t phase = turn.phase();
    turn.set_phase(phase + 1);
    switch (phase) {
    case enter: return Turn::command(core::EnterKernel{turn.cpu()});
    case call: {
        const auto bytes = static_cast<std::uint32_t>(spec.depth.count()) - turn.task().stack_used;
        return Turn::command(core::Call{turn.cpu(), bytes, bytes});
    }
    case transfer: return Turn::command(core::MapDma{turn.cpu(), spec.request});
    case leave: return Turn::command(core::Return{turn.cpu()});
    default: break;
    }
    return Turn::exit();
}

/// The phase counts threads, then CPUs that go, then CPUs that come back.
Decision Programs::main(Turn& turn, const Hotplug& spec) {
    constexpr core::Nanoseconds kUntilTheyIdle{1'000'000};
    const std::uint32_t phase = turn.phase();
    if (phase == 0 && done_ == planned()) return Turn::finish();
    turn.set_phase(phase + 1);
    if (phase < spec.threads) return Turn::spawn(Role::leaf, core::TaskKind::thread);
    const std::uint32_t after = phase - spec.threads;
    if (after == 0) return Turn::join();
    if (after == 1) return Turn::sleep(clock_.to_cycles(kUntilTheyIdle));
    const std::uint32_t step = after - 2;
    const std::uint32_t others = cpus_ - 1;
    const auto cpu = [&](std::uint32_t index) {
        return core::CpuId{static_cast<std::uint16_t>(index < turn.cpu().raw() ? index : index + 1)};
    };
    if (step < others) return Turn::command(core::UnplugCpu{turn.cpu(), cpu(step)});
    if (step < 2 * others) return Turn::command(core::PlugCpu{turn.cpu(), cpu(step - others)});
    turn.set_phase(0);
    ++done_;
    return Turn::again();
}

Decision Programs::main(Turn& turn, const BorrowedTable& spec) {
    enum Phase : std::uint8_t {
        process,
        let_it_sleep,
        take_addresses,
        kernel_thread,
        let_it_run,
        wake,
        wait,
        clean_up
    };
    constexpr core::Nanoseconds kUntilOthersRan{1'000'000};
    const std::uint32_t phase = turn.phase();
    if (phase < clean_up) turn.set_phase(phase + 1);
    switch (phase) {
    case process: return Turn::spawn(Role::sleeper, core::TaskKind::process);
    case let_it_sleep:
    case let_it_run: return Turn::sleep(clock_.to_cycles(kUntilOthersRan));
    case take_addresses:
        return Turn::command(
            core::Vmalloc{turn.cpu(), static_cast<std::uint32_t>(core::pages_for(spec.vmalloc).count())});
    case kernel_thread: return Turn::spawn(Role::leaf, core::TaskKind::kernel_thread);
    case wake: return workers_.empty() ? Turn::again() : Turn::wake(workers_.front());
    case wait: return Turn::join();
    default: break;
    }
    if (!turn.actor().zombies.is_none()) return Turn::reap();
    done_ = 1;
    return Turn::finish();
}

void Programs::adopt(ActorTable& actors, ActorId self, ActorId child) {
    Actor& record = actors.mut(child);
    if (std::holds_alternative<BorrowedTable>(workload_)) {
        // All but main share one CPU, another one if there is another.
        record.cpu = core::CpuId{static_cast<std::uint16_t>((actors[self].cpu.raw() + 1U) % cpus_)};
        if (record.role == Role::sleeper) workers_.push_back(child);
    }
    if (record.role == Role::resident) {
        record.progress = workers_.size();
        workers_.push_back(child);
    }
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
}

} // namespace ksl::sim
