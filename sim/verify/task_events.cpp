// SPDX-License-Identifier: MIT
#include "sim/verify/task_events.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace ksl::sim {

void settle_forks(capture::Capture& capture, PartResult& part) {
    std::unordered_map<std::uint32_t, capture::TaskForked*> forks; // by the task that forks, until its child is woken
    std::uint32_t last = 0;
    const std::uint64_t start = capture.states.front().events_before.value_or(0);
    for (capture::Event& event : capture.log.events) {
        if (auto* fork = std::get_if<capture::TaskForked>(&event.body)) forks[event.pid] = fork;
        auto* task = std::get_if<capture::NewTask>(&event.body);
        if (task == nullptr) continue;
        const auto found = forks.find(event.pid);
        if (found == forks.end()) continue;
        capture::TaskForked& fork = *found->second;
        forks.erase(found);
        if (fork.child != task->pid && event.index >= start) {
            const bool is_fork_wrong = task->pid == last + 1;
            part.add_difference({.event = event.index,
                                 .where = is_fork_wrong ? "sched_process_fork" : "new_task",
                                 .recorded = fmt::format("pid {}", is_fork_wrong ? fork.child : task->pid),
                                 .engine = fmt::format("pid {}", is_fork_wrong ? task->pid : fork.child),
                                 .around = {}});
            (is_fork_wrong ? fork.child : task->pid) = is_fork_wrong ? task->pid : fork.child;
        } else if (event.index >= start) {
            part.add_exact();
        }
        last = task->pid;
    }
}

namespace {

/// Which tasks have exited and are not freed, in order.
class Dead {
public:
    explicit Dead(const capture::Capture& capture) {
        for (const capture::Event& event : capture.log.events) {
            if (const auto* freed = std::get_if<capture::TaskFreed>(&event.body)) ++frees_left_[freed->pid];
        }
    }
    void exited(std::uint32_t pid) { dead_.push_back(pid); }
    /// Whose free an event means that names `pid`; none if it can be right.
    [[nodiscard]] std::optional<std::uint32_t> meant_instead_of(std::uint32_t pid) {
        --frees_left_[pid];
        if (std::erase(dead_, pid) != 0) return std::nullopt;
        // A task that exited before the trace is freed in it, too; but then nobody else's free is missing.
        const auto meant = std::ranges::find_if(dead_, [&](std::uint32_t other) { return frees_left_[other] == 0; });
        if (meant == dead_.end()) return std::nullopt;
        const std::uint32_t right = *meant;
        dead_.erase(meant);
        return right;
    }

private:
    std::unordered_map<std::uint32_t, std::uint64_t> frees_left_; ///< events from here on that name the pid
    std::vector<std::uint32_t> dead_;
};

} // namespace

void settle_deaths(capture::Capture& capture, PartResult& part) {
    Dead dead{capture};
    const std::uint64_t start = capture.states.front().events_before.value_or(0);
    const auto settle = [&](const capture::Event& event, std::string_view where, std::uint32_t& named,
                            std::uint32_t right) {
        if (event.index < start) return;
        if (named == right) {
            part.add_exact();
            return;
        }
        part.add_difference({.event = event.index,
                             .where = std::string{where},
                             .recorded = fmt::format("pid {}", named),
                             .engine = fmt::format("pid {}", right),
                             .around = {}});
        named = right;
    };
    for (capture::Event& event : capture.log.events) {
        if (auto* fork = std::get_if<capture::TaskForked>(&event.body)) {
            settle(event, "sched_process_fork: parent", fork->parent, event.pid);
        } else if (auto* exited = std::get_if<capture::TaskExited>(&event.body)) {
            settle(event, "sched_process_exit", exited->pid, event.pid);
            dead.exited(exited->pid);
        } else if (auto* freed = std::get_if<capture::TaskFreed>(&event.body)) {
            const auto meant = dead.meant_instead_of(freed->pid);
            settle(event, "sched_process_free", freed->pid, meant.value_or(freed->pid));
        }
    }
}

} // namespace ksl::sim
