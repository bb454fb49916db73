// SPDX-License-Identifier: MIT
//
// What a crash dump is, and the page tables in it.
//
// Registers: those of the first processor, if the dump has them (QEMU's note); else the kernel's own tables, by
//            VMCOREINFO.
// Errors:    a dump that does not tell where its tables are; a format that this program was built without.
#pragma once

#include "sim/base/error.h"
#include "sim/import/dump_file.h"
#include "sim/import/table_pages.h"

#include <filesystem>
#include <optional>
#include <string>

namespace ksl::sim {

/// What a dump is, for people.
struct CrashDump {
    std::string format;             ///< "ELF core", "kdump (compressed)"
    std::string release;            ///< "6.1.192"; empty if the dump does not say
    std::uint64_t memory_bytes = 0; ///< held in the file; 0 = not known
    std::uint64_t segments = 0;
    std::uint64_t cpus = 0;                 ///< whose registers the dump has
    std::optional<std::uint64_t> phys_base; ///< where the kernel was loaded; VMCOREINFO alone tells
    bool is_five_level = false;
    bool has_vmcoreinfo = false;
};
[[nodiscard]] Result<CrashDump> describe_crash_dump(const std::filesystem::path& path);

/// All table pages that can be reached. `name` is the file's, for errors.
[[nodiscard]] Result<TablePagesCapture> read_tables(const DumpFile& file, const std::string& name);
[[nodiscard]] Result<TablePagesCapture> read_crash_dump(const std::filesystem::path& path);

} // namespace ksl::sim
