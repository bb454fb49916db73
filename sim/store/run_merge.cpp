// SPDX-License-Identifier: MIT
#include "sim/store/run_merge.h"

#include <fmt/format.h>

#include <array>
#include <string>
#include <string_view>

namespace ksl::sim {

namespace {

/// "a, b, c": the stored columns of a table without `left_out` ones.
std::string columns_without(SQLite::Database& sql, const std::string& table, const std::string& left_out) {
    SQLite::Statement query{sql,
                            "SELECT group_concat(name, ', ') FROM pragma_table_info(?) WHERE ', ' || ? || ', ' NOT "
                            "LIKE '%, ' || name || ', %'"};
    query.bind(1, table);
    query.bind(2, left_out);
    query.executeStep();
    return query.getColumn(0).getString();
}

void merge_inputs_and_prices(SQLite::Database& sql) {
    sql.exec(
        "INSERT OR IGNORE INTO main.input_text (digest, text) SELECT digest, text FROM shard.input_text ORDER BY id");
    sql.exec("INSERT OR IGNORE INTO main.price_list (digest, name, cpi_milli) SELECT digest, name, cpi_milli FROM "
             "shard.price_list ORDER BY id");
    sql.exec(fmt::format("INSERT OR IGNORE INTO main.price (price_list, {0}) SELECT ours.id, {0} FROM shard.price JOIN "
                         "shard.price_list AS theirs ON theirs.id = price.price_list JOIN main.price_list AS ours ON "
                         "ours.digest = theirs.digest",
                         columns_without(sql, "price", "price_list")));
}

void merge_runs(SQLite::Database& sql, std::int64_t ids, std::int64_t rows) {
    const std::string moved = "id, baseline, price_list, first_operation, last_operation";
    const std::string kept = columns_without(sql, "run", moved);
    sql.exec(fmt::format("INSERT INTO main.run ({0}, {1}) SELECT id + {2}, baseline + {2}, (SELECT ours.id FROM "
                         "main.price_list AS ours JOIN shard.price_list AS theirs USING (digest) WHERE theirs.id = "
                         "run.price_list), first_operation + {3}, last_operation + {3}, {1} FROM shard.run ORDER BY id",
                         moved, kept, ids, rows));
    sql.exec(fmt::format("INSERT INTO main.run_input (run, name, input) SELECT run + {}, name, ours.id FROM "
                         "shard.run_input JOIN shard.input_text AS theirs ON theirs.id = input JOIN main.input_text AS "
                         "ours USING (digest)",
                         ids));
}

/// Tables whose rows belong to a run and change in nothing but its id.
constexpr std::array<std::string_view, 6> kTablesOfRuns{"operation_total", "latency_count", "step_total",
                                                        "metric",          "series",        "event"};

} // namespace

std::vector<RunId> merge_shard(SQLite::Database& sql) {
    const std::int64_t ids = sql.execAndGet("SELECT coalesce(max(id), 0) FROM main.run").getInt64();
    const std::int64_t rows = sql.execAndGet("SELECT coalesce(max(rowid), 0) FROM main.operation").getInt64();
    merge_inputs_and_prices(sql);
    merge_runs(sql, ids, rows);
    const auto copy = [&](const std::string& table, std::string_view order) {
        sql.exec(fmt::format("INSERT INTO main.{0} (run, {1}) SELECT run + {2}, {1} FROM shard.{0} {3}", table,
                             columns_without(sql, table, "run"), ids, order));
    };
    copy("operation", "ORDER BY rowid"); // so that the ranges of the runs hold
    for (const std::string_view table : kTablesOfRuns) copy(std::string{table}, "");
    std::vector<RunId> merged;
    SQLite::Statement query{sql, "SELECT id FROM main.run WHERE id > ? ORDER BY id"};
    query.bind(1, ids);
    while (query.executeStep()) merged.emplace_back(static_cast<std::uint32_t>(query.getColumn(0).getInt64()));
    return merged;
}

} // namespace ksl::sim
