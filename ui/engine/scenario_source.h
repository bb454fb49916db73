// SPDX-License-Identifier: GPL-3.0-or-later
//
// A scenario's run as the engine thread drives it: one of its designs, from the first step of the workload on. What
// comes before (boot, ageing of memory) happens while the run is opened.
//
// Errors:   those of reading files and booting the machine, as the command line has them.
#pragma once

#include "sim/base/assets.h"
#include "sim/scenario/memory_start.h"
#include "sim/scenario/scenario.h"
#include "sim/timeline/timeline.h"
#include "ui/engine/engine_source.h"

#include <cstddef>
#include <memory>
#include <stop_token>

namespace ksl::ui {

class ScenarioSource : public EngineSource {
public:
    using Opened = sim::Result<std::unique_ptr<EngineSource>>;

    /// `design` counts the scenario's designs; `memory` is where it starts from, the same one for designs that are
    /// compared.
    [[nodiscard]] static Opened open(const sim::Assets& assets, const sim::Scenario& scenario, std::size_t design,
                                     const sim::MemoryStart& memory, const std::stop_token& stop);

    [[nodiscard]] const core::Machine& machine() const override { return timeline_.present().machine(); }
    [[nodiscard]] core::Nanoseconds now() const override;
    [[nodiscard]] std::uint64_t position() const override { return timeline_.position() - first_; }
    [[nodiscard]] std::uint64_t known_end() const override { return timeline_.known_end() - first_; }
    [[nodiscard]] bool is_finished() const override { return timeline_.is_finished(); }
    bool forward() override { return timeline_.forward(); }
    bool back() override { return timeline_.back(); }
    void seek(std::uint64_t position) override { timeline_.seek(position + first_); }
    [[nodiscard]] std::span<const core::Event> last_events() const override;

private:
    explicit ScenarioSource(sim::Simulation start);

    sim::Timeline timeline_;
    std::uint64_t first_;     ///< steps that were taken before the run was shown
    core::Nanoseconds began_; ///< when that was
};

} // namespace ksl::ui
