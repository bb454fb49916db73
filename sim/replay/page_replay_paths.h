// SPDX-License-Identifier: MIT
//
// The way each freed page took. Rows of events.csv say it; the kernel's own text does not, so there it is derived.
#pragma once

#include "sim/import/capture_events.h"
#include "sim/replay/page_replay_state.h"

#include <cstdint>
#include <vector>

namespace ksl::sim {

/// How a page was freed.
struct FreedPath {
    capture::PagePath path = capture::PagePath::unknown;
    /// Number of the interrupt that freed it, from 1, where the trace leaves open whether the interrupted code held the
    /// lock of the page lists. If it did, all that this interrupt freed went to the buddy lists, else to page lists:
    /// `path` is the likelier of the two. 0 where there is no doubt.
    std::uint32_t doubt = 0;
};

/// One entry an event: of PageFree and PageFreeBatched, unknown for all other events.
/// Source: Linux 6.1 mm/page_alloc.c, free_unref_page: pcp_spin_trylock fails where the interrupted code has the lock,
/// which free_unref_page_list and rmqueue_pcplist hold while they drain and refill.
[[nodiscard]] std::vector<FreedPath> free_paths(const capture::EventLog& log, PageKernel kernel);

[[nodiscard]] bool is_interrupt(const capture::Event& event);

} // namespace ksl::sim
