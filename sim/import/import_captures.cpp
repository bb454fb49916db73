// SPDX-License-Identifier: MIT
#include "sim/import/boot_tables.h"
#include "sim/import/capture_folder.h"
#include "sim/import/crash_dump.h"
#include "sim/import/import_facts.h"
#include "sim/import/table_pages.h"

#include <algorithm>
#include <system_error>

namespace ksl::sim {

namespace fs = std::filesystem;

namespace {

bool has(const fs::path& folder, const char* name) {
    std::error_code ignored;
    return fs::exists(folder / name, ignored);
}

void add_tables(const TablePagesCapture& tables, ImportSummary& summary) {
    summary.add("levels", "page-table levels", std::uint64_t{tables.mode().geometry.levels()});
    summary.add("cr3", "CR3", tables.registers.cr3, Unit::hex);
    summary.add("table_pages", "table pages", std::uint64_t{tables.pages.size()});
}

Result<void> add_replay(const fs::path& folder, ImportSummary& summary) {
    KSL_TRY_ASSIGN(capture, capture::read_capture(folder));
    summary.add("states", "recorded states", std::uint64_t{capture.states.size()});
    summary.add("events", "trace events", std::uint64_t{capture.log.events.size()});
    const auto& buddy = capture.states[0].buddy;
    summary.add("zones", "zones", std::uint64_t{buddy ? buddy->zones.size() : 0});
    summary.add("tasks", "tasks at the start", std::uint64_t{capture.states[0].tasks.tasks.size()});
    return {};
}

void add_boot_config(const core::KernelTablesConfig& config, ImportSummary& summary) {
    std::uint64_t pages = 0;
    for (const core::FrameRange& range : config.ram) pages += (range.top - range.lowest).count();
    summary.add("ram_bytes", "system RAM", pages * core::kPageBytes, Unit::bytes);
    summary.add("direct_map", "direct map at", config.layout.direct_map().lowest.raw(), Unit::hex);
    summary.add("vmalloc", "vmalloc area at", config.layout.vmalloc().lowest.raw(), Unit::hex);
}

} // namespace

Result<void> add_crash_dump_facts(const fs::path& path, ImportSummary& summary) {
    KSL_TRY_ASSIGN(dump, describe_crash_dump(path));
    KSL_TRY_ASSIGN(tables, read_crash_dump(path));
    summary.format = "crash dump, " + dump.format;
    summary.add("kernel", "kernel", dump.release.empty() ? Cell{} : Cell{dump.release}, Unit::text);
    summary.add("memory_bytes", "memory in it", dump.memory_bytes == 0 ? Cell{} : Cell{dump.memory_bytes}, Unit::bytes);
    summary.add("segments", "segments", dump.segments);
    summary.add("cpus", "CPUs with registers", dump.cpus);
    summary.add("phys_base", "phys_base", dump.phys_base, Unit::hex);
    add_tables(tables, summary);
    return {};
}

Result<void> add_capture_facts(const fs::path& folder, ImportSummary& summary) {
    if (has(folder, "state_00.json.gz") || has(folder, "state_00.json")) {
        summary.format = "capture: states and the requests between them";
        return add_replay(folder, summary);
    }
    if (has(folder, "table_pages.bin.gz")) {
        summary.format = "capture: page tables of a machine";
        KSL_TRY_ASSIGN(tables, read_table_pages(folder));
        KSL_TRY_ASSIGN(config, read_boot_config(folder));
        add_tables(tables, summary);
        add_boot_config(config, summary);
        return {};
    }
    if (has(folder, "before.page_tables_kernel.txt")) {
        summary.format = "capture: kernel tables before, during and after threads";
        KSL_TRY_ASSIGN(config, read_boot_config(folder));
        add_boot_config(config, summary);
        return {};
    }
    return fail(folder.string(), 0,
                "is a folder, but no capture with states, page tables or kernel tables; name one of its files");
}

} // namespace ksl::sim
