// SPDX-License-Identifier: MIT
#include "core/machine/machine.h"

#include "core/machine/churn.h"
#include "core/machine/life.h"
#include "core/machine/stackleak.h"

namespace ksl::core {

namespace {

/// Which processor a command is for.
CpuId cpu_of(const Command& command) {
    return std::visit([](const auto& body) { return body.cpu; }, command);
}

template <class... Fs>
struct Overload : Fs... {
    using Fs::operator()...;
};

/// Commands that end in user mode: whole system calls, and a switch to a task that had made one or begins.
template <class Body>
constexpr bool kEndsInUserMode = std::is_same_v<Body, Spawn> || std::is_same_v<Body, Reap> ||
                                 std::is_same_v<Body, Exec> || std::is_same_v<Body, Switch>;

void carry_out(MachineState& state, KernelServices& kernel, const Command& command, Outcome& outcome) {
    const Overload work{
        [&](const Spawn& body) { spawn(state, kernel, body, outcome); },
        [&](const Exit& body) { exit_task(state, kernel, body, outcome); },
        [&](const Switch& body) { switch_to(state, kernel, body, outcome); },
        [&](const Wait& body) { wait(state, kernel, body, outcome); },
        [&](const Reap& body) { reap(state, kernel, body, outcome); },
        [&](const Exec& body) { exec(state, kernel, body, outcome); },
        [&](const Call& body) { call(state, kernel, body, outcome); },
        [&](const Return& body) { return_from(state, kernel, body, outcome); },
        [&](const StrayAccess& body) { stray_access(state, kernel, body, outcome); },
        [&](const AllocPages& body) { alloc_pages(state, kernel, body, outcome); },
        [&](const FreePages& body) { free_pages(state, kernel, body, outcome); },
        [&](const Vmalloc& body) { vmalloc(state, kernel, body, outcome); },
        [&](const Vfree& body) { vfree(state, kernel, body, outcome); },
        [&](const Tick& body) { tick(state, kernel, body, outcome); },
        [&](const RunWork& body) { run_work(state, kernel, body, outcome); },
        [&](const Idle& body) { idle(state, body); },
        [&](const EnterKernel& body) { enter_kernel(state, kernel, body, outcome); },
        [&](const MapDma& body) { map_dma(state, kernel, body, outcome); },
        [&](const UnplugCpu& body) { unplug_cpu(state, kernel, body, outcome); },
        [&](const PlugCpu& body) { plug_cpu(state, kernel, body, outcome); },
    };
    std::visit(
        [&]<class Body>(const Body& body) {
            work(body);
            if constexpr (kEndsInUserMode<Body>) return_to_user(state, kernel);
        },
        command);
}

} // namespace

void Machine::apply(const Command& command, Outcome& outcome, EventSink* sink, EventLevel level) {
    const CpuId id = cpu_of(command);
    if (id.raw() >= state_.cpus.size() || state_.cpu(id).is_offline) {
        outcome = Outcome{};
        outcome.status = OutcomeStatus::refused;
        return;
    }
    if (state_.is_dead) {
        outcome = Outcome{};
        outcome.status = OutcomeStatus::machine_died;
        return;
    }
    Cpu& cpu = state_.cpu(id);
    ProcessorPort port{state_, id};
    LockTable* locks = state_.cpus.size() > 1 ? &state_.locks : nullptr;
    Effects fx{&state_.config().prices, &port, sink, level, id, cpu.now, state_.data, locks};
    port.report_to(&fx);
    KernelServices kernel{state_, id, port, fx};
    // What follows sets every member, so that the ledger is written once only.
    outcome.status = OutcomeStatus::done;
    outcome.value = 0;
    outcome.stack_source = StackSource::page_allocator;
    carry_out(state_, kernel, command, outcome);
    outcome.oom_kills = kernel.oom_kills();
    outcome.ipis = kernel.ipis();
    outcome.purged = kernel.purged();
    outcome.ledger = fx.ledger();
    cpu.now += outcome.ledger.total;
}

std::uint64_t Machine::hash() const {
    return digest_of(state_);
}

std::vector<std::byte> Machine::save() const {
    return bytes_of_state(state_);
}

bool Machine::restore(std::span<const std::byte> bytes) {
    Machine read = *this;
    StateReader reader{bytes};
    reader(read.state_);
    if (!reader.ok() || !reader.at_end() || !read.check_invariants().empty()) return false;
    *this = std::move(read);
    return true;
}

} // namespace ksl::core
