// SPDX-License-Identifier: MIT
//
// The kernel's own dump of its page tables (debugfs kernel_page_tables, later page_tables/kernel): ranges of equal
// attributes at one level.
//
// Source: arch/x86/mm/dump_pagetables.c of 4.7, 4.9 and 6.1.
#pragma once

#include "core/types/address.h"
#include "sim/base/error.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ksl::sim {

/// The level whose entries the range consists of, as the kernel names it.
enum class DumpLevel : std::uint8_t { pte = 1, pmd = 2, pud = 3, p4d = 4, pgd = 5 };

struct MappingFlags {
    bool is_user = false;     ///< USR
    bool is_writable = false; ///< RW, else ro
    bool write_through = false;
    bool cache_disabled = false;
    bool is_large = false; ///< PSE: a page at this level
    bool pat = false;
    bool is_global = false;
    bool is_executable = false; ///< x, else NX
    friend bool operator==(const MappingFlags&, const MappingFlags&) = default;
};

struct DumpedRange {
    core::VirtAddr lowest;
    core::VirtAddr last; ///< the last byte: the uppermost range ends with the address space
    DumpLevel level = DumpLevel::pte;
    std::optional<MappingFlags> mapped; ///< none: nothing is mapped there

    friend bool operator==(const DumpedRange&, const DumpedRange&) = default;
};

struct DumpedArea {
    std::string name; ///< "vmalloc() Area"
    std::vector<DumpedRange> ranges;
    friend bool operator==(const DumpedArea&, const DumpedArea&) = default;
};

struct PageTableDump {
    std::vector<DumpedArea> areas; ///< by address

    /// The range that contains the address; null for an address outside the dump.
    [[nodiscard]] const DumpedRange* find(core::VirtAddr address) const;
    /// The area of that name; null if there is none.
    [[nodiscard]] const DumpedArea* area(std::string_view name) const;
    friend bool operator==(const PageTableDump&, const PageTableDump&) = default;
};

/// Ranges follow each other without gaps, from address 0 to the end.
[[nodiscard]] Result<PageTableDump> parse_page_table_dump(std::string file, std::string_view text);

} // namespace ksl::sim
