// SPDX-License-Identifier: MIT
//
// The common middle of both trace formats: an event as columns of text. The CSV reader and the ftrace reader fill a
// row, and one place turns rows into typed events. For use in .cpp files of sim/import only.
#pragma once

#include "sim/import/capture_events.h"

#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace ksl::sim::capture {

enum class EventKind : std::uint8_t {
    page_alloc,
    page_alloc_bulk,
    zone_locked_alloc,
    fallback,
    page_free,
    page_free_batched,
    pcp_drain,
    pcp_drain_zone,
    vmap_request,
    vmap_result,
    vmap_result_range,
    vmap_lazy_free,
    vmap_erase,
    vmap_purge_enter,
    vmap_purge_exit,
    tlb_flush_kernel,
    vunmap,
    new_task,
    put_stack,
    stack_free_rcu,
    forked,
    exited,
    freed,
    mark
};

/// The kind that the kernel calls `name`.
[[nodiscard]] std::optional<EventKind> event_kind(std::string_view name);

/// Columns of events.csv; empty where the event has none.
struct EventRow {
    std::string_view pfn, order, migratetype, gfp, path;
    std::string_view a, b, c, d;
};

/// Turns rows into events; remembers the first thing that is wrong.
class EventBuilder {
public:
    EventBuilder(const std::string& file, EventLog& log) : file_(file), log_(log) {}

    /// Everything read until the next call stands on this line.
    void set_line(int line) { line_ = line; }
    [[nodiscard]] bool ok() const { return !error_; }
    [[nodiscard]] const Error& error() const { return *error_; }
    void refuse(std::string message);

    [[nodiscard]] EventBody body(EventKind kind, const EventRow& row);
    [[nodiscard]] OtherEvent other(std::string_view name);

    /// Decimal, or hexadecimal after "0x".
    [[nodiscard]] std::uint64_t number(std::string_view column, std::string_view text, std::uint64_t most);
    /// Seconds with at most nine decimals.
    [[nodiscard]] core::Nanoseconds time(std::string_view text);
    /// The flag characters "dNs1.": irqs-off, need-resched, interrupt, preempt depth and (since 5.12) migrate-disable
    /// depth.
    [[nodiscard]] Context context(std::string_view text);

private:
    [[nodiscard]] std::uint64_t number64(std::string_view column, std::string_view text) {
        return number(column, text, UINT64_MAX);
    }
    [[nodiscard]] core::Pfn pfn(const EventRow& row);
    [[nodiscard]] core::Order order(std::string_view column, std::string_view text);
    [[nodiscard]] core::MigrateType type(std::string_view column, std::string_view text);
    [[nodiscard]] bool flag(std::string_view column, std::string_view text) { return number(column, text, 1) != 0; }
    [[nodiscard]] std::uint32_t pid(std::string_view column, std::string_view text);
    [[nodiscard]] core::VirtRange range(const EventRow& row);
    [[nodiscard]] PagePath path(std::string_view text);
    [[nodiscard]] GfpId gfp(std::string_view text);
    [[nodiscard]] EventBody page_alloc(const EventRow& row, bool is_bulk);
    [[nodiscard]] EventBody fallback(const EventRow& row);
    [[nodiscard]] EventBody vmap_body(EventKind kind, const EventRow& row);
    [[nodiscard]] EventBody task_body(EventKind kind, const EventRow& row);
    [[nodiscard]] std::uint8_t depth(char digit);

    const std::string& file_;
    EventLog& log_;
    int line_ = 0;
    std::optional<Error> error_;
    std::map<std::string, GfpId, std::less<>> gfp_ids_;
    std::map<std::string, TextId, std::less<>> name_ids_;
};

} // namespace ksl::sim::capture
