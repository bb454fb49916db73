// SPDX-License-Identifier: MIT
//
// What the page tables of a captured kernel should look like, built by our engine from what the machine said about
// itself: its memory map, the sections of its image, its vmalloc areas. And the comparison with the dump that it
// printed.
//
// Format:  a folder with iomem.txt (or before.iomem.txt), version.txt, and where they exist dmesg.txt, kallsyms.txt.gz
//          and page_tables_kernel.txt, whose headings tell the bases that randomisation drew;
//          dumps and vmallocinfo as the kernel prints them (debugfs page_tables/kernel, /proc/vmallocinfo).
#pragma once

#include "core/memory/phys_memory.h"
#include "core/paging/dump.h"
#include "core/paging/kernel_tables.h"
#include "sim/base/error.h"

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace ksl::sim {

/// One line of /proc/vmallocinfo.
struct VmallocLine {
    core::VirtRange range{};
    std::string caller;                     ///< function, without offset; empty for areas that wait for a purge
    std::uint64_t pages = 0;                ///< pages=N; 0 if the line does not say
    std::optional<core::PhysAddr> physical; ///< phys=...
    bool is_unpurged = false;
};

[[nodiscard]] Result<core::KernelTablesConfig> read_boot_config(const std::filesystem::path& folder);
/// The sections that the captured kernel's dump has; the usual ones if there is no dump.
[[nodiscard]] core::DumpOptions read_dump_options(const std::filesystem::path& folder);
[[nodiscard]] Result<std::vector<VmallocLine>> read_vmallocinfo(const std::filesystem::path& path);

/// A captured kernel's tables as our engine builds them.
struct BuiltTables {
    core::PhysMemory memory;
    core::KernelTablesConfig config;
    core::KernelTables tables;
    /// The next frame for a table page. They lie behind the machine's memory: where a kernel takes them from is not
    /// what is checked here.
    core::Pfn next_table;

    [[nodiscard]] std::optional<core::Pfn> take_table();
};
[[nodiscard]] Result<BuiltTables> build_boot_tables(const core::KernelTablesConfig& config);
/// Maps the areas as the kernel had them mapped: device memory uncached, the rest cached.
[[nodiscard]] Result<void> map_vmalloc_areas(BuiltTables& built, const std::vector<VmallocLine>& areas);

/// A section of a dump, line by line.
struct SectionCheck {
    std::string name;
    std::uint64_t lines = 0;
    std::uint64_t exact = 0;
    std::vector<std::string> missing{};    ///< theirs, not among ours
    std::vector<std::string> unexpected{}; ///< ours, not among theirs
};
/// Compares our tables with a dump file, section by section.
[[nodiscard]] Result<std::vector<SectionCheck>> check_dump(const BuiltTables& built, const std::filesystem::path& path);

} // namespace ksl::sim
