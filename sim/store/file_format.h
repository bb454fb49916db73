// SPDX-License-Identifier: MIT
//
// The few pieces of SQLite's file format that we write ourselves: big-endian numbers, varints, page headers.
// Source:  "Database File Format", https://www.sqlite.org/fileformat2.html.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace ksl::sim::file_format {

inline constexpr std::size_t kMaxVarintBytes = 9;
inline constexpr std::size_t kLeafHeaderBytes = 8;      ///< section 1.6
inline constexpr std::size_t kInteriorHeaderBytes = 12; ///< ends with the right-most child
inline constexpr std::size_t kCellPointerBytes = 2;
inline constexpr std::byte kTableLeaf{13};
inline constexpr std::byte kTableInterior{5};

inline void put_u16(std::byte* out, std::size_t value) {
    out[0] = static_cast<std::byte>(value >> 8);
    out[1] = static_cast<std::byte>(value);
}
inline void put_u32(std::byte* out, std::uint32_t value) {
    value = __builtin_bswap32(value);
    std::memcpy(out, &value, sizeof value);
}
inline void put_u64(std::byte* out, std::uint64_t value) {
    value = __builtin_bswap64(value);
    std::memcpy(out, &value, sizeof value);
}

/// Seven bits a byte, the highest first, all but the last with bit 7 set. For values below 2^56. Returns its end.
inline std::byte* put_varint(std::byte* out, std::uint64_t value) {
    const auto bits = static_cast<unsigned>(std::bit_width(value | 1));
    for (unsigned shift = (bits - 1) / 7 * 7; shift > 0; shift -= 7) {
        *out++ = static_cast<std::byte>((value >> shift) | 0x80);
    }
    *out++ = static_cast<std::byte>(value & 0x7f);
    return out;
}

/// `content`: where the page's cells begin.
inline void put_leaf_header(std::byte* page, std::size_t cells, std::size_t content) {
    page[0] = kTableLeaf;
    put_u16(page + 1, 0); // no free blocks
    put_u16(page + 3, cells);
    put_u16(page + 5, content);
    page[7] = std::byte{0}; // no fragments
}

} // namespace ksl::sim::file_format
