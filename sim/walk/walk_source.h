// SPDX-License-Identifier: MIT
//
// The page tables of a real machine, wherever they come from: a folder mmu-*, or a crash dump.
//
// Errors: what cannot be walked is the user's error, with what could be.
#pragma once

#include "core/paging/dump.h"
#include "core/paging/kernel_layout.h"
#include "sim/base/error.h"
#include "sim/import/table_pages.h"

#include <filesystem>
#include <optional>

namespace ksl::sim {

struct WalkSource {
    TablePagesCapture tables;
    /// Where that kernel keeps what; none if the capture does not say which kernel it was.
    std::optional<core::KernelLayout> layout;
    core::DumpOptions sections; ///< of its page-table dump
};

[[nodiscard]] Result<WalkSource> open_walk_source(const std::filesystem::path& capture);

} // namespace ksl::sim
