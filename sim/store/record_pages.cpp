// SPDX-License-Identifier: MIT
#include "sim/store/record_pages.h"

#include "core/types/assert.h"
#include "sim/store/file_format.h"

#include <array>
#include <bit>
#include <cstring>
#include <utility>

namespace ksl::sim {

namespace {

using namespace file_format;

constexpr std::size_t kMaxColumns = 100;
/// Payload size, rowid and record header, then eight bytes a column and the room that a store of eight bytes needs.
constexpr std::size_t kMaxCellBytes = 3 + kMaxVarintBytes + 1 + kMaxColumns * 9 + 8;

struct Width {
    std::uint8_t serial_type;
    std::uint8_t bytes;
};

/// Serial type and size of a number by the bits it needs without its sign (section 2.1: 1, 2, 3, 4, 6 or 8 bytes).
constexpr std::array<Width, 65> kWidths = [] {
    std::array<Width, 65> widths{};
    for (unsigned bits = 0; bits <= 64; ++bits) {
        Width width{6, 8};
        if (bits < 48) width = {5, 6};
        if (bits < 32) width = {4, 4};
        if (bits < 24) width = {3, 3};
        if (bits < 16) width = {2, 2};
        if (bits < 8) width = {1, 1};
        widths[bits] = width;
    }
    return widths;
}();

constexpr std::uint8_t kZero = 8; ///< serial types of the numbers 0 and 1, which take no bytes
constexpr std::uint8_t kOne = 9;

Width width_of(std::int64_t value) {
    if (value == 0) return {kZero, 0};
    if (value == 1) return {kOne, 0};
    const auto magnitude = static_cast<std::uint64_t>(value ^ (value >> 63));
    return kWidths[static_cast<std::size_t>(std::bit_width(magnitude))];
}

/// Writes the record; `out` has room for kMaxCellBytes. Returns its end.
std::byte* put_record(std::byte* out, std::span<const std::int64_t> columns) {
    std::byte* types = out;
    std::byte* body = out + 1 + columns.size();
    *types++ = static_cast<std::byte>(columns.size() + 1); // size of the header, itself included
    for (const std::int64_t value : columns) {
        const Width width = width_of(value);
        *types++ = static_cast<std::byte>(width.serial_type);
        if (width.bytes == 0) continue;
        // The number's last bytes come first; what is stored behind them is overwritten by the next number.
        put_u64(body, static_cast<std::uint64_t>(value) << (64 - 8 * width.bytes));
        body += width.bytes;
    }
    return body;
}

} // namespace

bool RecordPages::begin_page() {
    if (page_count() == kMaxPages) return false;
    pages_.resize(pages_.size() + kPageBytes);
    last_rows_.push_back(rows_);
    cells_ = 0;
    content_ = kPageBytes;
    return true;
}

bool RecordPages::append(std::span<const std::int64_t> columns) {
    KSL_ASSERT(columns.size() <= kMaxColumns, "a record header of one byte's length");
    std::array<std::byte, kMaxCellBytes> record; // NOLINT(*-member-init): written before it is read
    const std::byte* record_end = put_record(record.data(), columns);
    const auto record_bytes = static_cast<std::size_t>(record_end - record.data());
    std::array<std::byte, 2 * kMaxVarintBytes> prefix; // NOLINT(*-member-init)
    std::byte* prefix_end = put_varint(prefix.data(), record_bytes);
    prefix_end = put_varint(prefix_end, rows_ + 1);
    const auto prefix_bytes = static_cast<std::size_t>(prefix_end - prefix.data());
    const std::size_t cell_bytes = prefix_bytes + record_bytes;

    if (pages_.empty() || kLeafHeaderBytes + (cells_ + 1) * kCellPointerBytes + cell_bytes > content_) {
        if (!begin_page()) return false;
    }
    std::byte* page = pages_.data() + pages_.size() - kPageBytes;
    content_ -= cell_bytes;
    std::memcpy(page + content_, prefix.data(), prefix_bytes);
    std::memcpy(page + content_ + prefix_bytes, record.data(), record_bytes);
    put_u16(page + kLeafHeaderBytes + cells_ * kCellPointerBytes, content_);
    ++cells_;
    put_leaf_header(page, cells_, content_);
    last_rows_.back() = ++rows_;
    return true;
}

} // namespace ksl::sim
