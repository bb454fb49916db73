// SPDX-License-Identifier: GPL-3.0-or-later
//
// A run made of commands: a small machine on which init creates threads that run, call functions and end. What the
// simulation's timeline does for a scenario, in a few lines.
#pragma once

#include "tests/core/machine/test_machines.h"
#include "ui/engine/engine_source.h"

#include <algorithm>
#include <utility>
#include <vector>

namespace ksl::ui::test {

/// Gathers events.
class EventList : public core::EventSink {
public:
    void on_event(const core::Event& event) override { events.push_back(event); }
    std::vector<core::Event> events;
};

inline core::Machine booted(const core::MachineConfig& config) {
    auto machine = core::Machine::boot(config);
    if (!machine) throw std::runtime_error(machine.error());
    return std::move(*machine);
}
inline core::MachineConfig vmapped_machine(unsigned cpus = 2) {
    return core::testing::small_machine(core::testing::vmapped_4_9(), core::KernelFacts::linux_4_9(), cpus);
}
inline core::MachineConfig contiguous_machine(unsigned cpus = 2) {
    return core::testing::small_machine(core::testing::contiguous(), core::KernelFacts::linux_4_7(), cpus);
}

class ScriptedSource : public EngineSource {
public:
    static constexpr std::uint64_t kCheckpointEvery = 32;

    explicit ScriptedSource(const core::MachineConfig& config, std::uint64_t steps = 2000)
        : moment_{.machine = booted(config), .position = 0, .live = {}, .events = {}}, steps_(steps) {
        checkpoints_.push_back(moment_);
    }

    [[nodiscard]] const core::Machine& machine() const override { return moment_.machine; }
    [[nodiscard]] core::Nanoseconds now() const override {
        core::Nanoseconds latest;
        for (std::uint16_t cpu = 0; cpu < machine().config().cpus; ++cpu)
            latest = std::max(latest, machine().time(core::CpuId{cpu}));
        return latest;
    }
    [[nodiscard]] std::uint64_t position() const override { return moment_.position; }
    [[nodiscard]] std::uint64_t known_end() const override { return known_end_; }
    [[nodiscard]] bool is_finished() const override { return moment_.position == steps_; }
    [[nodiscard]] std::span<const core::Event> last_events() const override { return moment_.events; }

    bool forward() override {
        if (is_finished()) return false;
        EventList list;
        const core::Command command = next_command();
        const core::Outcome outcome = moment_.machine.apply(command, &list, core::EventLevel::coarse);
        if (std::holds_alternative<core::Spawn>(command) && outcome.is_done()) moment_.live.push_back(outcome.value);
        if (std::holds_alternative<core::Exit>(command) && outcome.is_done()) std::erase(moment_.live, outcome.value);
        moment_.events = std::move(list.events);
        ++moment_.position;
        known_end_ = std::max(known_end_, moment_.position);
        if (moment_.position == checkpoints_.size() * kCheckpointEvery) checkpoints_.push_back(moment_);
        return true;
    }
    bool back() override {
        if (moment_.position == 0) return false;
        seek(moment_.position - 1);
        return true;
    }
    void seek(std::uint64_t position) override {
        moment_ = checkpoints_[position / kCheckpointEvery];
        while (moment_.position < position) (void)forward();
    }

private:
    struct Moment {
        core::Machine machine;
        std::uint64_t position;
        std::vector<std::uint32_t> live;
        std::vector<core::Event> events;
    };

    /// Eight steps a round: init clones, the youngest thread runs, calls three functions, and every other round ends.
    [[nodiscard]] core::Command next_command() const {
        using namespace core;
        constexpr CpuId kCpu{0};
        const std::uint64_t round = moment_.position / 8;
        const TaskId youngest = moment_.live.empty() ? core::kInitTask : TaskId{moment_.live.back()};
        switch (moment_.position % 8) {
        case 0: return Switch{kCpu, core::kInitTask};
        case 1: return Spawn{kCpu, TaskKind::thread};
        case 2: return Switch{kCpu, youngest};
        case 3: return Call{kCpu, 96 + static_cast<std::uint32_t>(round % 5) * 64, 96};
        case 4: return Call{kCpu, 312, 200};
        case 5: return Call{kCpu, 904, 904};
        case 6:
            if (round % 2 != 0) return Exit{kCpu};
            return AllocPages{kCpu, Order{static_cast<unsigned>(round % 4)}, PageUse::page_cache};
        default: return Tick{kCpu};
        }
    }

    Moment moment_;
    std::uint64_t steps_;
    std::uint64_t known_end_ = 0;
    std::vector<Moment> checkpoints_;
};

} // namespace ksl::ui::test
