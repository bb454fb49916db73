// SPDX-License-Identifier: GPL-3.0-or-later
//
// What became of stack overflows, by task: what was overwritten, since when, who noticed, and who died of it. Told up
// to any position of the run, from the events that the steps reported.
//
// Units:   positions and times as in LoggedEvent.
#pragma once

#include "core/kstack/overflow.h"
#include "core/types/address.h"
#include "ui/engine/snapshot.h"

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace ksl::ui {

struct OverflowStory {
    /// Overwritten bytes below the stack; empty: a guard stopped the first one.
    core::VirtRange damage{};
    core::Victim victim = core::Victim::nobody; ///< whose the lowest of them were
    std::optional<core::Nanoseconds> began;     ///< when the first was overwritten

    struct Notice {
        core::Nanoseconds at;
        core::VirtAddr address{};
        core::Detector detector = core::Detector::none;
        core::Nanoseconds after; ///< since the first overwritten byte; 0: the first write was caught
    };
    std::optional<Notice> noticed;
    bool is_task_dead = false;
    bool is_machine_dead = false;

    /// Simulated time from the first overwritten byte to the notice; nothing while nobody has noticed.
    [[nodiscard]] std::optional<core::Nanoseconds> latency() const;
};

class OverflowLog {
public:
    /// In the order of the run; events of other kinds are passed over.
    void append(std::span<const LoggedEvent> events);
    void clear() { events_.clear(); }
    /// Of a task at a position, on processors of this clock; nothing if its stack held so far.
    [[nodiscard]] std::optional<OverflowStory> story(core::TaskId task, std::uint64_t position,
                                                     core::Frequency clock) const;
    /// Part of a story by itself.
    [[nodiscard]] static bool is_about_overflow(const core::EventBody& body);

private:
    std::vector<LoggedEvent> events_;
};

} // namespace ksl::ui
