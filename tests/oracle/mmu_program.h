// SPDX-License-Identifier: MIT
//
// A random program for an MMU: register settings, changes of tables with the invalidations that the manual asks for,
// and accesses of all kinds; with the answers of our engine, by the walker alone and by the MMU with its TLBs.
//
// Fidelity: accesses that would succeed outside the data windows are left out (they would destroy tables or find
//           nothing to tell frames by); all others are made.
#pragma once

#include "core/memory/phys_memory.h"
#include "core/paging/geometry.h"
#include "core/types/random.h"
#include "tests/oracle/bootimage/protocol.h"
#include "tests/oracle/data_windows.h"
#include "tests/oracle/qemu_quirks.h"

#include <array>
#include <cstdint>
#include <string>
#include <vector>

namespace ksl::oracle {

struct MmuProgram {
    core::Geometry geometry;
    std::vector<bootimage::Operation> operations;
    std::vector<bootimage::Result> expected; ///< with quirks
    core::PhysMemory tables_before{core::Pages{QemuGuest::kTop >> core::kPageShift}};
    core::PhysMemory tables_after{tables_before}; ///< with quirks
    std::uint64_t tables = 0;                     ///< from kTablesAt on
    DataWindows data_after;

    struct Statistics {
        std::uint64_t accesses = 0;
        std::uint64_t successes = 0;
        std::uint64_t page_faults = 0;
        std::uint64_t non_canonical = 0;
        std::uint64_t changes_of_tables = 0;
        std::uint64_t left_out = 0;
        std::array<std::uint64_t, 3> by_size{};        ///< successes
        std::array<std::uint64_t, 64> by_error_code{}; ///< page faults, as our engine reports them
        std::array<std::uint64_t, 3> answered_from{};  ///< successes: first level, second level, walk
        QuirkCounts quirks{};
    } statistics;
    /// Where the engine's two parts do not agree with each other; empty if they always did.
    std::string disagreement;
};

/// `physical_bits`: of the processor that is to run it.
[[nodiscard]] MmuProgram make_program(core::Geometry geometry, std::uint8_t physical_bits, std::uint64_t seed,
                                      std::uint64_t accesses);

} // namespace ksl::oracle
