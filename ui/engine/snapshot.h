// SPDX-License-Identifier: GPL-3.0-or-later
//
// One moment of a run, complete: what every view of the window draws. Nothing in it changes any more, so that a view
// can look at it for as long as it likes while the engine runs on.
#pragma once

#include "core/events/event.h"
#include "core/machine/machine.h"
#include "sim/base/error.h"
#include "ui/engine/run_differences.h"
#include "ui/engine/step_record.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

namespace ksl::ui {

enum class Activity : std::uint8_t {
    paused,
    playing,
    playing_back,
    going, ///< on the way to a position or to something that is searched for
};

struct Snapshot {
    std::shared_ptr<const core::Machine> machine;
    core::Nanoseconds now;
    std::uint64_t position = 0;  ///< steps from the start
    std::uint64_t known_end = 0; ///< furthest position reached so far
    bool is_finished = false;    ///< nothing follows
    Activity activity = Activity::paused;
    std::vector<core::Event> events; ///< of the step to this position
    StepRecord last;                 ///< that step; meaningless at position 0
    /// B beside A, at the same operation of the workload; null: there is only one run.
    std::shared_ptr<const Snapshot> other;
};

/// An event and the position that its step led to.
struct LoggedEvent {
    std::uint64_t position = 0;
    core::Nanoseconds at;
    core::Event event;
};

/// What the window has not seen yet.
struct Delivery {
    std::shared_ptr<const Snapshot> snapshot; ///< null: nothing new
    std::vector<StepRecord> records;          ///< of steps taken for the first time, in order
    std::vector<LoggedEvent> log;             ///< their events: the newest kMostLogged, and all of overflows
    std::vector<LoggedEvent> other_log;       ///< of B, likewise, with B's positions
    std::vector<StepRecord> other_records;    ///< of B's steps, likewise
    std::vector<RunDifference> differences;   ///< found since the last delivery
    std::optional<sim::Error> error;          ///< there is no run, and why
    static constexpr std::size_t kMostLogged = 4096;
};

} // namespace ksl::ui
