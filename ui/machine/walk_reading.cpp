// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/machine/walk_reading.h"

#include "sim/walk/machine_walk.h"

#include <algorithm>

namespace ksl::ui {

namespace {

/// Notes which entries a walk reads, and where their lines are.
struct ReadHooks {
    const core::CacheModel& caches;
    core::CpuId cpu;
    std::vector<MmuLook::Read>& reads;

    [[nodiscard]] std::uint32_t reference(core::PhysAddr at, bool is_write) const {
        const core::CacheLevel level = caches.peek(cpu, at);
        // A bit that is set is written where the entry was just read: no second wait.
        if (is_write) return 0;
        reads.push_back({.at = at, .found = level, .latency = caches.latency(level)});
        return static_cast<std::uint32_t>(caches.latency(level).count());
    }
    [[nodiscard]] static constexpr bool wants_events() { return false; }
    template <class Event>
    static void report(const Event& /*event*/) {}
};

std::size_t spared_entries(const sim::WalkExplanation& walk, const MmuLook& look) {
    if (look.reads.empty()) return 0;
    const auto first = std::ranges::find(walk.entries, look.reads.front().at, &sim::ExplainedEntry::at);
    return static_cast<std::size_t>(first == walk.entries.end() ? 0 : first - walk.entries.begin());
}

MmuLook look_at(const core::Machine& machine, core::CpuId cpu, core::VirtAddr at, core::Access access) {
    const core::MachineState& state = machine.state();
    core::Mmu mmu = state.cpu(cpu).mmu;
    core::PhysMemory memory = state.memory.contents;
    MmuLook look{.cpu = cpu, .outcome = {}, .reads = {}, .stall = {}, .fault = {}, .spared = 0};
    ReadHooks hooks{.caches = state.caches, .cpu = cpu, .reads = look.reads};
    const core::MmuAnswer answer = mmu.access(at, access, memory, hooks);
    look.outcome = answer.outcome();
    look.stall = answer.stall();
    if (answer.faulted()) look.fault = mmu.fault();
    return look;
}

} // namespace

std::optional<core::Fault> WalkReading::fault() const {
    if (!walk.outcome) {
        core::Fault fault = walk.outcome.error();
        if (fault.vector == core::Vector::page_fault) {
            fault.error_code = (fault.error_code & core::page_fault::kReserved) | access_bits(walk.mode, access) |
                               (fault.error_code & core::page_fault::kProtection);
        }
        return fault;
    }
    const std::uint32_t code = protection_error(walk.mode, walk.outcome->rights, access);
    if (code == 0) return std::nullopt;
    return core::Fault{.vector = core::Vector::page_fault,
                       .error_code = code,
                       .address = walk.at,
                       .level = walk.outcome->leaf_level,
                       .entry = walk.outcome->leaf};
}

WalkReading read_walk(const sim::WalkSource& source, core::VirtAddr at, core::Access access) {
    return {.walk = explain_walk(source, at), .access = access, .mmu = std::nullopt};
}

WalkReading read_walk(const core::Machine& machine, core::CpuId cpu, core::VirtAddr at, core::Access access) {
    WalkReading reading = read_walk(sim::walk_source_of(machine, cpu), at, access);
    reading.mmu = look_at(machine, cpu, at, access);
    reading.mmu->spared = spared_entries(reading.walk, *reading.mmu);
    return reading;
}

} // namespace ksl::ui
