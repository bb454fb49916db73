// SPDX-License-Identifier: MIT
//
// Runs to record, and the whole contents of a lab database as text.
#pragma once

#include "core/types/random.h"
#include "sim/store/run_store.h"

#include <SQLiteCpp/SQLiteCpp.h>
#include <fmt/format.h>

#include <filesystem>
#include <string>
#include <vector>

namespace ksl::sim::testing {

inline RunRecord sample_recipe(std::uint64_t seed, const std::string& design = "linux-4.9") {
    RunRecord record;
    record.scenario = "storm";
    record.scenario_text = "# a storm\n[machine]\ncpus = 4\n";
    record.overrides = "machine.cpus=2\n";
    record.design = design;
    record.design_text = "name = \"" + design + "\"\n";
    record.kernel = "4.9";
    record.processor = "haswell";
    record.processor_text = "clock_mhz = 3000\n";
    record.prices = PriceListRecord{.name = "4.9",
                                    .cpi_milli = 500,
                                    .prices = {{"buddy_split", 60, 20, 50, "mm/page_alloc.c", "measured"},
                                               {"zone_lock", 40, 10, 30, "estimate of ours", "estimate"}}};
    record.inputs = {{"buddyinfo", "Node 0, zone Normal 1 2 3\n"}, {"note", "größer als ASCII\n"}};
    record.clock_mhz = 3000;
    record.cpus = 2;
    record.memory_bytes = std::uint64_t{4} << 30;
    record.seed = seed;
    record.engine = "0.1.0";
    return record;
}

/// Clones and exits with plausible numbers, a few failures among them; the same for the same seed.
inline std::vector<OperationRow> sample_rows(std::uint64_t seed, std::size_t count) {
    core::Random random{seed};
    std::vector<OperationRow> rows(count);
    std::uint64_t now = 0;
    for (OperationRow& row : rows) {
        now += random.below(5000);
        row.kind = random.chance(1, 2) ? OperationKind::clone : OperationKind::exit;
        row.outcome = random.chance(1, 50) ? Outcome::no_memory : Outcome::ok;
        row.cpu = static_cast<std::uint16_t>(random.below(4));
        row.task = static_cast<std::uint32_t>(random.below(std::uint64_t{1} << 32));
        row.start_ns = now;
        if (row.kind == OperationKind::clone) row.source = static_cast<core::StackSource>(random.below(4));
        if (row.kind == OperationKind::exit) row.sink = static_cast<core::StackSink>(random.below(5));
        row.latency_ns = 1000 + random.below(300) * random.below(10);
        row.cycles = row.latency_ns * 3;
        row.step_cycles = row.cycles / 2;
        row.memory_cycles = row.cycles - row.step_cycles;
        row.accesses = static_cast<std::uint32_t>(random.below(300));
        row.l1_dtlb_misses = static_cast<std::uint32_t>(random.below(40));
        row.stlb_misses = static_cast<std::uint32_t>(random.below(3));
        row.walks = row.stlb_misses;
        row.walk_references = 4 * row.walks;
        row.lines_l1 = row.accesses;
        row.lines_memory = static_cast<std::uint32_t>(random.below(10));
        row.block_splits = static_cast<std::uint32_t>(random.below(3));
        row.purged_areas = random.chance(1, 1000) ? 4916 : 0;
    }
    return rows;
}

/// Records a whole run into an open store; for tests that expect it to work.
inline Result<void> record_sample(RunWriter run, std::uint64_t seed, std::size_t count) {
    const std::vector<OperationRow> rows = sample_rows(seed, count);
    for (std::size_t at = 0; at < rows.size(); at += 1000) {
        KSL_TRY(run.append(std::span{rows}.subspan(at, std::min<std::size_t>(1000, rows.size() - at))));
        KSL_TRY(run.add_point({"free_frames", at, static_cast<double>(rows.size() - at)}));
    }
    KSL_TRY(run.add_event({.at_ns = 7, .cpu = 1, .kind = "TaskCreated", .detail = R"({"task":7})"}));
    run.add_step_totals(std::vector<StepTotal>{{OperationKind::clone, "buddy_split", 12, 600}});
    run.add_metric({"unusable_index_order_2", 0.25, "share"});
    return run.finish({.status = RunStatus::complete, .simulated_ns = 123'456, .state_digest = seed * 77});
}

/// Every row of every table in the order in which it lies there, without the columns of the real world's time.
inline std::string contents_of(const std::filesystem::path& path) {
    SQLite::Database sql{path.string(), SQLite::OPEN_READONLY};
    std::string text;
    SQLite::Statement tables{sql, "SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name"};
    while (tables.executeStep()) {
        const std::string table = tables.getColumn(0).getString();
        text += table + '\n';
        SQLite::Statement rows{sql, "SELECT * FROM " + table};
        while (rows.executeStep()) {
            for (int i = 0; i < rows.getColumnCount(); ++i) {
                if (std::string{rows.getColumnName(i)}.starts_with("wall_")) continue;
                text += rows.getColumn(i).isNull() ? "NULL" : rows.getColumn(i).getString();
                text += '|';
            }
            text += '\n';
        }
    }
    return text;
}

inline std::string answer(const std::filesystem::path& path, const std::string& query) {
    SQLite::Database sql{path.string(), SQLite::OPEN_READONLY};
    return sql.execAndGet(query).getString();
}

} // namespace ksl::sim::testing
