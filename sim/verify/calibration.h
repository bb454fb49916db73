// SPDX-License-Identifier: MIT
//
// A cost-* capture against the engine: the same workloads on the same design, counted in instructions, part by part.
//
// Parts:   create (clone() or fork()), end (exits and the wait for them), deferred (callbacks and workers until the
//          next round). Within each, groups of steps against the kernel functions that they stand for.
// Measured: page requests with all that they call, less clearing, which is a group of its own; the other groups by the
//          counts of their functions alone. What no group names, locks among it, is the group "everything else".
// Judged:  nothing here. A price list is an approximation; this says how good a one.
#pragma once

#include "sim/scenario/design_file.h"
#include "sim/verify/counted_run.h"
#include "sim/verify/function_counts.h"
#include "sim/verify/verification.h"

#include <filesystem>
#include <string>
#include <vector>

namespace ksl::sim {

/// One table of operations: *_instructions of each row.
struct CostTable {
    std::string name; ///< of the file, without ".csv"
    struct Row {
        std::uint64_t round = 0; ///< or the iteration
        std::uint64_t create = 0;
        std::uint64_t end =
            0; ///< of a round, repeated in each of its rows; else from creation to the end, both included
    };
    std::vector<Row> rows;
    bool has_rounds = false;
};

/// Which kernel and design a capture is of, from what it holds: environment.txt and the functions that ran.
[[nodiscard]] Result<DesignProfile> design_of_capture(const std::filesystem::path& folder,
                                                      const FunctionCounts& functions);

/// Rows of the comparison, those of whole operations first.
[[nodiscard]] Result<std::vector<CalibrationRow>>
calibrate(const std::filesystem::path& folder, const std::vector<CostTable>& tables, const FunctionCounts& functions);

} // namespace ksl::sim
