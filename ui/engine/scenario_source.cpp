// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/engine/scenario_source.h"

#include "sim/run/experiment.h"

#include <utility>

namespace ksl::ui {

namespace {

/// How often a long preparation asks whether anybody still wants it.
constexpr std::uint64_t kStepsBetweenQuestions = 1024;

core::Nanoseconds time_of(const sim::Simulation& simulation) {
    return simulation.machine().time(simulation.last().cpu);
}

} // namespace

ScenarioSource::ScenarioSource(sim::Simulation start)
    : timeline_(std::move(start)), first_(timeline_.position()), began_(time_of(timeline_.present())) {}

ScenarioSource::Opened ScenarioSource::open(const sim::Assets& assets, const sim::Scenario& scenario,
                                            std::size_t design, const sim::MemoryStart& memory,
                                            const std::stop_token& stop) {
    if (design >= scenario.designs.size()) return sim::fail(scenario.name, 0, "there is no such design");
    KSL_TRY_ASSIGN(simulation, sim::simulation_of(assets, scenario, design, memory));
    while (simulation.step() && simulation.last().is_preparation) {
        if (simulation.steps() % kStepsBetweenQuestions == 0 && stop.stop_requested())
            return sim::fail(scenario.name, 0, "closed before the machine was ready");
    }
    return std::unique_ptr<EngineSource>(new ScenarioSource(std::move(simulation)));
}

core::Nanoseconds ScenarioSource::now() const {
    const core::Nanoseconds now = time_of(timeline_.present());
    return now > began_ ? now - began_ : core::Nanoseconds{0};
}

std::span<const core::Event> ScenarioSource::last_events() const {
    if (position() == 0) return {};
    return timeline_.last_events();
}

} // namespace ksl::ui
