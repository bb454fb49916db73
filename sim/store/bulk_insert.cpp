// SPDX-License-Identifier: MIT
#include "sim/store/bulk_insert.h"

#include <fmt/format.h>

#include <memory>

namespace ksl::sim {

namespace {

std::string create_statement_of(SQLite::Database& sql, const std::string& table) {
    SQLite::Statement query{sql, "SELECT sql FROM main.sqlite_schema WHERE type = 'table' AND name = ?"};
    query.bind(1, table);
    query.executeStep();
    return query.getColumn(0).getString();
}

/// "a, b, c": the stored columns.
std::string column_list(SQLite::Database& sql, const std::string& table) {
    SQLite::Statement query{sql, "SELECT group_concat(name, ', ') FROM pragma_table_info(?)"};
    query.bind(1, table);
    query.executeStep();
    return query.getColumn(0).getString();
}

/// Copying records needs no opcode that looks at a column.
bool looks_at_columns(SQLite::Database& sql, const std::string& statement) {
    SQLite::Statement query{sql, "EXPLAIN " + statement};
    while (query.executeStep()) {
        if (query.getColumn("opcode").getString() == "Column") return true;
    }
    return false;
}

} // namespace

BulkInsert::BulkInsert(SQLite::Database& sql, const std::string& table)
    : sql_(sql), file_(table, create_statement_of(sql, table)) {
    sql_.exec(fmt::format("ATTACH '{}' AS batch", file_.uri()));
    prepare(table);
}

BulkInsert::~BulkInsert() {
    statement_.reset();
    sql_.tryExec("DETACH batch"); // fails only if attaching it failed
}

void BulkInsert::prepare(const std::string& table) {
    const std::string copying = fmt::format("INSERT INTO main.{0} SELECT * FROM batch.{0}", table);
    try {
        // With generated columns, "*" has more columns than an INSERT takes, unless SQLite takes the shortcut.
        statement_ = std::make_unique<SQLite::Statement>(sql_, copying);
        copies_records_ = !looks_at_columns(sql_, copying);
    } catch (const SQLite::Exception&) {
        const std::string columns = column_list(sql_, table);
        statement_ = std::make_unique<SQLite::Statement>(
            sql_, fmt::format("INSERT INTO main.{0} ({1}) SELECT {1} FROM batch.{0}", table, columns));
    }
}

void BulkInsert::insert(const RecordPages& rows) {
    if (rows.rows() == 0) return;
    // Also after an error: the rows are shown no longer than they live, and a statement that is not reset keeps its
    // lock.
    const auto finish = [this](const RecordPages*) {
        statement_->tryReset();
        file_.show(RecordPages{});
    };
    const std::unique_ptr<const RecordPages, decltype(finish)> shown{&rows, finish};
    file_.show(rows);
    statement_->exec();
}

} // namespace ksl::sim
