// SPDX-License-Identifier: MIT
//
// What a run's operations add up to, counted while they are recorded: sums by kind and outcome, and how many took
// exactly how long. Saves sorting millions of rows when the run ends.
#pragma once

#include "sim/store/operation_row.h"
#include "sim/store/run_record.h"

#include <array>
#include <cstdint>
#include <memory>
#include <vector>

namespace ksl::sim {

/// Latencies of one kind and outcome.
struct LatencyCounts {
    OperationKind kind{};
    Outcome outcome{};
    std::vector<LatencyCount> counts; ///< by latency
};

class RunTally {
public:
    /// A row of the table "operation".
    void add(const OperationRow& row);
    /// Something that has no row of its own: a whole life.
    void add_without_row(const OperationRow& row);

    [[nodiscard]] std::uint64_t operations() const { return operations_; }
    /// Kinds and outcomes that occurred, in the order of their codes.
    [[nodiscard]] std::vector<OperationTotal> totals() const;
    [[nodiscard]] std::vector<LatencyCounts> latencies() const;

private:
    /// Open addressing; a count of 0 marks a free slot.
    struct Slot {
        std::uint64_t key = 0;
        std::uint64_t operations = 0;
    };
    struct Sums {
        std::uint64_t operations = 0;
        std::array<std::uint64_t, kOperationCosts> sums{};
    };

    void count(std::uint64_t key, std::uint64_t operations);
    void grow();

    std::uint64_t operations_ = 0;
    std::array<std::unique_ptr<Sums>, kOperationKinds * kOutcomes> sums_{};
    std::vector<Slot> slots_;
    std::size_t used_slots_ = 0;
};

} // namespace ksl::sim
