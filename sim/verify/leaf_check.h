// SPDX-License-Identifier: MIT
//
// All pages that captured tables map against the list of them that the emulator gave ("info tlb").
//
// Format:  "0000000000010000: 0000000001702000 X--DA--UW": address, page, and of the leaf entry X (no execute), G, P
//          (large page), D, A, C (PCD), T (PWT), U, W.
#pragma once

#include "sim/import/table_pages.h"
#include "sim/replay/replay_result.h"

#include <filesystem>

namespace ksl::sim {

[[nodiscard]] Result<void> judge_leaves(const TablePagesCapture& tables, const std::filesystem::path& list,
                                        PartResult& part);

} // namespace ksl::sim
