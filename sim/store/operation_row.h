// SPDX-License-Identifier: MIT
//
// One clone, exit or other operation of a run, as the lab database stores it. What each column means stands in
// sim/store/schema.sql, table "operation"; a test holds the two together.
//
// Units:   times in simulated nanoseconds, costs in cycles of the simulated processor.
// Limits:  SQLite's integers are signed: no number above 2^63 - 1.
#pragma once

#include "core/events/task_events.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace ksl::sim {

// clang-format off
/// X(enumerator, name in the database). Stored by position: new ones go to the end, and into schema.sql as well.
#define KSL_OPERATION_KINDS(X)                                                                                         \
    X(clone, "clone") X(fork, "fork") X(exec, "exec") X(exit, "exit") X(release, "release")                            \
    X(switch_task, "switch") X(call, "call") X(alloc_pages, "alloc_pages") X(free_pages, "free_pages")                 \
    X(vmalloc, "vmalloc") X(vfree, "vfree") X(map_dma, "map_dma") X(tick, "tick") X(life, "clone_exit")
#define KSL_OUTCOMES(X)                                                                                                \
    X(ok, "ok") X(no_memory, "no_memory") X(no_addresses, "no_addresses") X(no_task, "no_task")                        \
    X(overflow, "overflow") X(task_killed, "task_killed") X(machine_died, "machine_died") X(refused, "refused")
/// X(type, column): what an operation cost and did; added up in the table "operation_total".
#define KSL_OPERATION_COSTS(X)                                                                                         \
    X(std::uint64_t, latency_ns)      X(std::uint64_t, cycles)          X(std::uint64_t, step_cycles)                  \
    X(std::uint64_t, memory_cycles)   X(std::uint64_t, tlb_cycles)      X(std::uint64_t, lock_cycles)                  \
    X(std::uint32_t, accesses)        X(std::uint32_t, l1_dtlb_misses)  X(std::uint32_t, stlb_misses)                  \
    X(std::uint32_t, walks)           X(std::uint32_t, walk_references)                                                \
    X(std::uint32_t, lines_l1)        X(std::uint32_t, lines_l2)        X(std::uint32_t, lines_l3)                     \
    X(std::uint32_t, lines_memory)    X(std::uint32_t, block_splits)    X(std::uint32_t, block_merges)                 \
    X(std::uint32_t, pcp_refills)     X(std::uint32_t, fallbacks)       X(std::uint32_t, tree_levels)                  \
    X(std::uint32_t, list_steps)      X(std::uint32_t, new_table_pages) X(std::uint32_t, pages_cleared)                \
    X(std::uint32_t, purged_areas)    X(std::uint32_t, ipis)            X(std::uint32_t, pages_reclaimed)              \
    X(std::uint32_t, pages_migrated)  X(std::uint32_t, oom_kills)
// clang-format on

#define KSL_ENUMERATOR(name, text) name,
#define KSL_TEXT(name, text) std::string_view{text},
enum class OperationKind : std::uint8_t { KSL_OPERATION_KINDS(KSL_ENUMERATOR) };
enum class Outcome : std::uint8_t { KSL_OUTCOMES(KSL_ENUMERATOR) };
inline constexpr std::array kOperationKindNames{KSL_OPERATION_KINDS(KSL_TEXT)};
inline constexpr std::array kOutcomeNames{KSL_OUTCOMES(KSL_TEXT)};
#undef KSL_ENUMERATOR
#undef KSL_TEXT
inline constexpr std::size_t kOperationKinds = kOperationKindNames.size();
inline constexpr std::size_t kOutcomes = kOutcomeNames.size();

[[nodiscard]] constexpr std::string_view name_of(OperationKind kind) {
    return kOperationKindNames[static_cast<std::size_t>(kind)];
}
[[nodiscard]] constexpr std::string_view name_of(Outcome outcome) {
    return kOutcomeNames[static_cast<std::size_t>(outcome)];
}

struct OperationRow {
    OperationKind kind{};
    Outcome outcome{};
    std::optional<core::StackSource> source; ///< where a new task's stack came from
    std::optional<core::StackSink> sink;     ///< where a dead task's stack went
    std::uint16_t cpu = 0;
    std::uint32_t task = 0;
    std::uint64_t start_ns = 0;
#define KSL_MEMBER(type, name) type name = 0;
    KSL_OPERATION_COSTS(KSL_MEMBER)
#undef KSL_MEMBER
    friend bool operator==(const OperationRow&, const OperationRow&) = default;
};

#define KSL_COUNT(type, name) +1
inline constexpr std::size_t kOperationCosts = 0 KSL_OPERATION_COSTS(KSL_COUNT);
#undef KSL_COUNT
#define KSL_TEXT(type, name) std::string_view{#name},
inline constexpr std::array kOperationCostNames{KSL_OPERATION_COSTS(KSL_TEXT)};
#undef KSL_TEXT

/// The stored columns of the table "operation", in its order.
inline constexpr std::array kOperationKeyNames{
    std::string_view{"run"},          std::string_view{"seq"},         std::string_view{"kind_code"},
    std::string_view{"outcome_code"}, std::string_view{"source_code"}, std::string_view{"sink_code"},
    std::string_view{"cpu"},          std::string_view{"task"},        std::string_view{"start_ns"}};
inline constexpr std::size_t kOperationColumns = kOperationKeyNames.size() + kOperationCosts;

using OperationColumns = std::array<std::int64_t, kOperationColumns>;

[[nodiscard]] inline OperationColumns columns_of(const OperationRow& row, std::int64_t run, std::int64_t seq) {
    return {run,
            seq,
            static_cast<std::int64_t>(row.kind),
            static_cast<std::int64_t>(row.outcome),
            row.source ? static_cast<std::int64_t>(*row.source) + 1 : 0,
            row.sink ? static_cast<std::int64_t>(*row.sink) + 1 : 0,
            row.cpu,
            row.task,
            static_cast<std::int64_t>(row.start_ns),
#define KSL_VALUE(type, name) static_cast<std::int64_t>(row.name),
            KSL_OPERATION_COSTS(KSL_VALUE)
#undef KSL_VALUE
    };
}

} // namespace ksl::sim
