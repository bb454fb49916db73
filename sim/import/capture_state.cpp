// SPDX-License-Identifier: MIT
#include "sim/import/capture_state.h"

#include "sim/import/json_node.h"
#include "sim/import/read_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace ksl::sim::capture {

using core::Bytes;
using core::Pages;
using core::Pfn;
using core::VirtRange;

namespace {

constexpr std::uint64_t kMostPfn = (std::uint64_t{1} << 40U) - 1; // 52 physical address bits
constexpr std::uint64_t kMostCount = (std::uint64_t{1} << 48U) - 1;
constexpr std::uint64_t kMostPid = std::uint64_t{1} << 22U; // PID_MAX_LIMIT
constexpr std::uint64_t kMostCpus = 8192;
constexpr Bytes kStateLimit{64U << 20U};

Pages pages(const JsonNode& node) {
    return Pages{node.number(kMostPfn)};
}

std::vector<Pfn> pfns(const JsonNode& node) {
    std::vector<Pfn> result;
    const auto numbers = node.numbers(kMostPfn);
    result.reserve(numbers.size());
    for (const std::uint64_t number : numbers) result.emplace_back(number);
    return result;
}

core::MigrateType migrate_type(std::uint64_t raw) {
    return static_cast<core::MigrateType>(raw);
}

std::vector<core::MigrateType> migrate_types(const JsonNode& node) {
    std::vector<core::MigrateType> result;
    const auto numbers = node.numbers(core::kMigrateTypes - 1);
    result.reserve(numbers.size());
    for (const std::uint64_t number : numbers) result.push_back(migrate_type(number));
    return result;
}

VirtRange range(const JsonNode& node) {
    const VirtRange result{node["start"].address(), node["end"].address()};
    if (result.is_empty() && node.ok()) node.refuse("a range with start below end");
    return result;
}

std::vector<VirtRange> ranges(const JsonNode& node) {
    std::vector<VirtRange> result;
    node.each([&](const JsonNode& item) { result.push_back(range(item)); });
    return result;
}

BlockList read_list(const JsonNode& node) {
    BlockList list;
    list.order = core::Order{static_cast<unsigned>(node["order"].number(core::kOrders - 1))};
    list.type = migrate_type(node["migratetype"].number(core::kMigrateTypes - 1));
    list.pfns = pfns(node["pfns"]);
    if (const auto remembered = node.find("page_index_migratetypes")) {
        list.remembered_types = migrate_types(*remembered);
        if (list.remembered_types.size() != list.pfns.size() && node.ok()) {
            remembered->refuse(fmt::format("one type for each of the {} pages", list.pfns.size()));
        }
    }
    return list;
}

std::vector<BlockList> read_lists(const JsonNode& node) {
    std::vector<BlockList> lists;
    node.each([&](const JsonNode& item) { lists.push_back(read_list(item)); });
    return lists;
}

PcpState read_pcp(const JsonNode& node) {
    PcpState pcp;
    pcp.cpu = core::CpuId{static_cast<std::uint16_t>(node["cpu"].number(kMostCpus - 1))};
    pcp.count = static_cast<std::uint32_t>(node["count"].number(UINT32_MAX));
    pcp.high = static_cast<std::uint32_t>(node["high"].number(UINT32_MAX));
    pcp.batch = static_cast<std::uint32_t>(node["batch"].number(UINT32_MAX));
    if (const auto factor = node.find("free_factor")) {
        pcp.free_factor = static_cast<std::uint32_t>(factor->number(UINT32_MAX));
    }
    if (const auto diff = node.find("vm_stat_diff_NR_FREE_PAGES")) {
        pcp.free_pages_diff = static_cast<std::int32_t>(diff->integer(INT32_MIN, INT32_MAX));
    }
    pcp.lists = read_lists(node["lists"]);
    return pcp;
}

core::ZoneId zone_id(const JsonNode& node) {
    const std::string name = node.text();
    if (name == "DMA") return core::ZoneId::dma;
    if (name == "DMA32") return core::ZoneId::dma32;
    if (name != "Normal" && node.ok()) node.refuse("DMA, DMA32 or Normal");
    return core::ZoneId::normal;
}

void read_watermarks(const JsonNode& node, ZoneState& zone) {
    const auto older = node.find("watermark_min_low_high");
    const JsonNode marks = older ? *older : node["watermark"];
    const auto values = marks.numbers(kMostPfn);
    const std::size_t wanted = older ? 3 : 4;
    if (values.size() != wanted) {
        if (node.ok()) marks.refuse(fmt::format("an array of {} numbers", wanted));
        return;
    }
    for (std::size_t i = 0; i < zone.watermarks.size(); ++i) zone.watermarks[i] = Pages{values[i]};
    if (wanted == 4) zone.watermark_promo = Pages{values[3]};
}

void read_free_blocks(const JsonNode& node, ZoneState& zone) {
    const auto values = node.numbers(kMostCount);
    if (values.size() != zone.free_blocks.size()) {
        if (node.ok()) node.refuse(fmt::format("an array of {} numbers", zone.free_blocks.size()));
        return;
    }
    std::ranges::copy(values, zone.free_blocks.begin());
}

ZoneState read_zone(const JsonNode& node) {
    ZoneState zone;
    zone.id = zone_id(node["name"]);
    zone.start = Pfn{node["zone_start_pfn"].number(kMostPfn)};
    zone.spanned = pages(node["spanned_pages"]);
    zone.present = pages(node["present_pages"]);
    zone.managed = pages(node["managed_pages"]);
    read_watermarks(node, zone);
    if (const auto boost = node.find("watermark_boost")) zone.watermark_boost = pages(*boost);
    zone.reserved_highatomic = pages(node["nr_reserved_highatomic"]);
    for (const std::uint64_t reserve : node["lowmem_reserve"].numbers(kMostPfn)) {
        zone.lowmem_reserve.emplace_back(reserve);
    }
    if (const auto flags = node.find("flags")) zone.flags = flags->number(UINT64_MAX);
    zone.free = pages(node["vm_stat_NR_FREE_PAGES"]);
    read_free_blocks(node["nr_free_by_order"], zone);
    zone.free_lists = read_lists(node["free_lists"]);
    node["pcp"].each([&](const JsonNode& item) { zone.pcp.push_back(read_pcp(item)); });
    zone.first_pageblock = Pfn{node["pageblock_first_pfn"].number(kMostPfn)};
    zone.pageblock_types = migrate_types(node["pageblock_migratetypes"]);
    return zone;
}

BuddyState read_buddy(const JsonNode& node) {
    BuddyState buddy;
    node["zones"].each([&](const JsonNode& item) { buddy.zones.push_back(read_zone(item)); });
    buddy.pageblock_order = static_cast<unsigned>(node["pageblock_order"].number(core::kOrders - 1));
    buddy.min_free_kib = node["min_free_kbytes"].number(kMostCount);
    if (const auto factor = node.find("watermark_boost_factor")) {
        buddy.watermark_boost_factor = factor->number(UINT32_MAX);
    }
    if (const auto fraction = node.find("percpu_pagelist_high_fraction")) {
        buddy.pcp_high_fraction = fraction->number(UINT32_MAX);
    }
    if (const auto disabled = node.find("page_group_by_mobility_disabled")) {
        buddy.grouping_by_mobility_disabled = disabled->number(1) != 0;
    }
    return buddy;
}

AreaState read_area(const JsonNode& node) {
    AreaState area;
    area.range = range(node);
    if (const auto flags = node.find("flags")) area.flags = flags->hex();
    if (const auto status = node.find("status")) {
        const std::string text = status->text();
        area.is_busy = text == "busy";
        if (!*area.is_busy && text != "lazily_freed_or_vm_map_ram" && node.ok())
            status->refuse("busy or lazily_freed_or_vm_map_ram");
    }
    const auto address = node.find("vm_addr");
    if (!address) return area;
    VmUser user;
    user.address = address->address();
    user.size = Bytes{node["vm_size"].number(kMostCount)};
    user.flags = node["vm_flags"].hex();
    user.phys = core::PhysAddr{node["phys"].hex()};
    user.caller = node["caller"].text();
    user.page_count = static_cast<std::uint32_t>(node["nr_pages"].number(UINT32_MAX));
    if (const auto frames = node.find("page_pfns")) user.pages = pfns(*frames);
    area.user = std::move(user);
    return area;
}

std::vector<CachedStacks> read_cached_stacks(const JsonNode& node) {
    std::vector<CachedStacks> cpus;
    node.each([&](const JsonNode& cpu) {
        CachedStacks slots;
        cpu.each([&](const JsonNode& slot) {
            slots.push_back(slot.is_null() ? std::nullopt : std::optional{slot.address()});
        });
        cpus.push_back(std::move(slots));
    });
    return cpus;
}

VmapState read_vmap(const JsonNode& node) {
    VmapState vmap;
    const auto one_tree = node.find("areas_in_tree");
    const JsonNode areas = one_tree ? *one_tree : node["busy"];
    areas.each([&](const JsonNode& item) { vmap.areas.push_back(read_area(item)); });
    if (one_tree) {
        vmap.purge_pending = ranges(node["purge_list_newest_first"]);
        AreaCacheState cache;
        if (const auto start = node.find("free_vmap_cache_area_start")) cache.cached_area = start->address();
        cache.hole_size = Bytes{node["cached_hole_size"].hex()};
        cache.vstart = node["cached_vstart"].address();
        cache.align = Bytes{node["cached_align"].hex()};
        vmap.cache = cache;
    } else {
        vmap.free = ranges(node["free"]);
        vmap.purge_pending = ranges(node["purge_pending"]);
    }
    vmap.lazy_pages = Pages{node["vmap_lazy_nr_pages"].number(kMostCount)};
    vmap.vmalloc_base = node["vmalloc_base"].address();
    vmap.direct_map_base = node["page_offset_base"].address();
    vmap.vmemmap_base = node["vmemmap_base"].address();
    if (const auto stacks = node.find("cached_stacks")) vmap.cached_stacks = read_cached_stacks(*stacks);
    return vmap;
}

ThreadInfoState read_thread_info(const JsonNode& node) {
    ThreadInfoState info;
    info.address = node["thread_info"].address();
    if (const auto flags = node.find("thread_info_flags")) { // 6.1
        info.flags = flags->hex();
        info.cpu = node["thread_info_cpu"].number(kMostCpus - 1);
        return info;
    }
    const JsonNode fields = node["thread_info_fields"];
    info.flags = fields["flags"].hex();
    if (const auto status = fields.find("status")) info.status = status->hex();
    if (const auto cpu = fields.find("cpu")) info.cpu = cpu->hex();
    if (const auto limit = fields.find("addr_limit")) info.addr_limit = limit->hex();
    if (const auto task = fields.find("task")) info.task = task->address();
    if (const auto error = fields.find("uaccess_err")) info.uaccess_error = error->number(1);
    if (const auto error = fields.find("sig_on_uaccess_error")) info.signals_uaccess_error = error->number(1);
    return info;
}

VmUser read_stack_area(const JsonNode& node) {
    VmUser area;
    area.address = node["addr"].address();
    area.size = Bytes{node["size"].number(kMostCount)};
    area.flags = node["flags"].hex();
    area.page_count = static_cast<std::uint32_t>(node["nr_pages"].number(UINT32_MAX));
    area.pages = pfns(node["pfns"]);
    return area;
}

TaskState read_task(const JsonNode& node) {
    TaskState task;
    task.pid = static_cast<std::uint32_t>(node["pid"].number(kMostPid));
    task.tgid = static_cast<std::uint32_t>(node["tgid"].number(kMostPid));
    task.comm = node["comm"].text();
    task.task_struct = node["task_struct"].address();
    task.thread_info = read_thread_info(node);
    task.stack = VirtRange{node["stack_base"].address(), node["stack_top"].address()};
    task.saved_sp = node["saved_sp"].address();
    task.end_magic = node["stack_end_magic"].hex();
    if (const auto magic_at = node.find("stack_end_magic_address")) task.end_magic_at = magic_at->address();
    if (const auto area = node.find("vm_struct")) task.area = read_stack_area(*area);
    if (const auto pfn = node.find("stack_first_pfn")) task.first_pfn = Pfn{pfn->number(kMostPfn)};
    return task;
}

TasksState read_tasks(const JsonNode& node) {
    TasksState tasks;
    tasks.sizeof_task_struct = Bytes{node["sizeof_task_struct"].number(kMostCount)};
    tasks.sizeof_thread_info = Bytes{node["sizeof_thread_info"].number(kMostCount)};
    if (const auto in_task = node.find("thread_info_in_task")) tasks.thread_info_in_task = in_task->boolean();
    tasks.thread_size = Bytes{node["thread_size"].number(kMostCount)};
    const JsonNode list = node["tasks"];
    list.each([&](const JsonNode& item) { tasks.tasks.push_back(read_task(item)); });
    return tasks;
}

} // namespace

Result<State> parse_state(std::string file, std::string_view json) {
    KSL_TRY_ASSIGN(document, JsonDocument::parse(std::move(file), json));
    const JsonNode root = document.root();
    State state;
    state.tasks = read_tasks(root["tasks"]);
    state.vmap = read_vmap(root["vmap"]);
    if (const auto buddy = root.find("buddy")) state.buddy = read_buddy(*buddy);
    if (const auto ring = root.find("ring")) {
        std::uint64_t entries = 0;
        ring->each([&](const JsonNode& cpu) { entries += cpu["entries"].number(kMostCount); });
        if (ring->size() != 0) state.ring_entries = entries;
    }
    if (const auto events = root.find("trace_events_before_this_state")) {
        state.events_before = events->number(kMostCount);
    }
    if (!document.ok()) return std::unexpected(document.error());
    return state;
}

Result<State> read_state(const std::filesystem::path& path) {
    KSL_TRY_ASSIGN(text, read_file(path, kStateLimit));
    return parse_state(path.string(), text);
}

} // namespace ksl::sim::capture
