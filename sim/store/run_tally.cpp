// SPDX-License-Identifier: MIT
#include "sim/store/run_tally.h"

#include "core/types/assert.h"

#include <algorithm>

namespace ksl::sim {

namespace {

// A key is a latency with its group (kind and outcome) in the low bits: 2^57 ns are four years.
constexpr unsigned kGroupBits = 7;
static_assert(kOperationKinds * kOutcomes <= 1U << kGroupBits);

std::size_t group_of(OperationKind kind, Outcome outcome) {
    return static_cast<std::size_t>(kind) * kOutcomes + static_cast<std::size_t>(outcome);
}
OperationKind kind_of(std::size_t group) {
    return static_cast<OperationKind>(group / kOutcomes);
}
Outcome outcome_of(std::size_t group) {
    return static_cast<Outcome>(group % kOutcomes);
}

std::size_t spread(std::uint64_t key) {
    return static_cast<std::size_t>((key * 0x9e3779b97f4a7c15U) >> 20);
}

} // namespace

void RunTally::add(const OperationRow& row) {
    ++operations_;
    add_without_row(row);
}

void RunTally::add_without_row(const OperationRow& row) {
    KSL_ASSERT(row.latency_ns < std::uint64_t{1} << (64 - kGroupBits), "a latency below four years");
    const std::size_t group = group_of(row.kind, row.outcome);
    std::unique_ptr<Sums>& sums = sums_[group];
    if (sums == nullptr) sums = std::make_unique<Sums>();
    ++sums->operations;
    std::size_t column = 0;
#define KSL_ADD(type, name) sums->sums[column++] += row.name;
    KSL_OPERATION_COSTS(KSL_ADD)
#undef KSL_ADD
    if (2 * used_slots_ >= slots_.size()) grow();
    count(row.latency_ns << kGroupBits | group, 1);
}

void RunTally::count(std::uint64_t key, std::uint64_t operations) {
    const std::size_t mask = slots_.size() - 1;
    for (std::size_t at = spread(key) & mask;; at = (at + 1) & mask) {
        Slot& slot = slots_[at];
        if (slot.operations == 0) {
            slot = {key, operations};
            ++used_slots_;
            return;
        }
        if (slot.key == key) {
            slot.operations += operations;
            return;
        }
    }
}

void RunTally::grow() {
    std::vector<Slot> old(std::max<std::size_t>(1024, 2 * slots_.size()));
    std::swap(old, slots_);
    used_slots_ = 0;
    for (const Slot& slot : old) {
        if (slot.operations != 0) count(slot.key, slot.operations);
    }
}

std::vector<OperationTotal> RunTally::totals() const {
    std::vector<OperationTotal> totals;
    for (std::size_t group = 0; group < sums_.size(); ++group) {
        if (sums_[group] == nullptr) continue;
        totals.push_back({kind_of(group), outcome_of(group), sums_[group]->operations, sums_[group]->sums});
    }
    return totals;
}

std::vector<LatencyCounts> RunTally::latencies() const {
    std::array<std::vector<LatencyCount>, kOperationKinds * kOutcomes> groups;
    for (const Slot& slot : slots_) {
        if (slot.operations == 0) continue;
        groups[slot.key & ((1U << kGroupBits) - 1)].push_back({slot.key >> kGroupBits, slot.operations});
    }
    std::vector<LatencyCounts> latencies;
    for (std::size_t group = 0; group < groups.size(); ++group) {
        if (groups[group].empty()) continue;
        std::ranges::sort(groups[group],
                          [](const LatencyCount& a, const LatencyCount& b) { return a.latency_ns < b.latency_ns; });
        latencies.push_back({kind_of(group), outcome_of(group), std::move(groups[group])});
    }
    return latencies;
}

} // namespace ksl::sim
