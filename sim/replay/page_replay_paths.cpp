// SPDX-License-Identifier: MIT
#include "sim/replay/page_replay_paths.h"

#include <unordered_set>

namespace ksl::sim {

namespace {

using capture::PagePath;

PagePath derived(PagePath recorded, PagePath otherwise) {
    return recorded == PagePath::unknown ? otherwise : recorded;
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
            paths[i] = derived(free->path, is_announced ? PagePath::prepare : PagePath::pcp);
        }
    }
    return paths;
}

} // namespace ksl::sim
