// SPDX-License-Identifier: MIT
//
// What a machine's own MMU said about some addresses, and whether our walker says the same.
//
// Format:  oracle.csv of a capture mmu-*: va, class, qemu_gva2gpa, result, physical_address, page_size, leaf_level,
//          leaf_entry, user, writable, no_execute, global, accessed, dirty. result is OK, NOT_PRESENT (leaf_level and
//          leaf_entry are then those that stopped the walk) or NONCANONICAL (leaf_level 0).
#pragma once

#include "sim/import/table_pages.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ksl::sim {

/// The answer for one address; what does not apply is empty.
struct OracleAnswer {
    enum class Result : std::uint8_t { ok, not_present, non_canonical };

    Result result = Result::ok;
    std::optional<std::uint64_t> physical_address;
    std::optional<std::uint64_t> page_size;
    std::optional<unsigned> leaf_level;
    std::optional<std::uint64_t> leaf_entry;
    std::optional<bool> user;
    std::optional<bool> writable;
    std::optional<bool> no_execute;
    std::optional<bool> global;
    std::optional<bool> accessed;
    std::optional<bool> dirty;

    friend bool operator==(const OracleAnswer&, const OracleAnswer&) = default;
};

struct OracleRow {
    core::VirtAddr at;
    std::string kind; ///< column class: "direct_map", "vmalloc_stack", ...
    OracleAnswer answer;
    std::optional<std::uint64_t> emulator_address; ///< column qemu_gva2gpa; empty for "Unmapped"
    int line = 0;
};

[[nodiscard]] Result<std::vector<OracleRow>> read_oracle(const std::filesystem::path& path);

/// Our walker's answer for one address of a captured machine.
[[nodiscard]] OracleAnswer answer_of(const TablePagesCapture& capture, core::VirtAddr at);

struct OracleCheck {
    std::uint64_t rows = 0;
    std::uint64_t exact = 0;
    std::vector<OracleRow> different; ///< rows that we answer differently, as the oracle has them
};

[[nodiscard]] OracleCheck check_oracle(const TablePagesCapture& capture, const std::vector<OracleRow>& rows);

/// The answer as a row of oracle.csv from column result on.
[[nodiscard]] std::string to_string(const OracleAnswer& answer);

} // namespace ksl::sim
