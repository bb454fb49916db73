// SPDX-License-Identifier: MIT
//
// Feeds what a real kernel asked of vmalloc and of its stack cache to the engine, from the recorded state on, and
// judges every answer: addresses, purges, cached stacks, and the recorded states on the way.
//
// Parts:   "vmalloc addresses"     each chosen range
//          "areas released"        each freed range is an area in use
//          "purges"                each purge begins when it is due
//          "purged areas"          each area taken out by a purge, in order (2016 only: 6.1 does not record them)
//          "purge flushes"         each range flushed from the TLBs
//          "stacks of new tasks"   each stack of a new task, where there is a stack cache
//          "stacks given back"     each stack offered to the cache: kept or not
//          "states: ..."           areas, waiting ranges, free ranges or search variables, pages waiting, cached stacks
// Fidelity: one CPU, as the captures are.
#pragma once

#include "sim/base/error.h"
#include "sim/import/capture_folder.h"
#include "sim/replay/replay_result.h"

namespace ksl::sim {

/// Errors: the start cannot be a state of a kernel. Whatever comes later is a difference, not an error.
[[nodiscard]] Result<ReplayResult> replay_vmap(const capture::Capture& capture);

} // namespace ksl::sim
