// SPDX-License-Identifier: MIT
#include "sim/replay/page_replay_paths.h"

#include "core/memory/memory_map.h"

#include <unordered_set>

namespace ksl::sim {

namespace {

using capture::PagePath;

PagePath derived(PagePath recorded, PagePath otherwise) {
    return recorded == PagePath::unknown ? otherwise : recorded;
}

bool is_interrupt(const capture::Event& event) {
    return event.context.interrupt != capture::Context::Interrupt::none;
}

/// 6.1: a batch of frees holds the lock of the page lists from its first commit to its last; what an interrupt frees in
/// between goes straight to the buddy lists.
bool interrupts_batch(const capture::EventLog& log, std::size_t position, core::ZoneId zone) {
    const auto commits = [&](const capture::Event& event) {
        const auto* batched = std::get_if<capture::PageFreeBatched>(&event.body);
        const auto* drain = std::get_if<capture::PcpDrain>(&event.body);
        return (batched != nullptr && core::zone_of(batched->pfn) == zone) ||
               (drain != nullptr && core::zone_of(drain->pfn) == zone);
    };
    std::size_t before = position;
    while (before > 0 && is_interrupt(log.events[before])) --before;
    std::size_t after = position;
    while (after + 1 < log.events.size() && is_interrupt(log.events[after])) ++after;
    return commits(log.events[before]) && commits(log.events[after]) && log.events[before].pid == log.events[after].pid;
}

} // namespace

std::vector<capture::PagePath> free_paths(const capture::EventLog& log, PageKernel kernel) {
    std::vector<PagePath> paths(log.events.size(), PagePath::unknown);
    const bool announces_first = kernel == PageKernel::linux_6_1;
    // Backwards: a free of 6.1 is only announced if its page is committed by a later event.
    std::unordered_set<std::uint64_t> committed_later;
    for (std::size_t i = log.events.size(); i-- > 0;) {
        if (const auto* batched = std::get_if<capture::PageFreeBatched>(&log.events[i].body)) {
            if (announces_first) committed_later.insert(batched->pfn.raw());
            paths[i] = derived(batched->path, announces_first ? PagePath::pcp : PagePath::announce);
        } else if (const auto* free = std::get_if<capture::PageFree>(&log.events[i].body)) {
            const bool is_announced = committed_later.erase(free->pfn.raw()) != 0;
            PagePath path = is_announced ? PagePath::prepare : PagePath::pcp;
            if (announces_first && is_interrupt(log.events[i]) && interrupts_batch(log, i, core::zone_of(free->pfn)))
                path = PagePath::buddy_direct;
            paths[i] = derived(free->path, path);
        }
    }
    return paths;
}

} // namespace ksl::sim
