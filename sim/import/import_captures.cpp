// SPDX-License-Identifier: MIT
#include "sim/import/boot_tables.h"
#include "sim/import/capture_folder.h"
#include "sim/import/crash_dump.h"
#include "sim/import/dump/dump_state.h"
#include "sim/import/import_facts.h"
#include "sim/import/table_pages.h"

#include <algorithm>
#include <optional>
#include <system_error>
#include <utility>
#include <vector>

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

/// Free memory of a state, and how much of it is in pieces that a stack of 16 KiB of neighbouring frames can have.
struct FreeMemory {
    core::Bytes in_lists;
    core::Bytes in_page_lists;
    core::Bytes in_stack_blocks;
    std::optional<unsigned> largest_order;
};

FreeMemory free_memory(const capture::BuddyState& buddy) {
    constexpr unsigned kStackOrder = 2;
    FreeMemory sum;
    for (const capture::ZoneState& zone : buddy.zones) {
        for (unsigned order = 0; order < core::kOrders; ++order) {
            const core::Bytes bytes{(zone.free_blocks[order] << order) * core::kPageBytes};
            sum.in_lists += bytes;
            if (order >= kStackOrder) sum.in_stack_blocks += bytes;
            if (bytes != core::Bytes{}) sum.largest_order = std::max(order, sum.largest_order.value_or(0));
        }
        for (const capture::PcpState& lists : zone.pcp)
            sum.in_page_lists += core::Bytes{lists.count * core::kPageBytes};
    }
    return sum;
}

/// Filled slots of all CPUs; nothing for a kernel without such a cache.
Cell cached_stacks(const capture::VmapState& vmap) {
    if (!vmap.cached_stacks) return {};
    std::uint64_t count = 0;
    for (const capture::CachedStacks& slots : *vmap.cached_stacks)
        count +=
            static_cast<std::uint64_t>(std::ranges::count_if(slots, [](const auto& slot) { return slot.has_value(); }));
    return count;
}

/// A row a state: how the memory, the tasks and the vmalloc area went on.
Table rows_of_states(const std::vector<capture::State>& states) {
    Table table{.columns = {{"state", "state", Unit::count},
                            {"events_before", "after event", Unit::count},
                            {"free_bytes", "free", Unit::bytes},
                            {"stack_block_bytes", "in blocks of 16 KiB up", Unit::bytes},
                            {"largest_order", "largest order", Unit::count},
                            {"page_list_bytes", "on page lists", Unit::bytes},
                            {"tasks", "tasks", Unit::count},
                            {"areas", "vmalloc areas", Unit::count},
                            {"lazy_bytes", "freed lazily", Unit::bytes},
                            {"cached_stacks", "cached stacks", Unit::count}},
                .rows = {}};
    for (std::size_t i = 0; i < states.size(); ++i) {
        const capture::State& state = states[i];
        std::vector<Cell> row{std::uint64_t{i}, {}, {}, {}, {}, {}};
        if (state.events_before) row[1] = *state.events_before;
        if (state.buddy) {
            const FreeMemory free = free_memory(*state.buddy);
            row[2] = free.in_lists.count();
            row[3] = free.in_stack_blocks.count();
            if (free.largest_order) row[4] = std::uint64_t{*free.largest_order};
            row[5] = free.in_page_lists.count();
        }
        row.emplace_back(std::uint64_t{state.tasks.tasks.size()});
        row.emplace_back(std::uint64_t{state.vmap.areas.size()});
        row.emplace_back(state.vmap.lazy_pages.count() * core::kPageBytes);
        row.push_back(cached_stacks(state.vmap));
        table.rows.push_back(std::move(row));
    }
    return table;
}

/// Runs of frames that follow each other.
std::uint64_t pieces(const std::vector<core::Pfn>& frames) {
    std::uint64_t runs = frames.empty() ? 0 : 1;
    for (std::size_t i = 1; i < frames.size(); ++i) runs += frames[i] == frames[i - 1] + core::Pages{1} ? 0U : 1U;
    return runs;
}

/// A row a thread: where its stack is, how deep it is and ever was.
Table rows_of_stacks(const DumpedKernel& kernel) {
    Table table{.columns = {{"pid", "PID", Unit::count},
                            {"tgid", "TGID", Unit::count},
                            {"name", "name", Unit::text},
                            {"cpu", "CPU", Unit::count},
                            {"stack", "stack from", Unit::hex},
                            {"pieces", "pieces of memory", Unit::count},
                            {"in_use_bytes", "in use", Unit::bytes},
                            {"deepest_bytes", "deepest", Unit::bytes}},
                .rows = {}};
    const auto& tasks = kernel.state.tasks.tasks;
    for (std::size_t i = 0; i < tasks.size(); ++i) {
        const capture::TaskState& task = tasks[i];
        std::vector<Cell> row{std::uint64_t{task.pid}, std::uint64_t{task.tgid}, task.comm, {}};
        if (task.thread_info.cpu) row.back() = *task.thread_info.cpu;
        row.emplace_back(task.stack.lowest.raw());
        row.emplace_back(task.area ? pieces(task.area->pages) : std::uint64_t{1});
        row.emplace_back();
        if (task.stack.contains(task.saved_sp)) row.back() = (task.stack.top - task.saved_sp).count();
        row.emplace_back(kernel.deepest[i].count());
        table.rows.push_back(std::move(row));
    }
    return table;
}

void add_state(const capture::State& state, ImportSummary& summary) {
    if (state.buddy) {
        const FreeMemory free = free_memory(*state.buddy);
        summary.add("zones", "zones", std::uint64_t{state.buddy->zones.size()});
        summary.add("free_bytes", "free", free.in_lists.count(), Unit::bytes);
        summary.add("stack_block_bytes", "in blocks of 16 KiB up", free.in_stack_blocks.count(), Unit::bytes);
        summary.add("page_list_bytes", "on page lists", free.in_page_lists.count(), Unit::bytes);
    }
    summary.add("areas", "vmalloc areas", std::uint64_t{state.vmap.areas.size()});
    summary.add("lazy_bytes", "freed lazily", state.vmap.lazy_pages.count() * core::kPageBytes, Unit::bytes);
    summary.add("cached_stacks", "cached stacks", cached_stacks(state.vmap));
    summary.add("tasks", "threads", std::uint64_t{state.tasks.tasks.size()});
}

Result<void> add_replay(const fs::path& folder, ImportSummary& summary) {
    KSL_TRY_ASSIGN(capture, capture::read_capture(folder));
    summary.add("states", "recorded states", std::uint64_t{capture.states.size()});
    summary.add("events", "trace events", std::uint64_t{capture.log.events.size()});
    const auto& buddy = capture.states[0].buddy;
    summary.add("zones", "zones", std::uint64_t{buddy ? buddy->zones.size() : 0});
    summary.add("tasks", "tasks at the start", std::uint64_t{capture.states[0].tasks.tasks.size()});
    summary.rows = rows_of_states(capture.states);
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
    summary.add("phys_base", "phys_base", dump.phys_base ? Cell{*dump.phys_base} : Cell{}, Unit::hex);
    add_tables(tables, summary);
    if (!KernelTypes::are_beside(path)) {
        summary.add("state", "zones, areas, threads",
                    std::string{"not read: structure_offsets.json and kallsyms.txt.gz must lie beside the dump"},
                    Unit::text);
        return {};
    }
    KSL_TRY_ASSIGN(kernel, read_dumped_kernel(path));
    add_state(kernel.state, summary);
    summary.rows = rows_of_stacks(kernel);
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
