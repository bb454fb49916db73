// SPDX-License-Identifier: GPL-3.0-or-later
//
// One line a step: what it was, when, on which CPU, how long it took there and what it cost the TLB. The timeline draws
// these, and searches ("next failure") read them; the machine itself is only looked at where the playhead is.
//
// Units:   `at` is the run's time after the step; `duration` is what the step's CPU spent on it.
// Memory:  32 bytes a step.
#pragma once

#include "core/events/event.h"
#include "core/machine/machine.h"
#include "core/types/time.h"

#include <cstdint>
#include <span>
#include <vector>

namespace ksl::ui {

enum class StepKind : std::uint8_t { other, clone, exit, context_switch, call, call_return };

struct StepRecord {
    static constexpr std::uint8_t kFailed = 1;    ///< the kernel answered with an error
    static constexpr std::uint8_t kFault = 2;     ///< page fault, overflow, somebody was killed
    static constexpr std::uint8_t kFromCache = 4; ///< a clone whose stack came from a per-CPU cache
    static constexpr std::uint8_t kPurge = 8;     ///< lazily freed areas were purged
    static constexpr std::uint8_t kKilled = 16;   ///< the task or the machine died of it

    core::Nanoseconds at;
    core::Nanoseconds duration;
    std::uint32_t task = 0;         ///< current on the CPU after the step
    std::uint32_t first_misses = 0; ///< first-level TLB misses of the step's CPU
    std::uint32_t walks = 0;        ///< of these, those that the second level did not have either
    std::uint16_t cpu = 0;
    StepKind kind = StepKind::other;
    std::uint8_t flags = 0;

    [[nodiscard]] constexpr bool has(std::uint8_t flag) const { return (flags & flag) != 0; }
    /// Worth stopping at: a failure, a fault, a purge.
    [[nodiscard]] constexpr bool is_notable() const { return (flags & (kFailed | kFault | kPurge)) != 0; }
    friend constexpr bool operator==(const StepRecord&, const StepRecord&) = default;
};

/// What two runs of one workload have in common, whatever their designs: how often tasks were made and ended.
[[nodiscard]] constexpr bool is_operation(StepKind kind) {
    return kind == StepKind::clone || kind == StepKind::exit;
}

/// What a CPU stood at before a step.
struct CpuMark {
    core::Cycles now;
    std::uint64_t first_misses = 0;
    std::uint64_t walks = 0;
};
[[nodiscard]] std::vector<CpuMark> marks_of(const core::Machine& machine);

/// The record of the step that led from `before` to `after` and reported `events`.
[[nodiscard]] StepRecord record_of(std::span<const CpuMark> before, const core::Machine& after, core::Nanoseconds now,
                                   std::span<const core::Event> events);

} // namespace ksl::ui
