// SPDX-License-Identifier: MIT
//
// The trace of a real kernel: what was asked of its page allocator, of vmalloc and of its stack cache, and what was
// answered. Read from events.csv.gz (one row an event) or from the kernel's own text (trace.txt, trace.txt.zst), which
// gives the same events but for `path`, which the kernel does not print.
//
// Units:   times in nanoseconds (the trace has microseconds), frames by number, sizes and addresses in bytes.
// Errors:  a row that cannot be understood is one error with its line. Kinds of events that are not listed here are
//          kept as OtherEvent in a CSV file; in the kernel's text, which may come from any tracing session, they are
//          left out and counted.
// Source:  formats in tests/data/captures/README.md; tracepoints of include/trace/events/kmem.h and sched.h, the rest
//          are probes on the functions of mm/vmalloc.c and kernel/fork.c.
#pragma once

#include "core/events/memory_events.h"
#include "core/types/address.h"
#include "core/types/ids.h"
#include "core/types/time.h"
#include "sim/base/error.h"

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace ksl::sim::capture {

/// The way a page took, as far as it is known: it is derived, not recorded.
enum class PagePath : std::uint8_t {
    unknown,
    pcp,          ///< 6.1: through the per-CPU lists
    pcp_bulk,     ///< 6.1: the same by the bulk allocator, which does not halve free_factor
    pcp_head,     ///< 2016: per-CPU list, hot end
    pcp_tail,     ///< 2016: per-CPU list, cold end
    buddy,        ///< to or from the buddy lists
    buddy_direct, ///< 6.1: freed by an interrupt while the per-CPU list was locked
    announce,     ///< 2016: mm_page_free_batched only tells whether the page is cold; mm_page_free commits
    prepare,      ///< 6.1: mm_page_free only announces; mm_page_free_batched commits
};

/// Index into EventLog::gfp_texts.
using GfpId = core::Id<struct GfpTag, std::uint16_t>;
/// Index into EventLog::texts.
using TextId = core::Id<struct TextTag, std::uint32_t>;

/// mm_page_alloc, mm_page_alloc_bulk: a request was answered.
struct PageAlloc {
    core::Pfn pfn; ///< 0 if it was refused
    core::Order order;
    core::MigrateType type = core::MigrateType::unmovable;
    bool is_bulk = false;
    PagePath path = PagePath::unknown;
    GfpId gfp;
    friend bool operator==(const PageAlloc&, const PageAlloc&) = default;
};
/// mm_page_alloc_zone_locked: a block left the buddy lists.
struct ZoneLockedAlloc {
    core::Pfn pfn;
    core::Order order;
    core::MigrateType type = core::MigrateType::unmovable;
    bool is_refill = false; ///< of a per-CPU list
    friend bool operator==(const ZoneLockedAlloc&, const ZoneLockedAlloc&) = default;
};
/// mm_page_alloc_extfrag: a block of another migrate type was taken.
struct Fallback {
    core::Pfn pfn;
    core::Order order;
    core::MigrateType type = core::MigrateType::unmovable;
    core::Order fallback_order;
    core::MigrateType fallback_type = core::MigrateType::unmovable;
    bool is_fragmenting = false;
    bool changes_type = false; ///< the pageblock got the requested type
    friend bool operator==(const Fallback&, const Fallback&) = default;
};
/// mm_page_free: a free began.
struct PageFree {
    core::Pfn pfn;
    core::Order order;
    PagePath path = PagePath::unknown;
    friend bool operator==(const PageFree&, const PageFree&) = default;
};
/// mm_page_free_batched.
struct PageFreeBatched {
    core::Pfn pfn;
    core::Order order;
    bool is_cold = false; ///< 2016
    PagePath path = PagePath::unknown;
    friend bool operator==(const PageFreeBatched&, const PageFreeBatched&) = default;
};
/// mm_page_pcpu_drain: a block went from a per-CPU list to the buddy lists.
struct PcpDrain {
    core::Pfn pfn;
    core::Order order;
    core::MigrateType type = core::MigrateType::unmovable;
    friend bool operator==(const PcpDrain&, const PcpDrain&) = default;
};
/// pcp_drain_zone: the per-CPU lists of a zone were drained on purpose.
struct PcpDrainZone {
    friend bool operator==(const PcpDrainZone&, const PcpDrainZone&) = default;
};

/// vmap_request: an address range was asked for.
struct VmapRequest {
    core::Bytes size; ///< guard page included
    core::Bytes align;
    core::VirtRange window;
    friend bool operator==(const VmapRequest&, const VmapRequest&) = default;
};
/// vmap_result: the search returned (6.1); the range follows in VmapResultRange.
struct VmapResult {
    friend bool operator==(const VmapResult&, const VmapResult&) = default;
};
/// vmap_result_range: the range that was chosen.
struct VmapResultRange {
    core::VirtRange range;
    friend bool operator==(const VmapResultRange&, const VmapResultRange&) = default;
};
/// vmap_lazy_free (2016), vmap_free (6.1): the range becomes lazily free.
struct VmapLazyFree {
    core::VirtRange range;
    friend bool operator==(const VmapLazyFree&, const VmapLazyFree&) = default;
};
/// vmap_erase (2016): a purge takes the range out of the tree.
struct VmapErase {
    core::VirtRange range;
    friend bool operator==(const VmapErase&, const VmapErase&) = default;
};
/// vmap_purge_enter: arguments of __purge_vmap_area_lazy (2016: sync, force; 6.1: start, end).
struct VmapPurgeEnter {
    std::uint64_t first = 0;
    std::uint64_t second = 0;
    friend bool operator==(const VmapPurgeEnter&, const VmapPurgeEnter&) = default;
};
/// vmap_purge_exit: the ranges that were pending can be used again.
struct VmapPurgeExit {
    friend bool operator==(const VmapPurgeExit&, const VmapPurgeExit&) = default;
};
struct TlbFlushKernel {
    core::VirtRange range;
    friend bool operator==(const TlbFlushKernel&, const TlbFlushKernel&) = default;
};
/// vunmap (2016): __vunmap was entered.
struct Vunmap {
    core::VirtAddr address;
    friend bool operator==(const Vunmap&, const Vunmap&) = default;
};

/// new_task: a new task is woken; its stack was chosen before.
struct NewTask {
    std::uint32_t pid = 0;
    core::VirtAddr stack;
    friend bool operator==(const NewTask&, const NewTask&) = default;
};
/// put_stack: the task is dead and its stack is offered to the cache.
struct PutStack {
    std::uint32_t pid = 0;
    core::VirtAddr stack; ///< 0 if it has none any more
    friend bool operator==(const PutStack&, const PutStack&) = default;
};
/// stack_free_rcu (6.1): the callback that offers a surplus stack again.
struct StackFreeRcu {
    core::VirtAddr stack;
    friend bool operator==(const StackFreeRcu&, const StackFreeRcu&) = default;
};
struct TaskForked {
    std::uint32_t parent = 0;
    std::uint32_t child = 0;
    friend bool operator==(const TaskForked&, const TaskForked&) = default;
};
struct TaskExited {
    std::uint32_t pid = 0;
    friend bool operator==(const TaskExited&, const TaskExited&) = default;
};
/// sched_process_free: the last reference to the task_struct is gone.
struct TaskFreed {
    std::uint32_t pid = 0;
    friend bool operator==(const TaskFreed&, const TaskFreed&) = default;
};
/// tracing_mark_write: the workload says where it is.
struct Mark {
    TextId text;
    friend bool operator==(const Mark&, const Mark&) = default;
};
/// A kind that is not listed here.
struct OtherEvent {
    TextId name;
    friend bool operator==(const OtherEvent&, const OtherEvent&) = default;
};

using EventBody =
    std::variant<PageAlloc, ZoneLockedAlloc, Fallback, PageFree, PageFreeBatched, PcpDrain, PcpDrainZone, VmapRequest,
                 VmapResult, VmapResultRange, VmapLazyFree, VmapErase, VmapPurgeEnter, VmapPurgeExit, TlbFlushKernel,
                 Vunmap, NewTask, PutStack, StackFreeRcu, TaskForked, TaskExited, TaskFreed, Mark, OtherEvent>;

/// In which context the traced CPU was: the flag characters of the trace.
struct Context {
    enum class Interrupt : std::uint8_t { none, soft, hard, hard_in_soft, nmi };
    bool irqs_off = false;
    bool need_resched = false;
    Interrupt interrupt = Interrupt::none;
    std::uint8_t preempt_depth = 0;
    std::uint8_t migrate_disable_depth = 0;
    friend bool operator==(const Context&, const Context&) = default;
};

struct Event {
    std::uint64_t index = 0; ///< in the trace
    core::Nanoseconds time;
    std::uint32_t pid = 0;
    core::CpuId cpu{0};
    Context context;
    EventBody body;
    friend bool operator==(const Event&, const Event&) = default;
};
static_assert(std::is_trivially_copyable_v<Event> && sizeof(Event) <= 72);

struct EventLog {
    std::vector<Event> events;          ///< by index, without gaps but for the ones left out
    std::vector<std::string> gfp_texts; ///< "GFP_KERNEL|__GFP_ZERO", ...; few
    std::vector<std::string> texts;     ///< of marks and of other events' names
    std::uint64_t left_out = 0;         ///< events of other kinds in the kernel's text
    /// Of the kernel's text: indices of events whose `page` is not that of their `pfn`, as in all other lines.
    std::vector<std::uint64_t> torn;

    [[nodiscard]] const std::string& gfp_text(GfpId id) const { return gfp_texts[id.raw()]; }
    [[nodiscard]] const std::string& text(TextId id) const { return texts[id.raw()]; }
    friend bool operator==(const EventLog&, const EventLog&) = default;
};

/// The flags of a gfp text contain `flag` as a whole word.
[[nodiscard]] bool has_gfp_flag(std::string_view gfp_text, std::string_view flag);

/// By the name: *.csv and *.csv.gz are rows, everything else is the kernel's text.
[[nodiscard]] Result<EventLog> read_events(const std::filesystem::path& path);
/// `file` is the name for errors.
[[nodiscard]] Result<EventLog> parse_events_csv(const std::string& file, std::string_view text);
[[nodiscard]] Result<EventLog> parse_ftrace(const std::string& file, std::string_view text);

} // namespace ksl::sim::capture
