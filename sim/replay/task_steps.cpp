// SPDX-License-Identifier: MIT
#include "sim/replay/task_steps.h"

#include <unordered_map>
#include <utility>
#include <variant>

namespace ksl::sim {

namespace {

using capture::Event;

/// A clone() that an interrupt delayed was not delayed by more.
constexpr core::Nanoseconds kLongestInterrupt{300'000};
/// From the new task_struct to the event that shows the task: copying a process takes milliseconds where a machine is
/// emulated.
constexpr core::Nanoseconds kLongestClone{20'000'000};
/// THREAD_ALIGN of a vmapped stack.
constexpr core::Bytes kStackAlign{16 << 10};

/// A request for a slab as new_slab() makes it: without any effort, and not from the reserves.
bool is_for_slab(const capture::EventLog& log, const capture::PageAlloc& page) {
    const std::string& flags = log.gfp_text(page.gfp);
    return capture::has_gfp_flag(flags, "__GFP_NORETRY") && capture::has_gfp_flag(flags, "__GFP_NOMEMALLOC");
}

bool is_in_interrupt(const Event& event) {
    return event.context.interrupt != capture::Context::Interrupt::none;
}

class StepReader {
public:
    StepReader(const capture::EventLog& log, core::Order slab_order, const std::vector<OwnFrame>& own_frames,
               TakenAt taken_at)
        : log_(log), slab_order_(slab_order), taken_at_(taken_at) {
        for (const OwnFrame& own : own_frames) corrected_.emplace(own.event, own.frame);
    }

    TaskSteps read() {
        for (const Event& event : log_.events) {
            std::visit([&](const auto& body) { see(event, body); }, event.body);
        }
        std::size_t slabs_of_others = 0;
        for (const auto& [task, blocks] : slabs_) slabs_of_others += blocks.size();
        return {.steps = std::move(steps_), .slabs_of_others = slabs_of_others};
    }

private:
    template <class Body>
    void see(const Event& /*event*/, const Body& /*body*/) {}

    void see(const Event& event, const capture::PageAlloc& page) {
        const bool is_for_program = page.type == core::MigrateType::movable;
        if (is_for_program && !is_in_interrupt(event)) leave_clone(event);
        if (page.order != slab_order_ || !is_for_slab(log_, page)) return;
        in_clone_since_.try_emplace(event.pid, event.index);
        const auto known = corrected_.find(event.index);
        slabs_[event.pid].push_back(known == corrected_.end() ? page.pfn : known->second);
    }
    void see(const Event& event, const capture::Mark& /*mark*/) { leave_clone(event); }
    /// Only stacks are aligned like that; the stack follows the task_struct.
    void see(const Event& event, const capture::VmapRequest& area) {
        if (area.align == kStackAlign && !is_in_interrupt(event)) in_clone_since_.try_emplace(event.pid, event.index);
    }
    void see(const Event& /*event*/, const capture::PageFree& page) {
        if (page.order == slab_order_ && follows_a_free()) steps_.back().blocks.push_back(page.pfn);
    }
    void see(const Event& event, const capture::TaskFreed& freed) {
        steps_.push_back({.kind = TaskStep::Kind::freed,
                          .task = freed.pid,
                          .event = event.index,
                          .time = event.time,
                          .interrupted = is_in_interrupt(event) ? event.pid : 0,
                          .blocks = {},
                          .is_order_open = false});
    }
    void see(const Event& event, const capture::TaskForked& forked) {
        TaskStep step{.kind = TaskStep::Kind::taken,
                      .task = forked.child,
                      .event = event.index,
                      .time = event.time,
                      .interrupted = 0,
                      .blocks = std::exchange(slabs_[event.pid], {}),
                      .is_order_open = is_order_open(event)};
        const std::size_t at = place_of_fork(event);
        not_in_clone_[event.pid] = event.index;
        steps_.insert(steps_.begin() + static_cast<std::ptrdiff_t>(at), std::move(step));
    }

    void leave_clone(const Event& event) {
        in_clone_since_.erase(event.pid);
        not_in_clone_[event.pid] = event.index;
    }
    [[nodiscard]] bool follows_a_free() const { return !steps_.empty() && steps_.back().kind == TaskStep::Kind::freed; }
    /// The last free may have come before or after the task_struct was taken.
    [[nodiscard]] bool is_order_open(const Event& fork) {
        return follows_a_free() && steps_.back().event > not_in_clone_[fork.pid] &&
               fork.time - steps_.back().time < kLongestClone;
    }
    /// Before the frees that came after the task_struct was taken.
    [[nodiscard]] std::size_t place_of_fork(const Event& fork) {
        const auto since = in_clone_since_.extract(fork.pid);
        const auto comes_later = [&](const TaskStep& step) {
            if (taken_at_ == TakenAt::first_request && !since.empty() && step.kind == TaskStep::Kind::freed &&
                step.event > since.mapped())
                return true;
            return step.interrupted == fork.pid && fork.time - step.time < kLongestInterrupt;
        };
        std::size_t at = steps_.size();
        while (at != 0 && comes_later(steps_[at - 1])) --at;
        return at;
    }

    const capture::EventLog& log_;
    core::Order slab_order_;
    TakenAt taken_at_;
    std::unordered_map<std::uint64_t, core::Pfn> corrected_; ///< by event
    std::vector<TaskStep> steps_;
    std::unordered_map<std::uint32_t, std::vector<core::Pfn>>
        slabs_; ///< by the task that asked, until its fork is seen
    /// By the task that is in clone(): the first event that shows its new task_struct to be taken.
    std::unordered_map<std::uint32_t, std::uint64_t> in_clone_since_;
    std::unordered_map<std::uint32_t, std::uint64_t> not_in_clone_; ///< by task: the last event that shows it elsewhere
};

} // namespace

TaskSteps task_steps(const capture::EventLog& log, core::Order slab_order, const std::vector<OwnFrame>& own_frames,
                     TakenAt taken_at) {
    return StepReader{log, slab_order, own_frames, taken_at}.read();
}

} // namespace ksl::sim
