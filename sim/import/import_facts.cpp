// SPDX-License-Identifier: MIT
#include "sim/import/import_facts.h"

#include "sim/import/capture_events.h"
#include "sim/import/capture_state.h"
#include "sim/import/page_table_dump.h"
#include "sim/import/proc_buddyinfo.h"
#include "sim/import/proc_iomem.h"
#include "sim/import/proc_meminfo.h"
#include "sim/import/proc_vmallocinfo.h"
#include "sim/import/proc_zoneinfo.h"
#include "sim/import/stack_usage.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <string_view>

namespace ksl::sim {

namespace {

constexpr std::size_t kMostRows = 20;

std::uint64_t pages_in(const std::vector<std::uint64_t>& blocks) {
    std::uint64_t pages = 0;
    for (std::size_t order = 0; order < std::min<std::size_t>(blocks.size(), 32); ++order)
        pages += blocks[order] << order;
    return pages;
}

/// The largest order of which a block is free.
std::int64_t largest_order(const std::vector<std::uint64_t>& blocks) {
    const auto last = std::ranges::find_if(blocks.rbegin(), blocks.rend(), [](std::uint64_t n) { return n != 0; });
    return last == blocks.rend() ? -1 : blocks.rend() - last - 1;
}

Result<void> buddyinfo(const std::string& text, ImportSummary& summary) {
    KSL_TRY_ASSIGN(zones, proc::parse_buddyinfo(summary.file, text));
    std::uint64_t pages = 0;
    summary.rows.columns = {{.key = "node", .title = "node", .unit = Unit::count},
                            {.key = "zone", .title = "zone", .unit = Unit::text},
                            {.key = "free_bytes", .title = "free", .unit = Unit::bytes},
                            {.key = "largest_free_order", .title = "largest free order", .unit = Unit::count}};
    for (const proc::BuddyZone& zone : zones) {
        const std::uint64_t free = pages_in(zone.free_blocks);
        pages += free;
        summary.rows.rows.push_back(
            {std::uint64_t{zone.node}, zone.zone, free * core::kPageBytes, largest_order(zone.free_blocks)});
    }
    summary.add("zones", "zones", std::uint64_t{zones.size()});
    summary.add("free_bytes", "free", pages * core::kPageBytes, Unit::bytes);
    return {};
}

Result<void> pagetypeinfo(const std::string& text, ImportSummary& summary) {
    KSL_TRY_ASSIGN(info, proc::parse_pagetypeinfo(summary.file, text));
    summary.add("pageblock_order", "pageblock order", std::uint64_t{info.pageblock_order});
    std::uint64_t blocks = 0;
    summary.rows.columns = {{.key = "zone", .title = "zone", .unit = Unit::text},
                            {.key = "type", .title = "type", .unit = Unit::text},
                            {.key = "free_bytes", .title = "free", .unit = Unit::bytes},
                            {.key = "largest_free_order", .title = "largest free order", .unit = Unit::count}};
    for (const proc::TypedFreeBlocks& line : info.free) {
        summary.rows.rows.push_back(
            {line.zone, line.type, pages_in(line.free_blocks) * core::kPageBytes, largest_order(line.free_blocks)});
    }
    for (const proc::TypedPageblocks& zone : info.pageblocks) {
        for (const std::uint64_t count : zone.blocks) blocks += count;
    }
    summary.add("pageblocks", "pageblocks", blocks);
    return {};
}

Result<void> zoneinfo(const std::string& text, ImportSummary& summary) {
    KSL_TRY_ASSIGN(zones, proc::parse_zoneinfo(summary.file, text));
    std::uint64_t managed = 0;
    std::size_t cpus = 0;
    summary.rows.columns = {{.key = "zone", .title = "zone", .unit = Unit::text},
                            {.key = "managed_bytes", .title = "managed", .unit = Unit::bytes},
                            {.key = "free_bytes", .title = "free", .unit = Unit::bytes},
                            {.key = "min_bytes", .title = "min watermark", .unit = Unit::bytes},
                            {.key = "low_bytes", .title = "low", .unit = Unit::bytes},
                            {.key = "high_bytes", .title = "high", .unit = Unit::bytes}};
    for (const proc::ZoneInfo& zone : zones) {
        managed += zone.managed.count();
        cpus = std::max(cpus, zone.pagesets.size());
        const auto bytes = [](core::Pages pages) { return pages.count() * core::kPageBytes; };
        summary.rows.rows.push_back(
            {zone.zone, bytes(zone.managed), bytes(zone.free), bytes(zone.min), bytes(zone.low), bytes(zone.high)});
    }
    summary.add("managed_bytes", "managed memory", managed * core::kPageBytes, Unit::bytes);
    summary.add("cpus", "CPUs with page lists", std::uint64_t{cpus});
    return {};
}

std::string function_of(const std::string& caller) {
    return caller.substr(0, caller.find('+'));
}

Result<void> vmallocinfo(const std::string& text, ImportSummary& summary) {
    KSL_TRY_ASSIGN(areas, proc::parse_vmallocinfo(summary.file, text));
    std::uint64_t bytes = 0;
    std::uint64_t waiting = 0;
    std::uint64_t stacks = 0;
    std::map<std::string, std::pair<std::uint64_t, std::uint64_t>> callers;
    for (const proc::VmallocArea& area : areas) {
        if (area.use == proc::VmallocUse::unpurged) {
            ++waiting;
            continue;
        }
        const std::string caller = function_of(area.caller);
        bytes += area.range.size().count();
        // Who allocates stacks: _do_fork (4.9), kernel_clone (5.10 on), fork_idle and dup_task_struct inlined into
        // them.
        stacks += caller == "_do_fork" || caller == "kernel_clone" || caller == "copy_process" ||
                          caller == "dup_task_struct" || caller == "fork_idle"
                      ? 1U
                      : 0U;
        auto& [count, sum] = callers[caller];
        ++count;
        sum += area.range.size().count();
    }
    summary.add("areas", "areas in use", std::uint64_t{areas.size() - waiting});
    summary.add("area_bytes", "address space in use", bytes, Unit::bytes);
    summary.add("waiting", "areas waiting for a purge", waiting);
    summary.add("stacks", "of them kernel stacks", stacks);
    summary.rows.columns = {{.key = "caller", .title = "caller", .unit = Unit::text},
                            {.key = "areas", .title = "areas", .unit = Unit::count},
                            {.key = "bytes", .title = "address space", .unit = Unit::bytes}};
    for (const auto& [caller, use] : callers) summary.rows.rows.push_back({caller, use.first, use.second});
    std::ranges::stable_sort(summary.rows.rows, std::ranges::greater{}, [](const auto& row) { return row[2]; });
    if (summary.rows.rows.size() > kMostRows) summary.rows.rows.resize(kMostRows);
    return {};
}

Result<void> iomem(const std::string& text, ImportSummary& summary) {
    KSL_TRY_ASSIGN(resources, proc::parse_iomem(summary.file, text));
    std::uint64_t bytes = 0;
    const auto ram = proc::system_ram(resources);
    for (const core::PhysRange& range : ram) bytes += range.size().count();
    summary.add("resources", "resources", std::uint64_t{resources.size()});
    summary.add("ram_bytes", "system RAM", bytes, Unit::bytes);
    summary.add("ram_ranges", "ranges of RAM", std::uint64_t{ram.size()});
    if (!ram.empty()) summary.add("ram_top", "RAM ends at", ram.back().top.raw(), Unit::hex);
    return {};
}

Result<void> meminfo(const std::string& text, ImportSummary& summary) {
    KSL_TRY_ASSIGN(info, proc::parse_meminfo(summary.file, text));
    struct Shown {
        std::string_view name;
        std::string_view key;
    };
    static constexpr std::array kShown{Shown{"MemTotal", "total_bytes"},
                                       Shown{"MemFree", "free_bytes"},
                                       Shown{"Slab", "slab_bytes"},
                                       Shown{"KernelStack", "kernel_stack_bytes"},
                                       Shown{"PageTables", "page_table_bytes"},
                                       Shown{"VmallocUsed", "vmalloc_used_bytes"},
                                       Shown{"DirectMap4k", "direct_map_4k_bytes"},
                                       Shown{"DirectMap2M", "direct_map_2m_bytes"},
                                       Shown{"DirectMap1G", "direct_map_1g_bytes"}};
    for (const Shown& entry : kShown) {
        const auto size = info.size(entry.name);
        if (size) summary.add(std::string{entry.key}, std::string{entry.name}, size->count(), Unit::bytes);
    }
    return {};
}

Result<void> page_table_dump(const std::string& text, ImportSummary& summary) {
    KSL_TRY_ASSIGN(dump, parse_page_table_dump(summary.file, text));
    summary.rows.columns = {{.key = "area", .title = "area", .unit = Unit::text},
                            {.key = "ranges", .title = "ranges", .unit = Unit::count},
                            {.key = "mapped_bytes", .title = "mapped", .unit = Unit::bytes},
                            {.key = "bytes_4k", .title = "in 4K pages", .unit = Unit::bytes},
                            {.key = "bytes_2m", .title = "in 2M pages", .unit = Unit::bytes},
                            {.key = "bytes_1g", .title = "in 1G pages", .unit = Unit::bytes}};
    std::uint64_t mapped = 0;
    for (const DumpedArea& area : dump.areas) {
        std::array<std::uint64_t, 4> bytes{}; // by level
        for (const DumpedRange& range : area.ranges) {
            const auto level = static_cast<std::size_t>(range.level);
            if (range.mapped && level < bytes.size()) bytes[level] += (range.last - range.lowest).count() + 1;
        }
        const std::uint64_t sum = bytes[1] + bytes[2] + bytes[3];
        mapped += sum;
        summary.rows.rows.push_back({area.name, std::uint64_t{area.ranges.size()}, sum, bytes[1], bytes[2], bytes[3]});
    }
    summary.add("areas", "areas", std::uint64_t{dump.areas.size()});
    summary.add("mapped_bytes", "mapped", mapped, Unit::bytes);
    return {};
}

void add_log(const capture::EventLog& log, ImportSummary& summary) {
    std::uint64_t allocations = 0;
    std::uint64_t frees = 0;
    std::uint64_t areas = 0;
    std::uint64_t tasks = 0;
    for (const capture::Event& event : log.events) {
        allocations += std::holds_alternative<capture::PageAlloc>(event.body) ? 1U : 0U;
        frees += std::holds_alternative<capture::PageFree>(event.body) ? 1U : 0U;
        areas += std::holds_alternative<capture::VmapResultRange>(event.body) ? 1U : 0U;
        tasks += std::holds_alternative<capture::TaskForked>(event.body) ? 1U : 0U;
    }
    summary.add("events", "events", std::uint64_t{log.events.size()});
    summary.add("left_out", "of other kinds, left out", log.left_out);
    summary.add("page_allocations", "page allocations", allocations);
    summary.add("page_frees", "page frees", frees);
    summary.add("vmalloc_areas", "vmalloc areas given out", areas);
    summary.add("tasks_created", "tasks created", tasks);
    if (!log.events.empty()) {
        summary.add("duration_ns", "time covered", (log.events.back().time - log.events.front().time).count(),
                    Unit::nanoseconds);
    }
}

void add_state(const capture::State& state, ImportSummary& summary) {
    summary.add("tasks", "tasks", std::uint64_t{state.tasks.tasks.size()});
    summary.add("stack_bytes", "kernel stack", state.tasks.thread_size.count(), Unit::bytes);
    summary.add("thread_info_in_task", "thread_info",
                std::string{state.tasks.thread_info_in_task ? "in task_struct" : "on the stack"}, Unit::text);
    summary.add("vmalloc_areas", "vmalloc areas", std::uint64_t{state.vmap.areas.size()});
    if (!state.buddy) return;
    std::uint64_t free = 0;
    for (const capture::ZoneState& zone : state.buddy->zones) {
        for (std::size_t order = 0; order < core::kOrders; ++order) free += zone.free_blocks[order] << order;
    }
    summary.add("zones", "zones", std::uint64_t{state.buddy->zones.size()});
    summary.add("free_bytes", "free on buddy lists", free * core::kPageBytes, Unit::bytes);
}

Result<void> stack_trace(const std::string& text, ImportSummary& summary) {
    KSL_TRY_ASSIGN(frames, parse_stack_trace(summary.file, text));
    summary.add("frames", "frames", std::uint64_t{frames.size()});
    if (!frames.empty()) summary.add("depth_bytes", "deepest", frames.front().depth.count(), Unit::bytes);
    summary.rows.columns = {{.key = "function", .title = "function", .unit = Unit::text},
                            {.key = "frame_bytes", .title = "frame, bytes", .unit = Unit::count}};
    std::vector<TracedFrame> largest = frames;
    std::ranges::stable_sort(largest, std::ranges::greater{}, &TracedFrame::size);
    for (std::size_t i = 0; i < std::min(kMostRows, largest.size()); ++i) {
        summary.rows.rows.push_back({largest[i].function, largest[i].size.count()});
    }
    return {};
}

Result<void> stack_usage(const std::string& text, ImportSummary& summary) {
    KSL_TRY_ASSIGN(functions, parse_stack_usage(summary.file, text));
    std::uint64_t unbounded = 0;
    for (const FunctionStack& function : functions) unbounded += function.kind == FrameKind::dynamic ? 1U : 0U;
    summary.add("functions", "functions", std::uint64_t{functions.size()});
    summary.add("unbounded", "with frames of unknown size", unbounded);
    summary.rows.columns = {{.key = "function", .title = "function", .unit = Unit::text},
                            {.key = "frame_bytes", .title = "frame, bytes", .unit = Unit::count},
                            {.key = "place", .title = "where", .unit = Unit::text}};
    std::ranges::stable_sort(functions, std::ranges::greater{}, &FunctionStack::bytes);
    for (std::size_t i = 0; i < std::min(kMostRows, functions.size()); ++i) {
        summary.rows.rows.push_back({functions[i].function, functions[i].bytes.count(),
                                     fmt::format("{}:{}", functions[i].file, functions[i].line)});
    }
    return {};
}

} // namespace

Result<void> add_facts(ImportFormat format, const std::string& text, ImportSummary& summary) {
    switch (format) {
    case ImportFormat::buddyinfo: return buddyinfo(text, summary);
    case ImportFormat::pagetypeinfo: return pagetypeinfo(text, summary);
    case ImportFormat::zoneinfo: return zoneinfo(text, summary);
    case ImportFormat::vmallocinfo: return vmallocinfo(text, summary);
    case ImportFormat::iomem: return iomem(text, summary);
    case ImportFormat::meminfo: return meminfo(text, summary);
    case ImportFormat::page_table_dump: return page_table_dump(text, summary);
    case ImportFormat::stack_trace: return stack_trace(text, summary);
    case ImportFormat::stack_usage: return stack_usage(text, summary);
    case ImportFormat::events:
    case ImportFormat::ftrace: {
        KSL_TRY_ASSIGN(log, format == ImportFormat::events ? capture::parse_events_csv(summary.file, text)
                                                           : capture::parse_ftrace(summary.file, text));
        add_log(log, summary);
        return {};
    }
    case ImportFormat::state: {
        KSL_TRY_ASSIGN(state, capture::parse_state(summary.file, text));
        add_state(state, summary);
        return {};
    }
    case ImportFormat::crash_dump: break;
    }
    return fail(summary.file, 0, "is a crash dump inside another file; unpack it first");
}

} // namespace ksl::sim
