// SPDX-License-Identifier: GPL-3.0-or-later
//
// What a run has done up to any of its known positions, in sums: so that a table beside the views says what was true at
// the playhead, not at the end.
//
// Units:   nanoseconds of the CPU that did it; position p is after p steps.
// Cost:    append O(1) amortised; at() looks at kEvery steps at most.
// Memory:  33 bytes a step.
#pragma once

#include "ui/engine/step_record.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace ksl::ui {

struct RunTotal {
    std::uint64_t clones = 0; ///< that succeeded
    std::uint64_t failed = 0;
    std::uint64_t from_cache = 0;
    std::uint64_t exits = 0;
    std::uint64_t killed = 0; ///< steps that were fatal to a task or the machine
    std::uint64_t purges = 0;
    std::uint64_t clone_nanoseconds = 0;
    std::uint64_t exit_nanoseconds = 0;
    std::uint64_t first_misses = 0; ///< of clones and exits
    std::uint64_t walks = 0;        ///< likewise

    void add(const StepRecord& record);
    [[nodiscard]] double mean_clone() const { return mean(clone_nanoseconds, clones); }
    [[nodiscard]] double mean_exit() const { return mean(exit_nanoseconds, exits); }
    [[nodiscard]] double misses_an_operation() const { return mean(first_misses, clones + exits); }
    [[nodiscard]] double walks_an_operation() const { return mean(walks, clones + exits); }
    [[nodiscard]] double cached_share() const { return mean(from_cache, clones); }
    friend bool operator==(const RunTotal&, const RunTotal&) = default;

private:
    [[nodiscard]] static double mean(std::uint64_t sum, std::uint64_t count) {
        return count == 0 ? 0 : static_cast<double>(sum) / static_cast<double>(count);
    }
};

class RunTotals {
public:
    void append(std::span<const StepRecord> records);
    void clear();

    [[nodiscard]] std::size_t steps() const { return records_.size(); }
    /// `position` is at most steps().
    [[nodiscard]] RunTotal at(std::size_t position) const;
    /// The last clone or exit up to there.
    [[nodiscard]] std::optional<StepRecord> last_operation(std::size_t position) const;

private:
    static constexpr std::size_t kEvery = 256;

    std::vector<StepRecord> records_;
    std::vector<RunTotal> marks_{1}; ///< before every kEvery-th step
};

} // namespace ksl::ui
