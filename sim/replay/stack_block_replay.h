// SPDX-License-Identifier: MIT
//
// Contiguous stacks of new tasks: each is the block of pages that its parent was given last, seen through the direct
// map.
//
// Counting: one judgement a new task. A block whose frame the page replay does not believe is judged there; here its
//           own frame counts.
// Source:   alloc_thread_info_node (4.7), alloc_thread_stack_node without CONFIG_VMAP_STACK (4.9, 6.1); kernel/fork.c.
#pragma once

#include "sim/import/capture_folder.h"
#include "sim/replay/replay_result.h"

#include <string_view>
#include <vector>

namespace ksl::sim {

/// Name of the part of the result.
inline constexpr std::string_view kStackBlocks = "stack blocks";

/// A part with nothing to judge for a kernel whose stacks are mapped by vmalloc.
[[nodiscard]] ReplayResult replay_stack_blocks(const capture::Capture& capture,
                                               const std::vector<OwnFrame>& own_frames);

} // namespace ksl::sim
