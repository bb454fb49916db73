// SPDX-License-Identifier: MIT
#include "core/cost/step.h"
#include "sim/store/bulk_insert.h"
#include "sim/store/operation_row.h"
#include "sim/store/schema.h"

#include <SQLiteCpp/SQLiteCpp.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

namespace ksl::sim {
namespace {

using ::testing::ElementsAreArray;
using ::testing::HasSubstr;

class SchemaTest : public ::testing::Test {
protected:
    SchemaTest() : sql_(":memory:", SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE | SQLite::OPEN_URI) {
        sql_.exec(std::string{schema_history().sql});
    }

    std::vector<std::string> column(const std::string& query) {
        std::vector<std::string> values;
        SQLite::Statement statement{sql_, query};
        while (statement.executeStep()) values.push_back(statement.getColumn(0).getString());
        return values;
    }
    void insert_operation(const OperationRow& row, std::int64_t seq) {
        std::string values;
        for (const std::int64_t value : columns_of(row, 1, seq))
            values += (values.empty() ? "" : ", ") + std::to_string(value);
        sql_.exec("INSERT INTO operation VALUES (" + values + ")");
    }

    SQLite::Database sql_;
};

TEST_F(SchemaTest, TheTableOperationHasTheColumnsOfOperationRowInTheirOrder) {
    std::vector<std::string_view> expected{kOperationKeyNames.begin(), kOperationKeyNames.end()};
    expected.insert(expected.end(), kOperationCostNames.begin(), kOperationCostNames.end());
    EXPECT_THAT(column("SELECT name FROM pragma_table_info('operation')"), ElementsAreArray(expected));
}

TEST_F(SchemaTest, OperationTotalAddsUpEveryCost) {
    std::vector<std::string_view> expected{"run", "kind", "outcome", "operations"};
    expected.insert(expected.end(), kOperationCostNames.begin(), kOperationCostNames.end());
    EXPECT_THAT(column("SELECT name FROM pragma_table_info('operation_total')"), ElementsAreArray(expected));
}

TEST_F(SchemaTest, NamesOfKindsAndOutcomesAreThoseOfTheProgram) {
    for (std::size_t i = 0; i < kOperationKinds; ++i) {
        OperationRow row;
        row.kind = static_cast<OperationKind>(i);
        insert_operation(row, static_cast<std::int64_t>(i));
    }
    EXPECT_THAT(column("SELECT kind FROM operation ORDER BY seq"), ElementsAreArray(kOperationKindNames));
    sql_.exec("DELETE FROM operation");
    for (std::size_t i = 0; i < kOutcomes; ++i) {
        OperationRow row;
        row.outcome = static_cast<Outcome>(i);
        insert_operation(row, static_cast<std::int64_t>(i));
    }
    EXPECT_THAT(column("SELECT outcome FROM operation ORDER BY seq"), ElementsAreArray(kOutcomeNames));
}

TEST_F(SchemaTest, SourcesAndSinksOfStacksAreThoseOfTheEngine) {
    OperationRow row;
    insert_operation(row, 0);
    for (const auto source : {core::StackSource::page_allocator, core::StackSource::vmalloc,
                              core::StackSource::stack_cache, core::StackSource::pid_slot}) {
        row.source = source;
        insert_operation(row, 1 + static_cast<int>(source));
    }
    EXPECT_THAT(column("SELECT coalesce(stack_source, 'none') FROM operation ORDER BY seq"),
                ElementsAreArray({"none", "page_allocator", "vmalloc", "stack_cache", "pid_slot"}));
    sql_.exec("DELETE FROM operation");
    for (const auto sink : {core::StackSink::page_allocator, core::StackSink::vmalloc, core::StackSink::stack_cache,
                            core::StackSink::deferred, core::StackSink::pid_slot}) {
        row.sink = sink;
        insert_operation(row, static_cast<int>(sink));
    }
    EXPECT_THAT(column("SELECT stack_sink FROM operation ORDER BY seq"),
                ElementsAreArray({"page_allocator", "vmalloc", "stack_cache", "deferred", "pid_slot"}));
}

TEST_F(SchemaTest, ACodeThatANewerProgramWroteStillHasAName) {
    sql_.exec("INSERT INTO operation SELECT 1, 0, 99, 98, 97, 96" + [] {
        std::string zeros;
        for (std::size_t i = 6; i < kOperationColumns; ++i) zeros += ", 0";
        return zeros;
    }());
    EXPECT_EQ(
        sql_.execAndGet("SELECT kind || ', ' || outcome || ', ' || stack_source || ', ' || stack_sink FROM operation")
            .getString(),
        "kind 99, outcome 98, source 97, sink 96");
}

TEST_F(SchemaTest, TheTableOperationIsFilledByCopyingRecords) {
    EXPECT_TRUE((BulkInsert{sql_, "operation"}.copies_records()));
}

/// Somebody with the sqlite3 shell has `.schema` and nothing else.
TEST_F(SchemaTest, EveryTableViewAndColumnIsExplainedInTheTextThatSqliteKeeps) {
    SQLite::Statement objects{sql_, "SELECT type, name, sql FROM sqlite_schema WHERE sql IS NOT NULL"};
    int tables = 0;
    while (objects.executeStep()) {
        const std::string name = objects.getColumn(1).getString();
        std::istringstream lines{objects.getColumn(2).getString()};
        std::string line;
        std::getline(lines, line);
        std::getline(lines, line);
        EXPECT_THAT(line, ::testing::StartsWith("  -- ")) << name << " begins with what it is";
        if (objects.getColumn(0).getString() != "table" || name == "operation_total")
            continue; // sums say what they sum
        ++tables;
        while (std::getline(lines, line)) {
            const bool is_column = line.find(" INTEGER ") != std::string::npos ||
                                   line.find(" TEXT ") != std::string::npos || line.find(" REAL ") != std::string::npos;
            const bool is_explained_elsewhere =
                line.find("INTEGER NOT NULL REFERENCES run(id),") != std::string::npos ||
                line.find("price_list(id),") != std::string::npos ||
                line.find("input_text(id),") != std::string::npos || line.find("GENERATED") != std::string::npos ||
                line.find("CHECK") != std::string::npos;
            if (is_column && !is_explained_elsewhere) {
                EXPECT_THAT(line, HasSubstr("--")) << name;
            }
        }
    }
    EXPECT_GE(tables, 11);
}

TEST_F(SchemaTest, EveryViewCanBeAsked) {
    for (const std::string& view : column("SELECT name FROM sqlite_schema WHERE type = 'view'")) {
        EXPECT_NO_THROW(sql_.execAndGet("SELECT count(*) FROM " + view)) << view;
    }
}

} // namespace
} // namespace ksl::sim
