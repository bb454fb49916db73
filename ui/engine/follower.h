// SPDX-License-Identifier: GPL-3.0-or-later
//
// The second of two runs that are watched together: the same workload and seed on another design. It goes where the
// first one goes, operation by operation: the n-th clone or exit of A is shown beside the n-th of B, however long each
// took. Between operations B takes one step for each of A's; whoever is ahead by an operation waits.
//
// Units:    `position` of seek() is A's; records() and source().position() are B's own.
// Promises: after each step of A the two have done as many operations, or B one more; fewer only where B has ended.
// Memory:   40 bytes a step.
#pragma once

#include "ui/engine/engine_source.h"
#include "ui/engine/snapshot.h"
#include "ui/engine/step_record.h"

#include <cstdint>
#include <memory>
#include <span>
#include <utility>
#include <vector>

namespace ksl::ui {

class Follower {
public:
    explicit Follower(std::unique_ptr<EngineSource> source);

    /// A has taken a step for the first time, an operation or not.
    void follow(bool is_operation);
    /// A stands at one of its known positions.
    void seek(std::uint64_t position);

    [[nodiscard]] const EngineSource& source() const { return *source_; }
    /// Of B's own steps, all that were taken so far.
    [[nodiscard]] std::span<const StepRecord> records() const { return records_; }
    /// Events of the steps that were taken for the first time since the last call.
    [[nodiscard]] std::vector<LoggedEvent> take_log() { return std::exchange(log_, {}); }
    /// What B reported since A's last step.
    [[nodiscard]] std::span<const core::Event> events() const { return events_; }

private:
    void forward();

    std::unique_ptr<EngineSource> source_;
    std::vector<StepRecord> records_;
    std::vector<std::uint64_t> places_{0}; ///< B's position, by A's
    std::vector<core::Event> events_;
    std::vector<LoggedEvent> log_;
    std::uint64_t operations_of_a_ = 0;
    std::uint64_t operations_ = 0;
};

} // namespace ksl::ui
