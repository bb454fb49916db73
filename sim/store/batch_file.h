// SPDX-License-Identifier: MIT
//
// A read-only SQLite database file that exists in memory only: one table, whose rows are RecordPages. SQLite reads it
// through a VFS of its own (https://www.sqlite.org/vfs.html), as it would read a file that another process rewrites
// between two transactions.
//
// Ownership: the object must outlive every connection that has the file open, and show() must not be called while one
//            is reading. What is shown must stay where it is until the next show().
#pragma once

#include "sim/store/record_pages.h"

#include <sqlite3.h>

#include <string>
#include <string_view>

namespace ksl::sim {

class BatchFile {
public:
    /// `table` and the CREATE TABLE statement that its rows follow.
    BatchFile(std::string_view table, std::string_view create_statement);
    BatchFile(const BatchFile&) = delete;
    BatchFile& operator=(const BatchFile&) = delete;
    ~BatchFile();

    /// For ATTACH.
    [[nodiscard]] const std::string& uri() const { return uri_; }

    /// From the next transaction on the table has these rows; it begins empty. Empty pages are not kept.
    void show(const RecordPages& rows);

private:
    class Vfs;

    [[nodiscard]] std::size_t page_count() const;
    [[nodiscard]] std::span<const std::byte> page(std::size_t number) const;
    void write_root(const RecordPages& rows);

    std::string name_;
    std::string uri_;
    std::vector<std::byte> schema_page_;
    std::vector<std::byte> root_page_;
    const RecordPages* rows_ = nullptr;
    std::uint32_t changes_ = 0;
    sqlite3_vfs vfs_{};
};

} // namespace ksl::sim
