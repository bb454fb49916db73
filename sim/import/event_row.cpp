// SPDX-License-Identifier: MIT
#include "sim/import/event_row.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <unordered_map>
#include <utility>

namespace ksl::sim::capture {

using core::Bytes;
using core::VirtAddr;
using core::VirtRange;

namespace {

constexpr std::uint64_t kMostPfn = (std::uint64_t{1} << 40U) - 1;
constexpr std::uint64_t kMostPid = std::uint64_t{1} << 22U;
/// A real trace has about a dozen different gfp texts; the bound keeps a hostile one from filling memory.
constexpr std::size_t kMostNames = 4096;

std::string shortened(std::string_view text) {
    constexpr std::size_t kMost = 40;
    return text.size() <= kMost ? std::string{text} : std::string{text.substr(0, kMost)} + "...";
}

} // namespace

std::optional<EventKind> event_kind(std::string_view name) {
    static const std::unordered_map<std::string_view, EventKind> kKinds{
        {"mm_page_alloc", EventKind::page_alloc},
        {"mm_page_alloc_bulk", EventKind::page_alloc_bulk},
        {"mm_page_alloc_zone_locked", EventKind::zone_locked_alloc},
        {"mm_page_alloc_extfrag", EventKind::fallback},
        {"mm_page_free", EventKind::page_free},
        {"mm_page_free_batched", EventKind::page_free_batched},
        {"mm_page_pcpu_drain", EventKind::pcp_drain},
        {"pcp_drain_zone", EventKind::pcp_drain_zone},
        {"vmap_request", EventKind::vmap_request},
        {"vmap_result", EventKind::vmap_result},
        {"vmap_result_range", EventKind::vmap_result_range},
        {"vmap_free", EventKind::vmap_lazy_free},
        {"vmap_lazy_free", EventKind::vmap_lazy_free},
        {"vmap_erase", EventKind::vmap_erase},
        {"vmap_purge_enter", EventKind::vmap_purge_enter},
        {"vmap_purge_exit", EventKind::vmap_purge_exit},
        {"tlb_flush_kernel", EventKind::tlb_flush_kernel},
        {"vunmap", EventKind::vunmap},
        {"new_task", EventKind::new_task},
        {"put_stack", EventKind::put_stack},
        {"stack_free_rcu", EventKind::stack_free_rcu},
        {"sched_process_fork", EventKind::forked},
        {"sched_process_exit", EventKind::exited},
        {"sched_process_free", EventKind::freed},
        {"tracing_mark_write", EventKind::mark},
    };
    const auto found = kKinds.find(name);
    return found == kKinds.end() ? std::nullopt : std::optional{found->second};
}

void EventBuilder::refuse(std::string message) {
    if (!error_) error_ = Error{file_, line_, std::move(message)};
}

std::uint64_t EventBuilder::number(std::string_view column, std::string_view text, std::uint64_t most) {
    const bool is_hex = text.starts_with("0x");
    const char* first = text.data() + (is_hex ? 2 : 0);
    const char* last = text.data() + text.size();
    std::uint64_t value = 0;
    const auto [stop, problem] = std::from_chars(first, last, value, is_hex ? 16 : 10);
    if (problem == std::errc{} && stop == last && value <= most) [[likely]]
        return value;
    if (text.empty()) {
        refuse(fmt::format("{} is missing; a number is needed", column));
    } else {
        refuse(fmt::format("{} is \"{}\"; a number from 0 to {} is needed", column, shortened(text), most));
    }
    return 0;
}

core::Nanoseconds EventBuilder::time(std::string_view text) {
    constexpr std::size_t kDecimals = 9;
    constexpr std::uint64_t kMostSeconds = std::uint64_t{1} << 33U;
    const std::size_t dot = std::min(text.find('.'), text.size());
    std::uint64_t nanoseconds = number("time", text.substr(0, dot), kMostSeconds) * 1'000'000'000U;
    std::uint64_t unit = 100'000'000U;
    if (text.size() > dot + 1 + kDecimals) refuse(fmt::format("time is \"{}\"; seconds are needed", shortened(text)));
    for (std::size_t i = dot + 1; i < text.size(); ++i, unit /= 10) {
        if (text[i] < '0' || text[i] > '9') {
            refuse(fmt::format("time is \"{}\"; seconds are needed", shortened(text)));
            break;
        }
        nanoseconds += unit * static_cast<std::uint64_t>(text[i] - '0');
    }
    return core::Nanoseconds{nanoseconds};
}

std::uint8_t EventBuilder::depth(char digit) {
    if (digit == '.') return 0;
    if (digit >= '0' && digit <= '9') return static_cast<std::uint8_t>(digit - '0');
    if (digit >= 'a' && digit <= 'f') return static_cast<std::uint8_t>(digit - 'a' + 10);
    refuse(fmt::format("a depth of the context is '{}'; a hexadecimal digit or '.' is needed", digit));
    return 0;
}

Context EventBuilder::context(std::string_view text) {
    Context context;
    if (text.size() < 4 || text.size() > 5) {
        refuse(fmt::format("the context is \"{}\"; four or five flag characters are needed", shortened(text)));
        return context;
    }
    context.irqs_off = text[0] == 'd' || text[0] == 'D';
    context.need_resched = text[1] != '.';
    switch (text[2]) {
    case '.': break;
    case 's': context.interrupt = Context::Interrupt::soft; break;
    case 'h': context.interrupt = Context::Interrupt::hard; break;
    case 'H': context.interrupt = Context::Interrupt::hard_in_soft; break;
    case 'z':
    case 'Z': context.interrupt = Context::Interrupt::nmi; break;
    default: refuse(fmt::format("the interrupt flag of the context is '{}'; one of .shHzZ is needed", text[2]));
    }
    context.preempt_depth = depth(text[3]);
    if (text.size() == 5) context.migrate_disable_depth = depth(text[4]);
    return context;
}

core::Pfn EventBuilder::pfn(const EventRow& row) {
    return core::Pfn{number("pfn", row.pfn, kMostPfn)};
}

core::Order EventBuilder::order(std::string_view column, std::string_view text) {
    return core::Order{static_cast<unsigned>(number(column, text, core::kOrders - 1))};
}

core::MigrateType EventBuilder::type(std::string_view column, std::string_view text) {
    return static_cast<core::MigrateType>(number(column, text, core::kMigrateTypes - 1));
}

std::uint32_t EventBuilder::pid(std::string_view column, std::string_view text) {
    return static_cast<std::uint32_t>(number(column, text, kMostPid));
}

VirtRange EventBuilder::range(const EventRow& row) {
    const VirtRange range{VirtAddr{number64("start", row.a)}, VirtAddr{number64("end", row.b)}};
    if (range.is_empty() && ok()) {
        refuse(fmt::format("the range {:#x}..{:#x} is empty; start below end is needed", range.lowest.raw(),
                           range.top.raw()));
    }
    return range;
}

PagePath EventBuilder::path(std::string_view text) {
    static constexpr std::array<std::pair<std::string_view, PagePath>, 9> kPaths{{
        {"", PagePath::unknown},
        {"pcp", PagePath::pcp},
        {"pcp_head", PagePath::pcp_head},
        {"pcp_bulk", PagePath::pcp_bulk},
        {"pcp_tail", PagePath::pcp_tail},
        {"buddy", PagePath::buddy},
        {"buddy_direct", PagePath::buddy_direct},
        {"announce", PagePath::announce},
        {"prepare", PagePath::prepare},
    }};
    for (const auto& [name, path] : kPaths) {
        if (name == text) return path;
    }
    refuse(fmt::format("path is \"{}\"; pcp, pcp_bulk, pcp_head, pcp_tail, buddy, buddy_direct, announce or prepare is "
                       "needed",
                       shortened(text)));
    return PagePath::unknown;
}

GfpId EventBuilder::gfp(std::string_view text) {
    const auto known = gfp_ids_.find(text);
    if (known != gfp_ids_.end()) return known->second;
    if (log_.gfp_texts.size() == kMostNames) {
        refuse(fmt::format("more than {} different gfp texts", kMostNames));
        return GfpId{0};
    }
    const GfpId id{static_cast<std::uint16_t>(log_.gfp_texts.size())};
    log_.gfp_texts.emplace_back(text);
    gfp_ids_.emplace(text, id);
    return id;
}

OtherEvent EventBuilder::other(std::string_view name) {
    const auto known = name_ids_.find(name);
    if (known != name_ids_.end()) return {known->second};
    if (name.empty() || name_ids_.size() == kMostNames) {
        refuse(name.empty() ? "the event has no name" : fmt::format("more than {} kinds of events", kMostNames));
        return {TextId{0}};
    }
    const TextId id{static_cast<std::uint32_t>(log_.texts.size())};
    log_.texts.emplace_back(name);
    name_ids_.emplace(name, id);
    return {id};
}

EventBody EventBuilder::page_alloc(const EventRow& row, bool is_bulk) {
    return PageAlloc{
        pfn(row),    order("order", row.order), type("migratetype", row.migratetype), is_bulk, path(row.path),
        gfp(row.gfp)};
}

EventBody EventBuilder::fallback(const EventRow& row) {
    return Fallback{pfn(row),
                    order("order", row.order),
                    type("migratetype", row.migratetype),
                    order("fallback order", row.a),
                    type("fallback migratetype", row.b),
                    flag("fragmenting", row.c),
                    flag("change of ownership", row.d)};
}

EventBody EventBuilder::vmap_body(EventKind kind, const EventRow& row) {
    switch (kind) {
    case EventKind::vmap_request: {
        const Bytes size{number64("size", row.a)};
        const Bytes align{number64("align", row.b)};
        return VmapRequest{size, align,
                           VirtRange{VirtAddr{number64("vstart", row.c)}, VirtAddr{number64("vend", row.d)}}};
    }
    case EventKind::vmap_result: return VmapResult{};
    case EventKind::vmap_result_range: return VmapResultRange{range(row)};
    case EventKind::vmap_lazy_free: return VmapLazyFree{range(row)};
    case EventKind::vmap_erase: return VmapErase{range(row)};
    case EventKind::vmap_purge_enter:
        return VmapPurgeEnter{number64("first argument", row.a), number64("second", row.b)};
    case EventKind::vmap_purge_exit: return VmapPurgeExit{};
    case EventKind::tlb_flush_kernel: return TlbFlushKernel{range(row)};
    default: return Vunmap{VirtAddr{number64("address", row.a)}};
    }
}

EventBody EventBuilder::task_body(EventKind kind, const EventRow& row) {
    switch (kind) {
    case EventKind::new_task: return NewTask{pid("pid", row.a), VirtAddr{number64("stack", row.b)}};
    case EventKind::put_stack: return PutStack{pid("pid", row.a), VirtAddr{number64("stack", row.b)}};
    case EventKind::stack_free_rcu: return StackFreeRcu{VirtAddr{number64("stack", row.a)}};
    case EventKind::forked: return TaskForked{pid("parent", row.a), pid("child", row.b)};
    case EventKind::exited: return TaskExited{pid("pid", row.a)};
    case EventKind::freed: return TaskFreed{pid("pid", row.a)};
    default: log_.texts.emplace_back(row.a); return Mark{TextId{static_cast<std::uint32_t>(log_.texts.size() - 1)}};
    }
}

EventBody EventBuilder::body(EventKind kind, const EventRow& row) {
    switch (kind) {
    case EventKind::page_alloc: return page_alloc(row, false);
    case EventKind::page_alloc_bulk: return page_alloc(row, true);
    case EventKind::zone_locked_alloc:
        return ZoneLockedAlloc{pfn(row), order("order", row.order), type("migratetype", row.migratetype),
                               flag("per-CPU refill", row.a)};
    case EventKind::fallback: return fallback(row);
    case EventKind::page_free: return PageFree{pfn(row), order("order", row.order), path(row.path)};
    case EventKind::page_free_batched:
        return PageFreeBatched{pfn(row), order("order", row.order), !row.a.empty() && flag("cold", row.a),
                               path(row.path)};
    case EventKind::pcp_drain:
        return PcpDrain{pfn(row), order("order", row.order), type("migratetype", row.migratetype)};
    case EventKind::pcp_drain_zone: return PcpDrainZone{};
    case EventKind::vmap_request:
    case EventKind::vmap_result:
    case EventKind::vmap_result_range:
    case EventKind::vmap_lazy_free:
    case EventKind::vmap_erase:
    case EventKind::vmap_purge_enter:
    case EventKind::vmap_purge_exit:
    case EventKind::tlb_flush_kernel:
    case EventKind::vunmap: return vmap_body(kind, row);
    case EventKind::new_task:
    case EventKind::put_stack:
    case EventKind::stack_free_rcu:
    case EventKind::forked:
    case EventKind::exited:
    case EventKind::freed:
    case EventKind::mark: break;
    }
    return task_body(kind, row);
}

} // namespace ksl::sim::capture
