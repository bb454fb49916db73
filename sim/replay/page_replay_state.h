// SPDX-License-Identifier: MIT
//
// A recorded state as the page allocator's start, and the comparison of the allocator with one.
#pragma once

#include "core/memory/explicit_state.h"
#include "sim/import/capture_state.h"

#include <string>
#include <vector>

namespace ksl::sim {

/// Kernels whose page allocators differ.
enum class PageKernel : std::uint8_t { linux_4_7, linux_4_9, linux_6_1 };

/// Told by what the state has: page lists for orders above 0 (6.1), thread_info on the stack (4.7).
[[nodiscard]] PageKernel page_kernel_of(const capture::State& state);
/// The kernel's rules, without reclaim and compaction: what those did is not in a trace of allocations.
[[nodiscard]] core::PageRules replay_rules(PageKernel kernel);

[[nodiscard]] core::ExplicitMemory explicit_memory(const capture::BuddyState& state);

/// One list, or one zone's pageblock types, that differs.
struct StateDifference {
    std::string where; ///< "DMA32: free list of order 3, type movable"
    std::string recorded;
    std::string engine;
};
struct StateComparison {
    std::uint64_t compared = 0; ///< lists that are not empty on either side, pageblock types, counts
    std::vector<StateDifference> differences;
};
/// Every free list in order, every page list in order with what its pages remember, every pageblock type, and the
/// counts that steer the lists (count, free_factor, nr_free, high-atomic reserve, boost).
[[nodiscard]] StateComparison compare(const capture::BuddyState& recorded, const core::PageState& engine);

} // namespace ksl::sim
