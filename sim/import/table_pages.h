// SPDX-License-Identifier: MIT
//
// The page tables of a real machine, page by page, with the registers that lead to them: captures of the kind mmu-*.
//
// Format:  a folder with control_registers.json (cr0, cr2, cr3, cr4, efer as hexadecimal strings), table_pages.bin.gz
//          (records of a little-endian 64-bit physical address and the 4096 bytes there, ascending), and
//          table_pages_index.csv (physical_address,level; 4 or 5 = top).
// Errors:  whatever is missing, malformed, out of order or contradictory is the user's error and names the file.
#pragma once

#include "core/memory/phys_memory.h"
#include "core/paging/geometry.h"
#include "core/paging/paging_mode.h"
#include "core/types/address.h"
#include "sim/base/error.h"

#include <filesystem>
#include <vector>

namespace ksl::sim {

struct TablePage {
    core::Pfn frame;
    core::Level level = core::Level::pt;
    friend bool operator==(const TablePage&, const TablePage&) = default;
};

struct TablePagesCapture {
    core::PhysMemory memory; ///< holds the table pages; everything else reads as zero
    core::ControlRegisters registers;
    std::vector<TablePage> pages; ///< ascending by frame

    [[nodiscard]] core::Pfn root() const;
    /// Translation as on that machine. A capture does not tell MAXPHYADDR: 52, so that no address bit counts as
    /// reserved.
    [[nodiscard]] core::PagingMode mode() const;
};

[[nodiscard]] Result<TablePagesCapture> read_table_pages(const std::filesystem::path& folder);

} // namespace ksl::sim
