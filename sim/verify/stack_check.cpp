// SPDX-License-Identifier: MIT
#include "sim/verify/stack_check.h"

#include <fmt/format.h>

#include <algorithm>

namespace ksl::sim {

namespace {

constexpr std::uint64_t kStackEndMagic = 0x57ac6e9d;
/// sizeof(struct thread_info) of 4.7 on x86-64: the magic lies above it.
constexpr core::Bytes kThreadInfo47{0x28};

/// The first thing about a stack that the design forbids, as {recorded, wanted}; both empty if there is none.
struct Finding {
    std::string recorded;
    std::string wanted;
};

/// What a task's own figures say: size, place of thread_info, canary.
Finding check_layout(const capture::TaskState& task, const capture::TasksState& design) {
    const core::VirtRange stack = task.stack;
    if ((stack.top - stack.lowest).count() != design.thread_size.count()) {
        return {fmt::format("a stack of {} bytes", (stack.top - stack.lowest).count()),
                fmt::format("{} bytes", design.thread_size.count())};
    }
    const bool in_task = design.thread_info_in_task;
    const core::VirtAddr thread_info = in_task ? task.task_struct : stack.lowest;
    if (task.thread_info.address != thread_info) {
        return {fmt::format("thread_info at {:#x}", task.thread_info.address.raw()),
                fmt::format("at {:#x}", thread_info.raw())};
    }
    const core::VirtAddr magic = in_task ? stack.lowest : stack.lowest + kThreadInfo47;
    if (task.end_magic_at != magic || (task.end_magic & 0xffffffff) != kStackEndMagic) {
        return {fmt::format("canary {:#x} at {:#x}", task.end_magic, task.end_magic_at.raw()),
                fmt::format("{:#x} at {:#x}", kStackEndMagic, magic.raw())};
    }
    return {};
}

void add_finding(const Finding& finding, const capture::TaskState& task, const std::string& where, PartResult& part) {
    if (finding.recorded.empty()) {
        part.add_exact();
        return;
    }
    part.add_difference({.event = 0,
                         .where = fmt::format("{}: pid {} ({})", where, task.pid, task.comm),
                         .recorded = finding.recorded,
                         .engine = finding.wanted,
                         .around = {}});
}

class StackJudge {
public:
    explicit StackJudge(const BuiltTables& built)
        : mapper_(const_cast<core::PhysMemory&>(built.memory), // NOLINT(*-const-cast): only looked up
                  built.config.layout.geometry(), built.tables.root, built.config.layout.direct_map().lowest) {}

    [[nodiscard]] Finding check(const capture::TaskState& task, const capture::TasksState& design) const {
        Finding finding = check_layout(task, design);
        return finding.recorded.empty() ? check_pages(task.stack, task.area.has_value()) : finding;
    }

private:
    [[nodiscard]] Finding check_pages(core::VirtRange stack, bool is_vmapped) const {
        const core::Bytes page{core::kPageBytes};
        for (core::VirtAddr at = stack.lowest; at < stack.top; at += page) {
            if (!is_mapped(at)) return {fmt::format("page {:#x} in use", at.raw()), "not mapped"};
        }
        const core::VirtAddr below = stack.lowest - page;
        for (const core::VirtAddr neighbour : {below, stack.top}) {
            if (is_mapped(neighbour) == is_vmapped) {
                return {
                    fmt::format("a {} stack beside page {:#x}", is_vmapped ? "vmapped" : "contiguous", neighbour.raw()),
                    is_vmapped ? "that page mapped" : "that page not mapped"};
            }
        }
        return {};
    }
    [[nodiscard]] bool is_mapped(core::VirtAddr at) const { return mapper_.find(at).entry.is_present(); }

    core::Mapper mapper_;
};

} // namespace

void judge_stacks(const BuiltTables& built, const std::vector<VmallocLine>& areas, const capture::TasksState& tasks,
                  const std::string& where, PartResult& part) {
    const StackJudge judge{built};
    for (const capture::TaskState& task : tasks.tasks) {
        if (task.pid == 0) continue;
        const auto is_its_area = [&](const VmallocLine& area) {
            return !area.is_unpurged && area.range.lowest == task.stack.lowest;
        };
        if (task.area && std::ranges::none_of(areas, is_its_area)) {
            part.add_undetermined("task that came or went between two listings");
            continue;
        }
        add_finding(judge.check(task, tasks), task, where, part);
    }
}

void judge_stack_layout(const capture::TasksState& tasks, const std::string& where, PartResult& part) {
    for (const capture::TaskState& task : tasks.tasks) {
        if (task.pid != 0) add_finding(check_layout(task, tasks), task, where, part);
    }
}

} // namespace ksl::sim
