// SPDX-License-Identifier: MIT
#include "sim/run/event_text.h"

#include "core/kstack/overflow.h"
#include "core/kstack/thread_info.h"
#include "core/machine/dma_request.h"

#include <fmt/format.h>

#include <array>
#include <concepts>
#include <type_traits>

namespace ksl::sim {

namespace {

using namespace core;

template <class Enum, std::size_t N>
std::string spelled(Enum value, const std::array<std::string_view, N>& names) {
    const auto index = static_cast<std::size_t>(value);
    return index < N ? fmt::format("\"{}\"", names[index]) : std::to_string(index);
}

std::string plain(MigrateType type) {
    return spelled(type, std::array<std::string_view, 4>{"unmovable", "movable", "reclaimable", "highatomic"});
}
std::string plain(ZoneId zone) {
    return spelled(zone, std::array<std::string_view, 3>{"DMA", "DMA32", "Normal"});
}
std::string plain(PageSize size) {
    return spelled(size, std::array<std::string_view, 3>{"4K", "2M", "1G"});
}
std::string plain(TlbLevel level) {
    return spelled(level, std::array<std::string_view, 2>{"first", "second"});
}
std::string plain(FlushScope scope) {
    return spelled(scope, std::array<std::string_view, 3>{"page", "address_space", "everything"});
}
std::string plain(StackSource source) {
    return spelled(source, std::array<std::string_view, 4>{"page_allocator", "vmalloc", "stack_cache", "pid_slot"});
}
std::string plain(StackSink sink) {
    return spelled(sink,
                   std::array<std::string_view, 5>{"page_allocator", "vmalloc", "stack_cache", "deferred", "pid_slot"});
}
std::string plain(Detector detector) {
    return spelled(detector, std::array<std::string_view, 9>{
                                 "guard_page_fault", "guard_double_fault", "stack_end_check", "oops_report",
                                 "usage_check", "paging_request", "double_fault", "wild_thread_info", "none"});
}
/// What an overflow hit, and which field of thread_info that is.
std::string victim_text(std::uint8_t victim) {
    static constexpr std::array<std::string_view, kVictims> kNames{
        "free_memory", "other_stack",  "slab_object", "page_table", "page_cache",
        "user_page",   "other_kernel", "reserved",    "stack_end",  "thread_info"};
    return spelled(victim, kNames);
}
std::string field_text(const StackOverran& event) {
    const bool is_field = static_cast<Victim>(event.victim) == Victim::thread_info;
    return is_field ? fmt::format("\"{}\"", kThreadInfoFields[event.field].name) : "null";
}
std::string plain(bool value) {
    return value ? "true" : "false";
}
template <std::unsigned_integral Int>
    requires(!std::same_as<Int, bool>)
std::string plain(Int value) {
    return std::to_string(value);
}
std::string address(std::uint64_t value) {
    return fmt::format("\"{:#x}\"", value);
}

std::string call_name(std::uint8_t value) {
    return fmt::format("\"{}\"", core::name_of(static_cast<core::DmaCall>(value)));
}
std::string result_name(std::uint8_t value) {
    return fmt::format("\"{}\"", core::name_of(static_cast<core::DmaResult>(value)));
}

/// Adds a field to the JSON object that is being written.
#define F(how, field) add(text, #field, how(event.field));
/// The same from the whole event.
#define W(how, field) add(text, #field, how(event));
#define KSL_EVENT(Name, fields)                                                                                        \
    [[nodiscard]] std::string_view name_of(const Name& /*event*/) {                                                    \
        return #Name;                                                                                                  \
    }                                                                                                                  \
    void write_fields([[maybe_unused]] const Name& event, std::string& text) {                                         \
        fields                                                                                                         \
    }

void add(std::string& text, std::string_view field, const std::string& value) {
    text += fmt::format("{}\"{}\":{}", text.empty() ? "" : ",", field, value);
}

// clang-format off
KSL_EVENT(PagesAllocated, F(plain, pfn) F(plain, order) F(plain, type) F(plain, zone) F(plain, from_pcp))
KSL_EVENT(PagesRefused, F(plain, order) F(plain, type))
KSL_EVENT(PagesFreed, F(plain, pfn) F(plain, order) F(plain, type) F(plain, to_pcp))
KSL_EVENT(BlockRemoved, F(plain, pfn) F(plain, order) F(plain, type) F(plain, for_pcp))
KSL_EVENT(BlockSplit, F(plain, pfn) F(plain, order))
KSL_EVENT(BlocksMerged, F(plain, pfn) F(plain, order))
KSL_EVENT(PcpRefilled, F(plain, zone) F(plain, order) F(plain, type) F(plain, blocks))
KSL_EVENT(PcpDrained, F(plain, pfn) F(plain, order) F(plain, type))
KSL_EVENT(FallbackTaken, F(plain, pfn) F(plain, block_order) F(plain, wanted) F(plain, taken_from) F(plain, whole_pageblock) F(plain, type_changed))
KSL_EVENT(WatermarkBoosted, F(plain, zone) F(plain, pages))
KSL_EVENT(SlabGrew, F(plain, cache) F(plain, pfn) F(plain, order))
KSL_EVENT(SlabShrank, F(plain, cache) F(plain, pfn) F(plain, order))
KSL_EVENT(Reclaimed, F(plain, scanned) F(plain, pages))
KSL_EVENT(Compacted, F(plain, order) F(plain, succeeded) F(plain, scanned) F(plain, migrated))
KSL_EVENT(OutOfMemory, F(plain, order) F(plain, victim) F(plain, free_pages))
KSL_EVENT(PteWritten, F(address, entry_at) F(address, before) F(address, after) F(plain, level))
KSL_EVENT(TablePageAdded, F(plain, pfn) F(plain, level) F(address, covers))
KSL_EVENT(DirectMapSplit, F(address, address) F(plain, from))
KSL_EVENT(PgdEntryCopied, F(plain, space) F(plain, index) F(plain, by_fault))
KSL_EVENT(TlbFilled, F(address, address) F(plain, size) F(plain, level))
KSL_EVENT(TlbEvicted, F(address, address) F(plain, size) F(plain, level) F(address, by))
KSL_EVENT(TlbMissed, F(address, address) F(plain, level))
KSL_EVENT(PageWalked, F(address, address) F(plain, references) F(plain, leaf_level) F(plain, faulted))
KSL_EVENT(TlbFlushed, F(plain, scope) F(address, from) F(address, to) F(plain, targets))
KSL_EVENT(PageFaulted, F(address, address) F(plain, error_code))
KSL_EVENT(AreaReserved, F(address, start) F(address, end) F(plain, steps))
KSL_EVENT(AreaRefused, F(plain, size))
KSL_EVENT(AreaFreedLazily, F(address, start) F(address, end) F(plain, lazy_pages))
KSL_EVENT(AreasPurged, F(plain, areas) F(plain, pages) F(address, flushed_from) F(address, flushed_to))
KSL_EVENT(TaskCreated, F(plain, task) F(plain, parent) F(address, stack_lowest) F(plain, source))
KSL_EVENT(CloneFailed, F(plain, parent) F(plain, errno_value))
KSL_EVENT(TaskExited, F(plain, task))
KSL_EVENT(TaskReleased, F(plain, task) F(plain, deferred_cycles))
KSL_EVENT(StackReleased, F(plain, task) F(address, stack_lowest) F(plain, sink))
KSL_EVENT(ContextSwitched, F(plain, from) F(plain, to))
KSL_EVENT(CallPushed, F(plain, task) F(plain, bytes) F(address, sp))
KSL_EVENT(CallReturned, F(plain, task) F(address, sp))
KSL_EVENT(StackOverran, F(plain, task) F(address, from) F(address, to) F(victim_text, victim) F(plain, owner) F(plain, offset) W(field_text, field) F(address, value))
KSL_EVENT(OverflowNoticed, F(plain, task) F(address, address) F(plain, after) F(plain, detector) F(plain, machine_dies) F(plain, magic_is_gone))
KSL_EVENT(TaskKilled, F(plain, task))
KSL_EVENT(MachineDied, F(plain, task))
KSL_EVENT(GracePeriodStarted, F(plain, number))
KSL_EVENT(GracePeriodEnded, F(plain, number))
KSL_EVENT(CallbacksRun, F(plain, count))
KSL_EVENT(WorkQueued, F(plain, kind))
KSL_EVENT(WorkDone, F(plain, kind) F(plain, items))
KSL_EVENT(StackUsageReported, F(plain, task) F(plain, used) F(plain, free))
KSL_EVENT(StackErased, F(plain, task) F(address, from) F(plain, bytes))
KSL_EVENT(DmaMapped, F(plain, task) F(call_name, call) F(result_name, result) F(plain, warned) F(plain, length) F(address, buffer) F(address, bus))
KSL_EVENT(DmaStruck, F(plain, task) F(address, from) F(address, to) F(plain, victim))
KSL_EVENT(CpuUnplugged, F(plain, cpu) F(plain, stacks_freed) F(plain, stacks_kept) F(plain, callbacks_moved))
KSL_EVENT(CpuPlugged, F(plain, cpu))
// clang-format on
#undef KSL_EVENT
#undef F
#undef W

} // namespace

std::string_view event_name(const EventBody& event) {
    return std::visit([](const auto& body) { return name_of(body); }, event);
}

std::string event_json(const EventBody& event) {
    std::string text;
    std::visit([&](const auto& body) { write_fields(body, text); }, event);
    return "{" + text + "}";
}

} // namespace ksl::sim
