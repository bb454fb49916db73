// SPDX-License-Identifier: MIT
//
// Rows of integers, laid out as leaf pages of an SQLite table. Together with the pages that BatchFile puts in front
// they are a complete small database, from which SQLite copies rows record by record (`INSERT INTO t SELECT * FROM u`
// between tables of one shape), several times faster than it can be handed values one by one.
//
// Source:  "Database File Format", https://www.sqlite.org/fileformat2.html: sections 1.6 (B-tree pages) and 2.1
//          (record format). The format is stable: SQLite promises to read it for decades.
// Cost:    about 2 ns a column; a row takes a byte a column and the bytes of its numbers that are not 0 or 1.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

namespace ksl::sim {

class RecordPages {
public:
    static constexpr std::size_t kPageBytes = 32768;
    /// More would be several transactions' worth; also keeps the page with pointers to all others to one level.
    static constexpr std::size_t kMaxPages = 32;

    /// `buffer` is memory to use again, from take_buffer(); its contents do not matter.
    explicit RecordPages(std::vector<std::byte> buffer) : pages_(std::move(buffer)) { pages_.clear(); }
    RecordPages() = default;

    /// At most 100 columns. False, and nothing happened, if the pages are full.
    bool append(std::span<const std::int64_t> columns);

    [[nodiscard]] std::uint64_t rows() const { return rows_; }
    [[nodiscard]] std::size_t bytes() const { return pages_.size(); }
    [[nodiscard]] std::size_t page_count() const { return pages_.size() / kPageBytes; }
    [[nodiscard]] std::span<const std::byte> page(std::size_t index) const {
        return std::span{pages_}.subspan(index * kPageBytes, kPageBytes);
    }
    /// Number of the last row on a page, counted from 1: its rowid in the small database.
    [[nodiscard]] std::uint64_t last_row(std::size_t page) const { return last_rows_[page]; }

    [[nodiscard]] std::vector<std::byte> take_buffer() { return std::move(pages_); }

private:
    bool begin_page();

    std::vector<std::byte> pages_;
    std::vector<std::uint64_t> last_rows_;
    std::uint64_t rows_ = 0;
    std::size_t cells_ = 0;   ///< on the last page
    std::size_t content_ = 0; ///< where the cells of the last page begin
};

} // namespace ksl::sim
