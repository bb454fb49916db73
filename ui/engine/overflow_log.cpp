// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/engine/overflow_log.h"

#include <algorithm>
#include <variant>

namespace ksl::ui {

namespace {

/// Adds an event to the story of `task`.
struct Teller {
    OverflowStory& story;
    core::TaskId task;
    core::Nanoseconds at;
    core::Frequency clock;
    bool& is_told;

    void operator()(const core::TaskCreated& e) const {
        // The number is somebody else's now.
        if (e.task != task.raw()) return;
        story = {};
        is_told = false;
    }
    void operator()(const core::StackOverran& e) const {
        if (e.task != task.raw()) return;
        if (!story.began) story.began = at;
        const bool is_first = story.damage.is_empty();
        story.damage.lowest = is_first ? core::VirtAddr{e.from} : std::min(story.damage.lowest, core::VirtAddr{e.from});
        story.damage.top = is_first ? core::VirtAddr{e.to} : std::max(story.damage.top, core::VirtAddr{e.to});
        story.victim = static_cast<core::Victim>(e.victim);
        is_told = true;
    }
    void operator()(const core::OverflowNoticed& e) const {
        if (e.task != task.raw()) return;
        const core::Nanoseconds after = clock.to_time(core::Cycles{e.after});
        // The step goes on after the notice: an oops is long. What began it is known to the cycle.
        const core::Nanoseconds when = story.began ? *story.began + after : at;
        if (!story.noticed)
            story.noticed = {.at = when, .address = core::VirtAddr{e.address}, .detector = e.detector, .after = after};
        is_told = true;
    }
    void operator()(const core::TaskKilled& e) const {
        if (e.task == task.raw()) story.is_task_dead = true;
    }
    void operator()(const core::MachineDied& e) const {
        if (e.task == task.raw()) story.is_machine_dead = true;
    }
    template <class Other>
    void operator()(const Other& /*e*/) const {}
};

} // namespace

std::optional<core::Nanoseconds> OverflowStory::latency() const {
    if (!noticed) return std::nullopt;
    return noticed->after;
}

bool OverflowLog::is_about_overflow(const core::EventBody& body) {
    return std::holds_alternative<core::StackOverran>(body) || std::holds_alternative<core::OverflowNoticed>(body) ||
           std::holds_alternative<core::TaskKilled>(body) || std::holds_alternative<core::MachineDied>(body);
}

void OverflowLog::append(std::span<const LoggedEvent> events) {
    for (const LoggedEvent& logged : events) {
        // A new task under an old number ends that number's story; before there is one it matters to nobody.
        const bool is_end = !events_.empty() && std::holds_alternative<core::TaskCreated>(logged.event.body);
        if (is_end || is_about_overflow(logged.event.body)) events_.push_back(logged);
    }
}

std::optional<OverflowStory> OverflowLog::story(core::TaskId task, std::uint64_t position,
                                                core::Frequency clock) const {
    OverflowStory story;
    bool is_told = false;
    for (const LoggedEvent& logged : events_) {
        if (logged.position > position) break;
        std::visit(Teller{.story = story, .task = task, .at = logged.at, .clock = clock, .is_told = is_told},
                   logged.event.body);
    }
    return is_told ? std::optional(story) : std::nullopt;
}

} // namespace ksl::ui
