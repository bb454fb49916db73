// SPDX-License-Identifier: MIT
//
// Puts an MmuProgram into a guest and compares what the guest did with what our engine said.
#pragma once

#include "tests/oracle/mmu_program.h"
#include "tests/oracle/qemu_guest.h"

#include <string>
#include <vector>

namespace ksl::oracle {

void put_into(QemuGuest& guest, const MmuProgram& program);

struct Differences {
    std::uint64_t results = 0;
    std::uint64_t table_entries = 0;
    std::uint64_t data_words = 0;
    std::vector<std::string> first; ///< of each kind the first ten, in words

    [[nodiscard]] std::uint64_t count() const { return results + table_entries + data_words; }
};

/// After the guest has run.
[[nodiscard]] Differences compare(QemuGuest& guest, const MmuProgram& program);

} // namespace ksl::oracle
