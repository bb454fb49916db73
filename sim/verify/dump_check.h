// SPDX-License-Identifier: MIT
//
// The page tables that the engine builds for a captured kernel against the dump that this kernel printed, line by line.
//
// Counting: one judgement a line of the kernel's dump.
// Apart:    page tables and /proc/vmallocinfo are printed one after the other by programs that come and go. Each such
//           program has a terminal, whose buffer of three pages n_tty_open() takes from vmalloc, and each is a task,
//           whose stack of four pages may be live in one listing and not in the other. Areas of these sizes that only
//           one of the two knows are taken over and counted as undetermined. What firmware and drivers map (CPU entry
//           area, fixmap) follows from no rule of the memory map: it is judged where the tables themselves were
//           captured.
#pragma once

#include "sim/base/error.h"
#include "sim/import/boot_tables.h"
#include "sim/replay/replay_result.h"

#include <filesystem>
#include <set>
#include <string>

namespace ksl::sim {

/// Maps in `built` what `dump` shows of passing programs, and unmaps what it does not; each is counted in `part`.
[[nodiscard]] Result<void> take_over_passing_areas(BuiltTables& built, const std::vector<VmallocLine>& areas,
                                                   const std::filesystem::path& dump, PartResult& part);

/// Sections that the engine builds.
[[nodiscard]] const std::set<std::string, std::less<>>& built_sections();

/// Lines that the kernel prints in sections the engine does not build.
[[nodiscard]] Result<std::uint64_t> count_other_lines(const std::filesystem::path& dump);

/// Judges the sections in `wanted`, or all others if `complement`.
[[nodiscard]] Result<void> judge_dump(const core::PhysMemory& memory, const core::KernelLayout& layout, core::Pfn root,
                                      const std::filesystem::path& dump, bool complement, PartResult& part);

} // namespace ksl::sim
