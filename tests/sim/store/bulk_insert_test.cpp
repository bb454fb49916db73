// SPDX-License-Identifier: MIT
#include "sim/store/bulk_insert.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <limits>

namespace ksl::sim {
namespace {

using Row = std::vector<std::int64_t>;

SQLite::Database memory_database() {
    return SQLite::Database{":memory:", SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE | SQLite::OPEN_URI};
}

std::string table_of(std::size_t columns) {
    std::string sql = "CREATE TABLE t (";
    for (std::size_t i = 0; i < columns; ++i) sql += (i == 0 ? "c" : ", c") + std::to_string(i) + " INTEGER NOT NULL";
    return sql + ") STRICT";
}

std::vector<Row> rows_of(SQLite::Database& sql) {
    std::vector<Row> rows;
    SQLite::Statement query{sql, "SELECT * FROM t ORDER BY rowid"};
    while (query.executeStep()) {
        Row& row = rows.emplace_back();
        for (int i = 0; i < query.getColumnCount(); ++i) row.push_back(query.getColumn(i).getInt64());
    }
    return rows;
}

/// Numbers of every size, with those on either side of each limit of the record format.
rc::Gen<std::int64_t> number() {
    return rc::gen::oneOf(rc::gen::element<std::int64_t>(0, 1, -1), rc::gen::arbitrary<std::int64_t>(),
                          rc::gen::apply(
                              [](unsigned bits, std::int64_t offset, bool is_negative) {
                                  const auto near = static_cast<std::int64_t>((std::uint64_t{1} << bits)) + offset;
                                  return is_negative ? -near : near;
                              },
                              rc::gen::inRange(0U, 62U), rc::gen::inRange<std::int64_t>(-2, 3),
                              rc::gen::arbitrary<bool>()));
}

RC_GTEST_PROP(BulkInsert, SqliteReadsTheNumbersThatWereWritten, ()) {
    const auto columns = *rc::gen::inRange<std::size_t>(1, 40);
    const auto rows = *rc::gen::container<std::vector<Row>>(rc::gen::container<Row>(columns, number()));
    SQLite::Database sql = memory_database();
    sql.exec(table_of(columns));
    BulkInsert insert{sql, "t"};
    RecordPages pages;
    for (const Row& row : rows) RC_ASSERT(pages.append(row));
    insert.insert(pages);
    RC_ASSERT(rows_of(sql) == rows);
    RC_ASSERT(sql.execAndGet("PRAGMA integrity_check").getString() == "ok");
}

TEST(BulkInsert, TheLeastAndTheGreatestNumberSurvive) {
    const Row extremes{std::numeric_limits<std::int64_t>::min(), std::numeric_limits<std::int64_t>::max()};
    SQLite::Database sql = memory_database();
    sql.exec(table_of(2));
    BulkInsert insert{sql, "t"};
    RecordPages pages;
    ASSERT_TRUE(pages.append(extremes));
    insert.insert(pages);
    EXPECT_EQ(rows_of(sql), std::vector<Row>{extremes});
}

/// From no page to full: the root is a leaf, then a page of pointers.
TEST(BulkInsert, EveryNumberOfPagesIsAValidTable) {
    SQLite::Database sql = memory_database();
    sql.exec(table_of(3));
    BulkInsert insert{sql, "t"};
    std::int64_t total = 0;
    for (std::size_t wanted = 1; wanted <= RecordPages::kMaxPages; ++wanted) {
        RecordPages pages;
        while (pages.page_count() < wanted) {
            ASSERT_TRUE(pages.append(Row{total, total * total, -total}));
            ++total;
        }
        insert.insert(pages);
        ASSERT_EQ(sql.execAndGet("SELECT count(*) FROM t").getInt64(), total) << wanted;
    }
    EXPECT_EQ(sql.execAndGet("SELECT count(*) FROM t WHERE c1 = c0 * c0 AND c2 = -c0 AND c0 = rowid - 1").getInt64(),
              total);
    EXPECT_EQ(sql.execAndGet("PRAGMA integrity_check").getString(), "ok");
}

TEST(BulkInsert, FullPagesRefuseARowAndKeepTheirOwn) {
    RecordPages pages;
    std::uint64_t rows = 0;
    while (pages.append(Row{1000, 2000, 3000})) ++rows;
    EXPECT_EQ(pages.rows(), rows);
    EXPECT_EQ(pages.page_count(), RecordPages::kMaxPages);
    SQLite::Database sql = memory_database();
    sql.exec(table_of(3));
    BulkInsert insert{sql, "t"};
    insert.insert(pages);
    EXPECT_EQ(static_cast<std::uint64_t>(sql.execAndGet("SELECT count(*) FROM t").getInt64()), rows);
}

TEST(BulkInsert, ARolledBackBatchLeavesNothing) {
    SQLite::Database sql = memory_database();
    sql.exec(table_of(1));
    BulkInsert insert{sql, "t"};
    RecordPages pages;
    pages.append(Row{5});
    {
        SQLite::Transaction transaction{sql};
        insert.insert(pages);
    }
    EXPECT_TRUE(rows_of(sql).empty());
    insert.insert(pages);
    EXPECT_EQ(rows_of(sql), std::vector<Row>{Row{5}});
}

TEST(BulkInsert, RecordsAreCopiedWholeEvenBesideGeneratedColumns) {
    SQLite::Database sql = memory_database();
    sql.exec("CREATE TABLE t (a INTEGER NOT NULL, twice INTEGER AS (2 * a) VIRTUAL, b INTEGER NOT NULL) STRICT");
    BulkInsert insert{sql, "t"};
    EXPECT_TRUE(insert.copies_records());
    RecordPages pages;
    pages.append(Row{21, 5});
    insert.insert(pages);
    EXPECT_EQ(rows_of(sql), (std::vector<Row>{{21, 42, 5}}));
}

TEST(BulkInsert, WhereRecordsCannotBeCopiedTheSameRowsArrive) {
    SQLite::Database sql = memory_database();
    sql.exec("CREATE TABLE t (a INTEGER NOT NULL, twice INTEGER AS (2 * a) VIRTUAL, b INTEGER NOT NULL) STRICT");
    sql.exec("CREATE TABLE log (a INTEGER)");
    sql.exec("CREATE TRIGGER tr AFTER INSERT ON t BEGIN INSERT INTO log VALUES (new.a); END");
    BulkInsert insert{sql, "t"};
    EXPECT_FALSE(insert.copies_records());
    RecordPages pages;
    pages.append(Row{21, 5});
    insert.insert(pages);
    EXPECT_EQ(rows_of(sql), (std::vector<Row>{{21, 42, 5}}));
    EXPECT_EQ(sql.execAndGet("SELECT a FROM log").getInt(), 21);
}

} // namespace
} // namespace ksl::sim
