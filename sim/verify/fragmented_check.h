// SPDX-License-Identifier: MIT
//
// Threads created on fragmented memory: the same free lists, the same requests, until something gives up.
//
// Stacks:   contiguous ones come straight from the buddy lists, so that free memory falls by 16 KiB a thread and by a
//           slab whenever the cache of task_struct grows: each row is predicted, and how many threads there are before
//           the killer comes, and what its report says of blocks that a stack would fit into.
//           Mapped ones take single pages through the per-CPU lists, which are not recorded: rows are judged by their
//           outcome.
// Inputs:   buddyinfo and pagetypeinfo before the first thread; how many task_structs were free then is not recorded,
//           and is taken from the rows: the number that most of them agree with.
// Apart:    memory that somebody else took or gave back between two rows; kernel.threads-max, which no file tells.
#pragma once

#include "sim/import/fragmented_capture.h"
#include "sim/verify/verification.h"

namespace ksl::sim {

[[nodiscard]] Result<void> check_fragmented(Verification& verification);

/// The same for a capture that has been read.
[[nodiscard]] Result<std::vector<PartResult>> judge_fragmented(const capture::FragmentedCapture& capture);

} // namespace ksl::sim
