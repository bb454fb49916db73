// SPDX-License-Identifier: MIT
#include "sim/verify/stack_offers.h"

#include <fmt/format.h>

#include <unordered_map>

namespace ksl::sim {

namespace {

using core::VirtAddr;

/// Stacks of the tasks that live, as far as no record contradicts another.
class Owners {
public:
    void give(std::uint32_t pid, VirtAddr stack) {
        if (owner_.contains(stack.raw())) return; // a wrong record of a new task, and judged
        owner_[stack.raw()] = pid;
        stack_[pid] = stack;
    }
    void take(std::uint32_t pid) {
        const auto found = stack_.find(pid);
        if (found == stack_.end()) return;
        owner_.erase(found->second.raw());
        stack_.erase(found);
    }
    [[nodiscard]] const VirtAddr* stack_of(std::uint32_t pid) const {
        const auto found = stack_.find(pid);
        return found == stack_.end() ? nullptr : &found->second;
    }
    [[nodiscard]] bool has_owner(VirtAddr stack) const { return owner_.contains(stack.raw()); }

private:
    std::unordered_map<std::uint64_t, std::uint32_t> owner_;
    std::unordered_map<std::uint32_t, VirtAddr> stack_;
};

/// How often each address is recorded as that of a stack or of an area: a false one stands alone.
std::unordered_map<std::uint64_t, unsigned> mentions(const capture::Capture& capture) {
    std::unordered_map<std::uint64_t, unsigned> count;
    for (const capture::Event& event : capture.log.events) {
        if (const auto* task = std::get_if<capture::NewTask>(&event.body)) ++count[task->stack.raw()];
        if (const auto* put = std::get_if<capture::PutStack>(&event.body)) ++count[put->stack.raw()];
        if (const auto* made = std::get_if<capture::VmapResultRange>(&event.body)) ++count[made->range.lowest.raw()];
    }
    return count;
}

} // namespace

void settle_offers(capture::Capture& capture, PartResult& part) {
    const auto count = mentions(capture);
    const auto is_unheard_of = [&](VirtAddr stack) {
        const auto found = count.find(stack.raw());
        return found == count.end() || found->second < 2;
    };
    Owners owners;
    for (const capture::TaskState& task : capture.states.front().tasks.tasks) owners.give(task.pid, task.stack.lowest);
    const std::uint64_t start = capture.states.front().events_before.value_or(0);
    for (capture::Event& event : capture.log.events) {
        if (event.index < start) continue;
        if (const auto* task = std::get_if<capture::NewTask>(&event.body)) {
            if (!is_unheard_of(task->stack)) owners.give(task->pid, task->stack);
            continue;
        }
        auto* put = std::get_if<capture::PutStack>(&event.body);
        if (put == nullptr || put->stack == VirtAddr{0}) continue;
        const VirtAddr* own = owners.stack_of(put->pid);
        if (own != nullptr && *own != put->stack && (owners.has_owner(put->stack) || is_unheard_of(put->stack))) {
            part.add_difference({.event = event.index,
                                 .where = "put_stack",
                                 .recorded = fmt::format("{:#x} of pid {}", put->stack.raw(), put->pid),
                                 .engine = fmt::format("{:#x}, which it was given", own->raw()),
                                 .around = {}});
            put->stack = *own;
        }
        owners.take(put->pid);
    }
}

} // namespace ksl::sim
