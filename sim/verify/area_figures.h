// SPDX-License-Identifier: MIT
//
// Who uses each vmalloc area of the recorded states, and which frames it has.
//
// Counting: one judgement a frame and one a figure, of each area and of each task's record of its stack's area. Frames
//           of areas that were made in the trace are those that their maker was given after the address; for older
//           areas, and for everything else, what most records of the same area say is believed. Stacks all have the
//           same caller and flags.
//           Where an area's ends themselves are wrong, the list of areas differs ("states"), and its figures are held
//           against the ends that other records know.
// Source:   __vmalloc_area_node, setup_vmalloc_vm; mm/vmalloc.c of 4.7, 4.9 and 6.1.
#pragma once

#include "sim/import/capture_folder.h"
#include "sim/replay/replay_result.h"

#include <vector>

namespace ksl::sim {

/// What the replays believe of the trace.
struct Believed {
    std::vector<OwnFrame> own_frames;      ///< instead of recorded ones
    const PartResult* addresses = nullptr; ///< of vmalloc: where they differ, the recorded one is not believed
};

void judge_areas(const capture::Capture& capture, const Believed& believed, PartResult& part);

} // namespace ksl::sim
