// SPDX-License-Identifier: MIT
#include "sim/verify/task_figures.h"

#include "sim/verify/votes.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <set>

namespace ksl::sim {

namespace {

constexpr std::uint32_t kKthreadd = 2;
/// A task that is listed so often is held against itself.
constexpr std::size_t kOften = 3;
/// TIF_NEED_FPU_LOAD of 6.1 says how a program's task got off the CPU; the other flags are clear while it sleeps.
constexpr std::uint64_t kNeedFpuLoad = 1U << 14;

/// What a trace tells about a task, by pid.
struct Course {
    std::uint64_t forked = 0; ///< event of its fork; 0: before the trace
    std::uint32_t parent = 0;
    bool is_forked = false;
    bool is_woken = false; ///< new_task, as well as the fork, names it
    bool has_exited = false;
    bool is_freed = false;
};

/// The tasks at some event of the log.
class Courses {
public:
    explicit Courses(const capture::EventLog& log) : log_(&log) {}

    void play_until(std::uint64_t index) {
        for (; next_ < log_->events.size() && log_->events[next_].index < index; ++next_) play(log_->events[next_]);
    }
    [[nodiscard]] const Course* find(std::uint32_t pid) const {
        const auto found = courses_.find(pid);
        return found == courses_.end() ? nullptr : &found->second;
    }
    [[nodiscard]] const std::map<std::uint32_t, Course>& all() const { return courses_; }

private:
    Course& reborn(std::uint32_t pid, std::uint64_t event) {
        Course& course = courses_[pid];
        const bool is_new = !(course.is_forked || course.is_woken) || course.has_exited || course.is_freed;
        if (is_new) course = {.forked = event};
        return course;
    }
    void play(const capture::Event& event) {
        if (const auto* fork = std::get_if<capture::TaskForked>(&event.body)) {
            Course& course = reborn(fork->child, event.index);
            course.is_forked = true;
            course.parent = fork->parent;
        } else if (const auto* task = std::get_if<capture::NewTask>(&event.body)) {
            reborn(task->pid, event.index).is_woken = true;
        } else if (const auto* exited = std::get_if<capture::TaskExited>(&event.body)) {
            courses_[exited->pid].has_exited = true;
            courses_[event.pid].has_exited = true;
        } else if (const auto* freed = std::get_if<capture::TaskFreed>(&event.body)) {
            courses_[freed->pid].is_freed = true;
        }
    }

    const capture::EventLog* log_;
    std::size_t next_ = 0;
    std::map<std::uint32_t, Course> courses_;
};

class TaskJudge {
public:
    TaskJudge(const capture::Capture& capture, PartResult& part) : capture_(capture), part_(part) {
        for (const capture::State& state : capture.states) {
            for (const capture::TaskState& task : state.tasks.tasks) ++listed_[task.pid];
        }
        for (const capture::TaskState& task : capture.states.front().tasks.tasks) at_start_.insert(task.pid);
        if (const auto& buddy = capture.states.front().buddy) {
            for (const capture::ZoneState& zone : buddy->zones) cpus_ = std::max(cpus_, zone.pcp.size());
        }
        for (const capture::Event& event : capture.log.events) {
            if (const auto* exited = std::get_if<capture::TaskExited>(&event.body)) leaving_.insert(exited->pid);
            if (const auto* forked = std::get_if<capture::TaskForked>(&event.body)) coming_.insert(forked->child);
        }
    }

    void run() {
        Courses courses{capture_.log};
        for (std::size_t i = 0; i < capture_.states.size(); ++i) {
            const capture::State& state = capture_.states[i];
            courses.play_until(state.events_before.value_or(0));
            where_ = fmt::format("state_{:02}", i);
            event_ = state.events_before.value_or(0);
            judge_list(state.tasks, courses);
            for (const capture::TaskState& task : state.tasks.tasks) {
                const bool is_unique = std::ranges::count(state.tasks.tasks, task.pid, &capture::TaskState::pid) == 1;
                if (task.pid != 0 && is_unique) record(task, courses.find(task.pid)); // of two, one is somebody else
            }
        }
        votes_.judge(part_);
    }

private:
    /// Of before the trace: there in most states, or at the start and until it exits.
    [[nodiscard]] bool is_old(std::uint32_t pid, const Course* course) const {
        const auto listed = listed_.find(pid);
        const bool is_born = course != nullptr && (course->is_forked || course->is_woken);
        if (is_born || listed == listed_.end() || coming_.contains(pid)) return false;
        return listed->second * 2 > capture_.states.size() || (at_start_.contains(pid) && leaving_.contains(pid));
    }
    [[nodiscard]] bool must_be_there(std::uint32_t pid, const Course* course) const {
        if (course != nullptr && (course->has_exited || course->is_freed)) return false;
        return is_old(pid, course) || (course != nullptr && course->is_forked && course->is_woken);
    }
    [[nodiscard]] bool may_be_there(std::uint32_t pid, const Course* course) const {
        if (is_old(pid, course)) return true;
        if (course == nullptr) return capture_.states.size() < kOften; // too few states to know the old ones
        return !course->is_freed;
    }

    void judge_list(const capture::TasksState& tasks, const Courses& courses) {
        std::vector<std::uint32_t> strangers;
        std::vector<std::uint32_t> missing;
        std::set<std::uint32_t> seen;
        for (const capture::TaskState& task : tasks.tasks) {
            if (seen.insert(task.pid).second && may_be_there(task.pid, courses.find(task.pid)))
                part_.add_exact();
            else
                strangers.push_back(task.pid);
        }
        const auto miss = [&](std::uint32_t pid) {
            if (!seen.contains(pid) && must_be_there(pid, courses.find(pid))) missing.push_back(pid);
        };
        for (const auto& [pid, times] : listed_) miss(pid);
        for (const auto& [pid, course] : courses.all()) {
            if (!listed_.contains(pid)) miss(pid);
        }
        const auto name = [](const std::vector<std::uint32_t>& pids, std::size_t i) {
            return i < pids.size() ? fmt::format("pid {}", pids[i]) : std::string{"no such task"};
        };
        for (std::size_t i = 0; i < std::max(strangers.size(), missing.size()); ++i) {
            part_.add_difference({.event = event_,
                                  .where = where_ + ": tasks",
                                  .recorded = name(strangers, i),
                                  .engine = name(missing, i),
                                  .around = {}});
        }
    }

    /// What stays the same while a task sleeps.
    void record(const capture::TaskState& task, const Course* course) {
        const bool is_born = course != nullptr && (course->is_forked || course->is_woken);
        std::string kind = is_born && course->parent == kKthreadd ? "threads of the kernel" : "programs";
        std::string self = fmt::format("pid {}, {}", task.pid, is_born ? course->forked : 0);
        const auto often = listed_.find(task.pid);
        const bool is_held_to_itself = !is_born || (often != listed_.end() && often->second >= kOften);
        const std::string& group = is_held_to_itself ? self : kind;
        const std::string where = fmt::format("{}: pid {} ({})", where_, task.pid, task.comm);
        const auto add = [&](const std::string& about, std::optional<std::uint64_t> figure, std::string_view what) {
            if (figure) votes_.add(fmt::format("{} of {}", what, about), fmt::format("{:#x}", *figure), event_, where);
        };
        add(self, task.tgid, "tgid");
        // On one of several CPUs a task may be running, and it may come back on another; a dead one may have been
        // killed.
        if (cpus_ > 1 || (course != nullptr && course->has_exited)) return;
        add(group, task.thread_info.flags & ~kNeedFpuLoad, "flags");
        add(group, task.thread_info.status, "status");
        add(group, task.thread_info.cpu, "cpu");
        add(group, task.thread_info.addr_limit, "addr_limit");
        add(group, task.thread_info.uaccess_error, "uaccess_err");
        add(group, task.thread_info.signals_uaccess_error, "sig_on_uaccess_error");
    }

    const capture::Capture& capture_;
    PartResult& part_;
    std::map<std::uint32_t, std::size_t> listed_; ///< in how many states, by pid
    std::set<std::uint32_t> at_start_;
    std::set<std::uint32_t> leaving_; ///< that exit in the trace
    std::set<std::uint32_t> coming_;  ///< that it forks
    std::size_t cpus_ = 1;
    Votes votes_;
    std::string where_;
    std::uint64_t event_ = 0;
};

} // namespace

void judge_tasks(const capture::Capture& capture, PartResult& part) {
    TaskJudge{capture, part}.run();
}

} // namespace ksl::sim
