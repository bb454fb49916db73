// SPDX-License-Identifier: MIT
//
// Many addresses at once: the column `va` of a CSV file in, one row of answers each out.
//
// Format:  va,result,physical_address,page_size,leaf_level,leaf_entry,user,writable,no_execute,global,accessed,dirty,
//          spelled as in the oracle of mmu-* captures (table_pages_oracle.h): result is OK, NOT_PRESENT or
//          NONCANONICAL; addresses and entries hexadecimal, sizes and levels decimal, flags 0 or 1, nothing where it
//          does not apply.
#pragma once

#include "core/types/address.h"
#include "sim/base/error.h"
#include "sim/import/table_pages.h"

#include <filesystem>
#include <string>
#include <vector>

namespace ksl::sim {

struct AddressBatch {
    std::vector<core::VirtAddr> addresses;
    bool has_carriage_returns = false; ///< lines end with "\r\n"
};

/// The column `va`: hexadecimal with 0x, or decimal. No other column is looked at.
[[nodiscard]] Result<AddressBatch> read_addresses(const std::filesystem::path& csv);

/// With the line of column names; lines end as those of the batch.
[[nodiscard]] std::string answers_csv(const TablePagesCapture& tables, const AddressBatch& batch);

} // namespace ksl::sim
