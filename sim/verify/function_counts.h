// SPDX-License-Identifier: MIT
//
// How many instructions each kernel function executed in each part of a recorded workload: function_breakdown.csv of a
// cost-* capture.
//
// Format:    capture,phase,phase_occurrences,kernel_function,kind,instructions_total,detail. "exclusive": in the
//            function itself; "inclusive": with all that it calls. TOTAL_KERNEL is the sum of the exclusive counts.
// Names:     without what the compiler added (".isra.0", ".constprop.0").
#pragma once

#include "sim/base/error.h"

#include <cstdint>
#include <filesystem>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace ksl::sim {

struct PhaseCounts {
    std::string workload; ///< "cached_back_to_back", "burst64"
    std::string phase;    ///< "clone_call"
    std::uint64_t occurrences = 0;
    std::uint64_t kernel = 0; ///< TOTAL_KERNEL
    std::map<std::string, std::uint64_t, std::less<>> exclusive;
    std::map<std::string, std::uint64_t, std::less<>> inclusive;

    /// Of all functions whose names begin with one of these.
    [[nodiscard]] std::uint64_t exclusive_of(std::span<const std::string_view> prefixes) const;
    /// Of the functions of exactly these names, none of which calls another one.
    [[nodiscard]] std::uint64_t inclusive_of(std::span<const std::string_view> names) const;
    [[nodiscard]] std::uint64_t exclusive_sum() const;
};

class FunctionCounts {
public:
    [[nodiscard]] static Result<FunctionCounts> read(const std::filesystem::path& path);

    [[nodiscard]] const std::vector<PhaseCounts>& phases() const { return phases_; }
    /// Null if it was not recorded.
    [[nodiscard]] const PhaseCounts* find(std::string_view workload, std::string_view phase) const;

private:
    PhaseCounts& phase_of(std::string_view workload, std::string_view phase);

    std::vector<PhaseCounts> phases_;
};

} // namespace ksl::sim
