// SPDX-License-Identifier: MIT
//
// A recorded state by itself, without the requests that led to it: what it says more than once must agree.
//
// Counting: one judgement a figure. Of constants, what most moments of a capture say is believed, and the others take
// it
//           over; free ranges, areas and what waits for a purge lie side by side (6.1), and each end without a
//           beginning is one difference; so is each listed block that cannot be where it is.
// Source:   mm/page_alloc.c (nr_free, count of a page list), mm/vmalloc.c (free_vmap_area_root, purge list)
// of 4.7, 4.9,
//           6.1.
#pragma once

#include "sim/import/capture_state.h"
#include "sim/replay/replay_result.h"

#include <string>
#include <vector>

namespace ksl::sim {

/// One moment of a capture.
struct NamedState {
    std::string name; ///< of its file
    capture::State state;
};

/// Judges what never changes and what is told twice of areas and lists, and puts it right.
void settle_moments_of(std::vector<NamedState>& moments, PartResult& part);

/// Judges one moment's lists and counts; users and frames of its areas go to `areas`.
void judge_state_figures(const NamedState& moment, PartResult& part, PartResult& areas);

} // namespace ksl::sim
