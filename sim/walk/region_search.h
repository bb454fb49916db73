// SPDX-License-Identifier: MIT
//
// Where a crash dump's kernel keeps its regions, told by its page tables alone: VMCOREINFO does not name the bases that
// randomisation drew.
//
// Rules:   the direct map begins where the first frame is mapped, which every kernel has; the vmalloc area, where its
//          first area lies, which boot made; the page structs, behind all of the vmalloc area. Bases are multiples of
//          1 GiB.
// Limits:  tables that a process sees under page-table isolation lack these regions: nothing is found.
// Source:  kernel_randomize_memory() of arch/x86/mm/kaslr.c.
#pragma once

#include "core/paging/dump.h"
#include "core/paging/kernel_layout.h"
#include "sim/import/table_pages.h"

#include <optional>

namespace ksl::sim {

/// Nothing if the tables do not hold the three regions.
[[nodiscard]] std::optional<core::KernelLayout> find_layout(const TablePagesCapture& tables, core::LayoutEra era);
/// The sections that the kernel's own dump would have, by what is mapped there.
[[nodiscard]] core::DumpOptions find_sections(const TablePagesCapture& tables, const core::KernelLayout& layout);

} // namespace ksl::sim
