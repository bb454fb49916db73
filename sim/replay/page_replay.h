// SPDX-License-Identifier: MIT
//
// Feeds a real kernel's page requests and frees to the page allocator, from the state that was recorded, and judges
// every answer: each frame handed out, each block that a refill took, each fallback to another migrate type, each page
// drained, all in order; and at every recorded state each list in order and each pageblock's type.
//
// Counting: see replay_result.h and hypotheses.h. After a frame that differs, both are followed: the engine's own
//           answer, in case the record is wrong, and the recorded one, in case the engine is.
// Inputs:   besides requests and frees, what the kernel looked at and the trace does not tell:
//           - 6.1: whether a stolen pageblock changes its type depends on how many of its used pages are movable; the
//             recorded outcome is used, and judged against the engine's own count as "pageblock claims";
//           - a CPU reports its counters to the zones once a second and when it goes idle. Idle times are gaps in the
//             trace; a report in between is inferred where the recorded zone cannot be explained otherwise ("zone
//             choices");
//           - 4.7: how much of its turn each zone had left at the start follows from the events before the first state;
//           - 6.1: a page freed by an interrupt that found the page lists locked goes to the buddy lists; `path` says
//             so, and where it is not recorded both ways are followed (page_replay_paths.h).
#pragma once

#include "sim/base/error.h"
#include "sim/import/capture_folder.h"
#include "sim/replay/replay_result.h"

#include <cstdint>
#include <string_view>

namespace ksl::sim {

// Names of the parts of the result.
inline constexpr std::string_view kPageFrames = "page frames"; ///< one judgement an allocation
inline constexpr std::string_view kZoneChoices =
    "zone choices"; ///< one an allocation where zones take turns or fill up
inline constexpr std::string_view kBlocksTaken = "blocks taken"; ///< one a block that left the buddy lists
inline constexpr std::string_view kFallbacks = "fallbacks";      ///< one a fallback to another migrate type
inline constexpr std::string_view kPageblockClaims =
    "pageblock claims";                                        ///< one a fallback that might claim its pageblock
inline constexpr std::string_view kDrains = "drains";          ///< one a block drained
inline constexpr std::string_view kPageStates = "page states"; ///< one a list, count or pageblock of a state

/// Errors: a state without a page allocator, or one that no allocator can be in. With more than `enough` differences
/// the rest is not replayed.
[[nodiscard]] Result<ReplayResult> replay_pages(const capture::Capture& capture, std::uint64_t enough = UINT64_MAX);

} // namespace ksl::sim
