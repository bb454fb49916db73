// SPDX-License-Identifier: GPL-3.0-or-later
//
// A run that can go both ways, as the engine thread drives it: a machine, and steps from one machine to the next. The
// simulation's timeline is one (timeline_source.h), a script of commands in a test another.
//
// Units:    a position is a number of steps from the start; position p is the machine after p steps.
// Threads:  used by one thread at a time.
#pragma once

#include "core/events/event.h"
#include "core/machine/machine.h"
#include "core/types/time.h"

#include <cstdint>
#include <span>

namespace ksl::ui {

class EngineSource {
public:
    virtual ~EngineSource() = default;

    [[nodiscard]] virtual const core::Machine& machine() const = 0;
    [[nodiscard]] virtual core::Nanoseconds now() const = 0;
    [[nodiscard]] virtual std::uint64_t position() const = 0;
    /// The furthest position reached so far.
    [[nodiscard]] virtual std::uint64_t known_end() const = 0;
    /// Nothing follows the present position.
    [[nodiscard]] virtual bool is_finished() const = 0;

    /// One step; false if there is none.
    virtual bool forward() = 0;
    virtual bool back() = 0;
    /// `position` is at most known_end().
    virtual void seek(std::uint64_t position) = 0;
    /// What the step to the present position reported; empty at the start.
    [[nodiscard]] virtual std::span<const core::Event> last_events() const = 0;

protected:
    EngineSource() = default;
    EngineSource(const EngineSource&) = default;
    EngineSource& operator=(const EngineSource&) = default;
    EngineSource(EngineSource&&) = default;
    EngineSource& operator=(EngineSource&&) = default;
};

} // namespace ksl::ui
