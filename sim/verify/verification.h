// SPDX-License-Identifier: MIT
//
// One capture of a real kernel held against the engine, part by part: how many answers are exact, and each that is not.
//
// Parts:    by kind of capture, named as in JSON.
//           replay      allocations       page frames, one an allocation
//                       zone_choices      the zone, where zones take turns or fill up
//                       blocks            blocks that left the buddy lists
//                       fallbacks         blocks taken from another migrate type
//                       pageblock_claims  whether such a block's pageblock changed its type
//                       drains            blocks that left the per-CPU lists, in order
//                       vmalloc           addresses
//                       areas_released, purges, purged_areas, purge_flushes
//                       stack_cache       stacks of new tasks
//                       stacks_given_back kept in the cache or not
//                       stack_blocks      contiguous stacks of new tasks: where their blocks are mapped
//                       stack_layout      ends, stack pointer, thread_info, canary and area of each task's stack in the
//                                         recorded states, a figure each
//                       tasks             new tasks' names; which tasks each state lists, and their thread_info
//                       areas             users and frames of the recorded states' areas and stacks
//                       slabs             blocks that the cache of task_struct took and gave back
//                       states            lists, counts, pageblock types, areas and variables of each recorded state,
//                                         its moment, and what no event changes
//                       trace_text        rows of events.csv against lines of the kernel's text, where there are both
//           mmu         walks             rows of the oracle
//                       leaves            mapped pages that the emulator lists
//           mmu,        dump              lines of the kernel's page-table dump
//           snapshot    direct_map        DirectMap4k, 2M and 1G of meminfo
//                       stacks            guards and neighbours of each task's stack
//                       stack_layout      as of a replay
//           overflow    stack_layout      the victim's stack, thread_info and magic word
//                       faults            fault addresses, stack pointers, exception path
//                       messages          what the kernel said, line by line
//                       deaths            whether task and machine go on, panics, oopses
//                       overwritten       fields of thread_info, the magic word, what each frame left
//                       neighbours        which pages round the stack were overwritten, and from where to where
//           fragmented  start_lists       free blocks by order, and the same by type
//                       threads           each thread: created, and what was free afterwards
//                       ends              killer or not, how many threads came before
//                       oom_lists         the killer's report: blocks that a stack would have fitted into
//                       copies            the same rows and lists as the machine printed them
//           cost        rows        operations whose counts fit together: created before waited for, one sum a round;
//                                   and that are numbered in turn
//                       sums        parts of the workload whose functions add up to their total
//                       and, shown but not judged, medians and the calibration of the price list
// Counting: see sim/replay/replay_result.h.
// Errors:   a capture that cannot be read, or whose start cannot be, is one error; everything else is a difference.
#pragma once

#include "sim/base/error.h"
#include "sim/replay/replay_result.h"
#include "sim/verify/capture_kind.h"

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ksl::sim {

/// A figure of a capture that is shown and not judged.
struct Measured {
    std::string name;
    std::uint64_t value = 0;
    std::string unit;

    friend bool operator==(const Measured&, const Measured&) = default;
};

/// Instructions that the engine and a real kernel took for the same: a whole operation, or a group of its steps.
struct CalibrationRow {
    std::string workload; ///< "burst64"
    std::string part;     ///< "create", "create, first two", "end", "deferred"
    std::string step;     ///< "median", "mean", or a group of steps: "pages allocated"
    std::uint64_t simulated = 0;
    std::uint64_t measured = 0;

    /// What the engine's steps leave unexplained; negative: they take more than was measured.
    [[nodiscard]] std::int64_t unexplained() const {
        return static_cast<std::int64_t>(measured) - static_cast<std::int64_t>(simulated);
    }
    friend bool operator==(const CalibrationRow&, const CalibrationRow&) = default;
};

struct Verification {
    std::string capture; ///< the folder's name
    std::filesystem::path folder;
    CaptureKind kind = CaptureKind::replay;
    std::uint64_t events = 0; ///< of a replay
    std::uint64_t states = 0;
    std::vector<PartResult> parts;
    std::vector<Measured> measured;

    std::vector<CalibrationRow> calibration; ///< of a cost capture

    [[nodiscard]] bool is_exact() const;
    [[nodiscard]] const PartResult* part(std::string_view name) const;
    friend bool operator==(const Verification&, const Verification&) = default;
};

[[nodiscard]] Result<Verification> verify_capture(const std::filesystem::path& folder);

/// The capture as one of kind replay, whatever it is called.
[[nodiscard]] Result<Verification> verify_replay(const std::filesystem::path& folder);

/// Several at once, on at most `workers` threads; the results in the order of `folders`, whatever was ready first.
[[nodiscard]] std::vector<Result<Verification>> verify_captures(const std::vector<std::filesystem::path>& folders,
                                                                unsigned workers);

} // namespace ksl::sim
