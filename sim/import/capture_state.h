// SPDX-License-Identifier: MIT
//
// A recorded state of a real kernel: allocator, vmalloc areas, stack caches, tasks. Read from state_NN.json.gz and its
// kin (*.state.json.gz, state.json) of captures, of the kernels of 2016 and of 6.1.
//
// Units:   addresses in bytes, frames by number, both as the kernel has them; lists in the kernel's order, head first
//          (allocation takes the head).
// Errors:  a missing member, a wrong type or an impossible value is one error that names its place in the document.
// Source:  tests/data/captures/README.md.
#pragma once

#include "core/events/memory_events.h"
#include "core/types/address.h"
#include "core/types/ids.h"
#include "sim/base/error.h"

#include <array>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ksl::sim::capture {

/// One list of free blocks: of the buddy allocator or of a CPU.
struct BlockList {
    core::Order order;
    core::MigrateType type = core::MigrateType::unmovable;
    std::vector<core::Pfn> pfns; ///< head to tail
    /// Per-CPU lists of 6.1 only: the type that each page remembers, where it is not the list's for all; else empty.
    std::vector<core::MigrateType> remembered_types;

    friend bool operator==(const BlockList&, const BlockList&) = default;
};

/// struct per_cpu_pages of one zone and CPU.
struct PcpState {
    core::CpuId cpu;
    std::uint32_t count = 0;
    std::uint32_t high = 0;
    std::uint32_t batch = 0;
    std::uint32_t free_factor = 0;    ///< 6.1
    std::int32_t free_pages_diff = 0; ///< 6.1: this CPU's part of NR_FREE_PAGES that the zone does not know yet
    std::vector<BlockList> lists;     ///< 3 (2016: order 0 by type) or 12 (6.1: orders 0 to 3, each by type)

    friend bool operator==(const PcpState&, const PcpState&) = default;
};

struct ZoneState {
    core::ZoneId id = core::ZoneId::dma;
    core::Pfn start;
    core::Pages spanned;
    core::Pages present;
    core::Pages managed;
    std::array<core::Pages, 3> watermarks; ///< min, low, high
    core::Pages watermark_promo;           ///< 6.1
    core::Pages watermark_boost;           ///< 6.1
    core::Pages reserved_highatomic;
    std::vector<core::Pages> lowmem_reserve;                ///< by zone that the request may use at most
    std::uint64_t flags = 0;                                ///< 6.1
    core::Pages free;                                       ///< vm_stat NR_FREE_PAGES
    std::array<std::uint64_t, core::kOrders> free_blocks{}; ///< nr_free of each order
    std::vector<BlockList> free_lists;                      ///< those that are not empty, by order, then by type
    std::vector<PcpState> pcp;                              ///< by CPU
    core::Pfn first_pageblock;
    std::vector<core::MigrateType> pageblock_types; ///< from first_pageblock on

    friend bool operator==(const ZoneState&, const ZoneState&) = default;
};

struct BuddyState {
    std::vector<ZoneState> zones;
    unsigned pageblock_order = 0;
    std::uint64_t min_free_kib = 0;
    std::optional<std::uint64_t> watermark_boost_factor; ///< 6.1
    std::optional<std::uint64_t> pcp_high_fraction;      ///< 6.1
    std::optional<bool> grouping_by_mobility_disabled;   ///< 6.1

    friend bool operator==(const BuddyState&, const BuddyState&) = default;
};

/// Flag of a vm_struct: its pages are its own (VM_ALLOC, include/linux/vmalloc.h).
inline constexpr std::uint64_t kVmAlloc = 0x2;

/// Who uses an area; struct vm_struct.
struct VmUser {
    core::VirtAddr address;
    core::Bytes size; ///< guard page included
    std::uint64_t flags = 0;
    core::PhysAddr phys; ///< of ioremap
    std::string caller;
    std::uint32_t page_count = 0;
    std::vector<core::Pfn> pages; ///< empty for ioremap

    friend bool operator==(const VmUser&, const VmUser&) = default;
};

/// struct vmap_area of the busy tree (2016: of the one tree).
struct AreaState {
    core::VirtRange range;       ///< guard page included
    std::uint64_t flags = 0;     ///< 2016
    std::optional<bool> is_busy; ///< 2016: its status, as the reader of the memory image put it
    std::optional<VmUser> user;  ///< none: freed lazily (2016), or vm_map_ram

    friend bool operator==(const AreaState&, const AreaState&) = default;
};

/// The variables of the address search of 4.x.
struct AreaCacheState {
    core::VirtAddr cached_area; ///< start of the area that free_vmap_cache points to; 0 if it is empty
    core::Bytes hole_size;
    core::VirtAddr vstart;
    core::Bytes align;

    friend bool operator==(const AreaCacheState&, const AreaCacheState&) = default;
};

/// Up to two cached stacks of a CPU; none = empty slot.
using CachedStacks = std::vector<std::optional<core::VirtAddr>>;

struct VmapState {
    std::vector<AreaState> areas;               ///< in address order; 2016: with those freed lazily
    std::vector<core::VirtRange> free;          ///< 6.1: the free ranges in address order
    std::vector<core::VirtRange> purge_pending; ///< 2016: newest first; 6.1: in address order, neighbours merged
    std::optional<AreaCacheState> cache;        ///< 2016
    core::Pages lazy_pages;
    core::VirtAddr vmalloc_base;
    core::VirtAddr direct_map_base;
    core::VirtAddr vmemmap_base;
    std::optional<std::vector<CachedStacks>> cached_stacks; ///< by CPU; none: the kernel has no such cache

    /// True for the allocator with a tree of free ranges (5.2 and later).
    [[nodiscard]] bool has_free_tree() const { return !cache.has_value(); }
    friend bool operator==(const VmapState&, const VmapState&) = default;
};

/// The fields of thread_info that the kernel has; 4.7 has all, later ones flags and cpu at most.
struct ThreadInfoState {
    core::VirtAddr address;
    std::uint64_t flags = 0;
    std::optional<std::uint64_t> status;
    std::optional<std::uint64_t> cpu;
    std::optional<std::uint64_t> addr_limit;
    std::optional<core::VirtAddr> task;
    std::optional<std::uint64_t> uaccess_error;         ///< 4.7
    std::optional<std::uint64_t> signals_uaccess_error; ///< 4.7

    friend bool operator==(const ThreadInfoState&, const ThreadInfoState&) = default;
};

struct TaskState {
    std::uint32_t pid = 0;
    std::uint32_t tgid = 0;
    std::string comm;
    core::VirtAddr task_struct;
    ThreadInfoState thread_info;
    core::VirtRange stack;
    core::VirtAddr saved_sp;
    std::optional<core::VirtAddr> end_magic_at; ///< 2016; later kernels have it at the stack's lowest address
    std::uint64_t end_magic = 0;
    std::optional<VmUser> area;         ///< of a vmapped stack; without caller
    std::optional<core::Pfn> first_pfn; ///< of a contiguous stack

    friend bool operator==(const TaskState&, const TaskState&) = default;
};

struct TasksState {
    core::Bytes sizeof_task_struct;
    core::Bytes sizeof_thread_info;
    bool thread_info_in_task = true;
    core::Bytes thread_size;
    std::vector<TaskState> tasks;

    friend bool operator==(const TasksState&, const TasksState&) = default;
};

struct State {
    TasksState tasks;
    VmapState vmap;
    std::optional<BuddyState> buddy;            ///< not in mmu captures
    std::optional<std::uint64_t> events_before; ///< trace events recorded before this state; replay captures only
    std::optional<std::uint64_t> ring_entries;  ///< the same, as the trace buffers of all CPUs count them

    friend bool operator==(const State&, const State&) = default;
};

[[nodiscard]] Result<State> read_state(const std::filesystem::path& path);
/// `file` is the name for errors.
[[nodiscard]] Result<State> parse_state(std::string file, std::string_view json);

} // namespace ksl::sim::capture
