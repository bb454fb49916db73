// SPDX-License-Identifier: MIT
#include "sim/verify/stack_check.h"

#include "core/kstack/thread_info.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <string_view>
#include <vector>

namespace ksl::sim {

namespace {

/// sizeof(struct thread_info) of 4.7 on x86-64: the magic lies above it.
constexpr core::Bytes kThreadInfo47{0x28};

/// Where the stack begins, by what most of the figures say that depend on it; of several, by the first.
core::VirtRange believed_stack(const capture::TaskState& task, const capture::TasksState& design,
                               core::VirtAddr direct_map) {
    std::vector<std::uint64_t> said{task.stack.lowest.raw(), task.stack.top.raw() - design.thread_size.count()};
    if (std::has_single_bit(design.thread_size.count())) // stacks are aligned to their size
        said.push_back(task.saved_sp.raw() & ~(design.thread_size.count() - 1));
    if (task.area) said.push_back(task.area->address.raw());
    if (task.first_pfn) said.push_back(direct_map.raw() + core::address_of(*task.first_pfn).raw());
    if (!design.thread_info_in_task) said.push_back(task.thread_info.address.raw());
    if (task.end_magic_at)
        said.push_back(task.end_magic_at->raw() - (design.thread_info_in_task ? 0 : kThreadInfo47.count()));
    const core::VirtAddr lowest{*std::ranges::max_element(said, [&](std::uint64_t a, std::uint64_t b) {
        return std::ranges::count(said, a) < std::ranges::count(said, b);
    })};
    return {lowest, lowest + design.thread_size};
}

/// One task's figures, each against what the stack and the design of the kernel make it.
class LayoutJudge {
public:
    LayoutJudge(const capture::TaskState& task, const std::string& where, PartResult& part)
        : task_(task), where_(where), part_(part) {}

    void run(const capture::TasksState& design, core::VirtAddr direct_map) {
        const core::VirtRange stack = believed_stack(task_, design, direct_map);
        const bool in_task = design.thread_info_in_task;
        judge("stack_base", task_.stack.lowest.raw(), stack.lowest.raw());
        judge("stack_top", task_.stack.top.raw(), stack.top.raw());
        const bool is_inside = stack.lowest <= task_.saved_sp && task_.saved_sp < stack.top;
        judge("saved_sp", task_.saved_sp.raw(), is_inside ? task_.saved_sp.raw() : stack.lowest.raw());
        judge("thread_info", task_.thread_info.address.raw(), in_task ? task_.task_struct.raw() : stack.lowest.raw());
        if (task_.thread_info.task)
            judge("task of thread_info", task_.thread_info.task->raw(), task_.task_struct.raw());
        judge("stack_end_magic", task_.end_magic, core::kStackEndMagic);
        const core::VirtAddr magic = in_task ? stack.lowest : stack.lowest + kThreadInfo47;
        if (task_.end_magic_at) judge("stack_end_magic_address", task_.end_magic_at->raw(), magic.raw());
        if (task_.first_pfn)
            judge("stack_first_pfn", task_.first_pfn->raw(), (stack.lowest - direct_map).count() / core::kPageBytes);
        if (task_.area) judge_area(*task_.area, stack);
    }

private:
    void judge_area(const capture::VmUser& area, core::VirtRange stack) {
        const std::uint64_t pages = stack.size().count() / core::kPageBytes;
        judge("address of the area", area.address.raw(), stack.lowest.raw());
        judge("size of the area", area.size.count(), (pages + 1) * core::kPageBytes); // with its guard
        judge("flags of the area", area.flags, capture::kVmAlloc);
        judge("pages of the area", area.page_count, pages);
        judge("frames of the area", area.pages.size(), pages);
    }
    void judge(std::string_view what, std::uint64_t recorded, std::uint64_t wanted) {
        if (recorded == wanted) {
            part_.add_exact();
            return;
        }
        part_.add_difference({.event = 0,
                              .where = fmt::format("{}: pid {} ({}): {}", where_, task_.pid, task_.comm, what),
                              .recorded = fmt::format("{:#x}", recorded),
                              .engine = fmt::format("{:#x}", wanted),
                              .around = {}});
    }

    const capture::TaskState& task_;
    const std::string& where_;
    PartResult& part_;
};

/// What the page tables forbid about a stack, as {recorded, wanted}; both empty if there is nothing.
struct Finding {
    std::string recorded;
    std::string wanted;
};

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

    [[nodiscard]] Finding check(core::VirtRange stack, bool is_vmapped) const {
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

private:
    [[nodiscard]] bool is_mapped(core::VirtAddr at) const { return mapper_.find(at).entry.is_present(); }

    core::Mapper mapper_;
};

} // namespace

void judge_stacks(const BuiltTables& built, const std::vector<VmallocLine>& areas, const capture::TasksState& tasks,
                  core::VirtAddr direct_map, const std::string& where, PartResult& part) {
    const StackJudge judge{built};
    for (const capture::TaskState& task : tasks.tasks) {
        if (task.pid == 0) continue;
        const core::VirtRange stack = believed_stack(task, tasks, direct_map);
        const auto is_its_area = [&](const VmallocLine& area) {
            return !area.is_unpurged && area.range.lowest == stack.lowest;
        };
        if (task.area && std::ranges::none_of(areas, is_its_area)) {
            part.add_undetermined("task that came or went between two listings");
            continue;
        }
        add_finding(judge.check(stack, task.area.has_value()), task, where, part);
    }
}

void judge_stack_layout(const capture::TasksState& tasks, core::VirtAddr direct_map, const std::string& where,
                        PartResult& part) {
    for (const capture::TaskState& task : tasks.tasks) {
        if (task.pid != 0) LayoutJudge{task, where, part}.run(tasks, direct_map);
    }
}

} // namespace ksl::sim
