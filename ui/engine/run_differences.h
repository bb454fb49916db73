// SPDX-License-Identifier: GPL-3.0-or-later
//
// Where two runs of one workload part: the n-th clone of A is held against the n-th clone of B, exits and calls
// likewise. Clones and exits differ if one failed and the other did not, if their times are more than a tenth apart, or
// if they missed the TLB a different number of times; calls only if somebody died of one and not of the other.
//
// Units:   positions and times are A's.
// Cost:    append O(1) amortised; first_after() and is_at() O(log n).
#pragma once

#include "ui/engine/step_record.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <span>
#include <utility>
#include <vector>

namespace ksl::ui {

struct RunDifference {
    std::uint64_t position = 0;
    StepRecord a;
    StepRecord b;

    /// One failed or was fatal, the other was not.
    [[nodiscard]] constexpr bool is_outcome() const { return outcome_of(a) != outcome_of(b); }
    [[nodiscard]] static constexpr std::uint8_t outcome_of(const StepRecord& record) {
        return record.flags & (StepRecord::kFailed | StepRecord::kKilled);
    }
    friend constexpr bool operator==(const RunDifference&, const RunDifference&) = default;
};

/// Of two operations of one kind.
[[nodiscard]] bool differ(const StepRecord& a, const StepRecord& b);

class RunDifferences {
public:
    /// In the order of steps; A's position counts them.
    void append_a(const StepRecord& record);
    void append_b(const StepRecord& record);

    /// Ascending by position.
    [[nodiscard]] std::span<const RunDifference> all() const { return found_; }
    /// Those found since the last call.
    [[nodiscard]] std::vector<RunDifference> take_new() { return std::exchange(new_, {}); }
    [[nodiscard]] bool is_at(std::uint64_t position) const;
    [[nodiscard]] std::optional<std::uint64_t> first_after(std::uint64_t position) const;

private:
    static constexpr std::size_t kKinds = 3;
    /// One kind's operations that the other run has not done yet.
    struct Waiting {
        std::deque<RunDifference> a; ///< with position
        std::deque<StepRecord> b;
    };
    [[nodiscard]] Waiting* waiting_for(StepKind kind);
    void match(Waiting& waiting);

    std::uint64_t position_ = 0;
    std::array<Waiting, kKinds> waiting_;
    std::vector<RunDifference> found_;
    std::vector<RunDifference> new_;
};

} // namespace ksl::ui
