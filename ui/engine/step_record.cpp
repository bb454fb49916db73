// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/engine/step_record.h"

#include <algorithm>
#include <numeric>
#include <variant>

namespace ksl::ui {

using core::Machine;

namespace {

CpuMark mark_of(const core::Cpu& cpu) {
    const core::TlbCounters& tlb = cpu.mmu.counters();
    return {.now = cpu.now,
            .first_misses = std::accumulate(tlb.first_misses.begin(), tlb.first_misses.end(), std::uint64_t{0}),
            .walks = tlb.walks()};
}

/// What an event says about the step that it is part of.
struct Note {
    StepKind kind = StepKind::other;
    std::uint8_t flags = 0;
};

Note note_of(const core::EventBody& body) {
    if (const auto* created = std::get_if<core::TaskCreated>(&body)) {
        return {.kind = StepKind::clone,
                .flags = created->source == core::StackSource::stack_cache ? StepRecord::kFromCache : std::uint8_t{0}};
    }
    if (std::holds_alternative<core::CloneFailed>(body)) return {.kind = StepKind::clone, .flags = StepRecord::kFailed};
    if (std::holds_alternative<core::TaskExited>(body)) return {.kind = StepKind::exit, .flags = 0};
    if (std::holds_alternative<core::ContextSwitched>(body)) return {.kind = StepKind::context_switch, .flags = 0};
    if (std::holds_alternative<core::CallPushed>(body)) return {.kind = StepKind::call, .flags = 0};
    if (std::holds_alternative<core::CallReturned>(body)) return {.kind = StepKind::call_return, .flags = 0};
    if (std::holds_alternative<core::AreasPurged>(body)) return {.kind = StepKind::other, .flags = StepRecord::kPurge};
    const bool is_refusal = std::holds_alternative<core::PagesRefused>(body) ||
                            std::holds_alternative<core::AreaRefused>(body) ||
                            std::holds_alternative<core::OutOfMemory>(body);
    if (is_refusal) return {.kind = StepKind::other, .flags = StepRecord::kFailed};
    if (std::holds_alternative<core::TaskKilled>(body) || std::holds_alternative<core::MachineDied>(body))
        return {.kind = StepKind::other, .flags = StepRecord::kFault | StepRecord::kKilled};
    const bool is_fault = std::holds_alternative<core::PageFaulted>(body) ||
                          std::holds_alternative<core::StackOverran>(body) ||
                          std::holds_alternative<core::OverflowNoticed>(body);
    return {.kind = StepKind::other, .flags = is_fault ? StepRecord::kFault : std::uint8_t{0}};
}

/// The CPU that carried the step out: the one whose clock ran most.
std::size_t busiest(std::span<const CpuMark> before, const Machine& after) {
    std::size_t found = 0;
    std::uint64_t most = 0;
    for (std::size_t cpu = 0; cpu < before.size(); ++cpu) {
        const std::uint64_t ran = (after.state().cpus[cpu].now - before[cpu].now).count();
        if (ran <= most) continue;
        most = ran;
        found = cpu;
    }
    return found;
}

} // namespace

std::vector<CpuMark> marks_of(const Machine& machine) {
    std::vector<CpuMark> marks;
    marks.reserve(machine.state().cpus.size());
    for (const core::Cpu& cpu : machine.state().cpus) marks.push_back(mark_of(cpu));
    return marks;
}

StepRecord record_of(std::span<const CpuMark> before, const Machine& after, core::Nanoseconds now,
                     std::span<const core::Event> events) {
    const std::size_t index = events.empty() ? busiest(before, after) : std::size_t{events.front().cpu.raw()};
    const core::Cpu& cpu = after.state().cpus[index];
    const CpuMark mark = mark_of(cpu);
    StepRecord record{.at = now,
                      .duration = after.config().processor.clock.to_time(mark.now - before[index].now),
                      .task = cpu.current.raw(),
                      .first_misses = static_cast<std::uint32_t>(mark.first_misses - before[index].first_misses),
                      .walks = static_cast<std::uint32_t>(mark.walks - before[index].walks),
                      .cpu = static_cast<std::uint16_t>(index)};
    for (const core::Event& event : events) {
        const Note note = note_of(event.body);
        if (note.kind != StepKind::other) record.kind = note.kind;
        record.flags = static_cast<std::uint8_t>(record.flags | note.flags);
    }
    return record;
}

} // namespace ksl::ui
