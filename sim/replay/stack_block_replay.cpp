// SPDX-License-Identifier: MIT
#include "sim/replay/stack_block_replay.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <unordered_map>
#include <utility>
#include <variant>

namespace ksl::sim {

namespace {

using core::Pfn;

std::optional<core::Order> order_of(core::Bytes stack) {
    for (unsigned order = 0; order < core::kOrders; ++order) {
        if (core::kPageBytes << order == stack.count()) return core::Order{order};
    }
    return std::nullopt;
}

/// Most tasks of the start have a block, as opposed to an area of vmalloc.
bool has_contiguous_stacks(const capture::State& start) {
    const auto blocks = std::ranges::count_if(
        start.tasks.tasks, [](const capture::TaskState& task) { return task.first_pfn && !task.area; });
    return static_cast<std::size_t>(blocks) * 2 > start.tasks.tasks.size();
}

} // namespace

ReplayResult replay_stack_blocks(const capture::Capture& capture, const std::vector<OwnFrame>& own_frames) {
    ReplayResult result{.capture = capture.folder, .events = capture.log.events.size(), .states = 0, .parts = {}};
    PartResult part{std::string{kStackBlocks}};
    const capture::State& start = capture.states.front();
    const auto order = order_of(start.tasks.thread_size);
    if (order && has_contiguous_stacks(start)) {
        std::unordered_map<std::uint64_t, Pfn> corrected; // by event
        for (const OwnFrame& own : own_frames) corrected.emplace(own.event, own.frame);
        std::unordered_map<std::uint32_t, Pfn> given; // by the task that asked, until its new task is seen
        for (const capture::Event& event : capture.log.events) {
            if (const auto* page = std::get_if<capture::PageAlloc>(&event.body)) {
                // A slab's request is another one: it gives up easily.
                const bool is_for_stack =
                    page->order == *order && !capture::has_gfp_flag(capture.log.gfp_text(page->gfp), "__GFP_NORETRY");
                if (!is_for_stack) continue;
                const auto known = corrected.find(event.index);
                given[event.pid] = known == corrected.end() ? page->pfn : known->second;
            } else if (const auto* task = std::get_if<capture::NewTask>(&event.body)) {
                const auto block = given.find(event.pid);
                if (block == given.end()) {
                    part.add_undetermined("the stack's block was taken before the trace");
                    continue;
                }
                const core::VirtAddr wanted =
                    start.vmap.direct_map_base + core::Bytes{core::address_of(block->second).raw()};
                if (task->stack == wanted) {
                    part.add_exact();
                } else {
                    part.add_difference({event.index, "new_task", fmt::format("{:#x}", task->stack.raw()),
                                         fmt::format("{:#x}", wanted.raw()),
                                         fmt::format("its block is frame {}", block->second.raw())});
                }
                given.erase(block);
            }
        }
    }
    result.parts.push_back(std::move(part));
    return result;
}

} // namespace ksl::sim
