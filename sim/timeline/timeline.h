// SPDX-License-Identifier: MIT
//
// A run that can be gone through both ways: the simulation now, and checkpoints of it on the way here. Going back is
// going forward from the last checkpoint before; determinism makes that the same run.
//
// Units:   a position is a number of steps since the start.
// Memory:  checkpoints share what has not changed between them. There are at most kMostCheckpoints; when they are full,
//          every second one goes and the distance doubles, so that going back costs at most 1 / kMostCheckpoints of the
//          run so far.
#pragma once

#include "core/events/event.h"
#include "sim/simulation/simulation.h"

#include <cstdint>
#include <map>
#include <vector>

namespace ksl::sim {

class Timeline {
public:
    static constexpr std::size_t kMostCheckpoints = 256;

    /// `level`: of the events kept for the last step.
    explicit Timeline(Simulation start, core::EventLevel level = core::EventLevel::fine);

    [[nodiscard]] const Simulation& present() const { return present_; }
    [[nodiscard]] std::uint64_t position() const { return present_.steps(); }
    /// The furthest position that was reached.
    [[nodiscard]] std::uint64_t known_end() const { return known_end_; }
    [[nodiscard]] bool is_finished() const { return present_.is_finished(); }
    /// What the step to the present position reported; empty at the start.
    [[nodiscard]] const std::vector<core::Event>& last_events() const { return last_events_; }

    /// False: nothing follows.
    bool forward();
    /// False: at the start.
    bool back();
    /// To this position, or to the end of the run if that comes first.
    void seek(std::uint64_t position);

    [[nodiscard]] std::size_t checkpoints() const { return checkpoints_.size(); }

private:
    void remember();
    /// Steps without anybody listening.
    void run_to(std::uint64_t position);

    Simulation present_;
    core::EventLevel level_;
    std::vector<core::Event> last_events_;
    std::map<std::uint64_t, Simulation> checkpoints_;
    std::uint64_t distance_ = 64;
    std::uint64_t known_end_;
};

} // namespace ksl::sim
