// SPDX-License-Identifier: MIT
#include "sim/walk/walk_source.h"

#include "sim/import/boot_tables.h"
#include "sim/import/crash_dump.h"
#include "sim/walk/region_search.h"

#include <utility>

namespace ksl::sim {

namespace fs = std::filesystem;

namespace {

/// The crash dump of a folder that holds one.
std::optional<fs::path> dump_in(const fs::path& folder) {
    std::error_code error;
    std::optional<fs::path> found;
    for (fs::directory_iterator at{folder, error}; !error && at != fs::directory_iterator{}; at.increment(error)) {
        const fs::path& file = at->path();
        const bool is_file = at->is_regular_file(error);
        if (is_file && (!found || file < *found) && (is_elf_core(file) || is_kdump(file))) found = file;
    }
    return found;
}

} // namespace

Result<WalkSource> open_walk_source(const fs::path& capture) {
    std::error_code ignored;
    if (!fs::exists(capture, ignored)) return fail(capture.string(), 0, "does not exist");
    if (!fs::is_directory(capture, ignored)) {
        if (!is_elf_core(capture) && !is_kdump(capture)) {
            return fail(capture.string(), 0, "is neither a folder with table_pages.bin.gz nor a crash dump");
        }
        KSL_TRY_ASSIGN(tables, read_crash_dump(capture));
        WalkSource source{.tables = std::move(tables), .layout = std::nullopt, .sections = {}};
        // 5.x and later keep their regions as 6.1 does; where an older kernel has another base, the tables say so.
        source.layout = find_layout(source.tables, core::LayoutEra::linux_6_1);
        if (source.layout) source.sections = find_sections(source.tables, *source.layout);
        return source;
    }
    if (!fs::exists(capture / "table_pages.bin.gz", ignored)) {
        if (const auto dump = dump_in(capture)) return open_walk_source(*dump);
        return fail(capture.string(), 0,
                    "has no page tables to walk; a crash dump in it or table_pages.bin.gz is needed, as mmu-* have it");
    }
    KSL_TRY_ASSIGN(tables, read_table_pages(capture));
    WalkSource source{.tables = std::move(tables), .layout = std::nullopt, .sections = {}};
    if (const auto config = read_boot_config(capture)) source.layout = config->layout;
    source.sections = read_dump_options(capture);
    return source;
}

} // namespace ksl::sim
