// SPDX-License-Identifier: MIT
//
// What page tables and TLBs report.
#pragma once

#include <cstdint>

namespace ksl::core {

enum class PageSize : std::uint8_t { small_4k, large_2m, huge_1g };

struct PteWritten {
    std::uint64_t entry_at; ///< physical address of the entry
    std::uint64_t before;
    std::uint64_t after;
    std::uint8_t level; ///< 1 = PT .. 5 = PML5
};
struct TablePageAdded {
    std::uint32_t pfn;
    std::uint8_t level;
    std::uint64_t covers; ///< first virtual address that goes through it
};
struct DirectMapSplit {
    std::uint64_t address;
    PageSize from;
};
struct PgdEntryCopied {
    std::uint32_t space;
    std::uint16_t index;
    bool by_fault;
};
enum class TlbLevel : std::uint8_t { l1, l2 };
struct TlbFilled {
    std::uint64_t address;
    PageSize size;
    TlbLevel level;
};
struct TlbEvicted {
    std::uint64_t address;
    PageSize size;
    TlbLevel level;
    std::uint64_t by; ///< the address whose translation took the place
};
struct TlbMissed {
    std::uint64_t address;
    TlbLevel level;
};
struct PageWalked {
    std::uint64_t address;
    std::uint8_t references; ///< entries read from memory
    std::uint8_t leaf_level;
    bool faulted;
};
enum class FlushScope : std::uint8_t { page, address_space, everything };
struct TlbFlushed {
    FlushScope scope;
    std::uint64_t from;
    std::uint64_t to;
    std::uint16_t targets; ///< processors interrupted
};
struct PageFaulted {
    std::uint64_t address;
    std::uint32_t error_code;
};

} // namespace ksl::core
