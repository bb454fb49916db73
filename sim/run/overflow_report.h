// SPDX-License-Identifier: MIT
//
// The stacks that a run's tasks left, told one by one: what was overwritten, who noticed and when, and what an attacker
// has gained.
#pragma once

#include "core/machine/machine.h"
#include "sim/text/table.h"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace ksl::sim {

struct RunSummary;

struct OverflowStory {
    std::uint32_t pid = 0;
    std::uint64_t bytes = 0;                       ///< overwritten where the task had no business
    std::uint64_t lowest = 0;                      ///< address of the lowest of them
    std::vector<std::string> overwritten;          ///< "the magic word", "thread_info.cpu", "another task's stack", ...
    std::string noticed_by;                        ///< "guard double fault"; empty: nobody noticed
    std::optional<std::uint64_t> noticed_after_ns; ///< from the first overwritten byte
    std::optional<std::uint64_t> address_limit;    ///< where the limit of what system calls may touch was raised to

    friend bool operator==(const OverflowStory&, const OverflowStory&) = default;
};

/// In the order in which they began; at most kMostStories.
inline constexpr std::size_t kMostStories = 1000;
[[nodiscard]] std::vector<OverflowStory> overflow_stories(const core::Machine& machine);

/// A row a story, at most `most` of each run; without rows if no stack was left.
[[nodiscard]] Table overflow_table(std::span<const RunSummary> runs, std::size_t most = 10);

} // namespace ksl::sim
