// SPDX-License-Identifier: MIT
//
// The text of the kernel's trace file:
//     "           <...>-42    [000] d..1    10.457726: mm_page_free: page=ffffea0000008fc0 pfn=575 order=0"
// task-pid, optionally (tgid), [cpu], optionally flags, seconds, event, arguments.
#include "sim/import/capture_events.h"
#include "sim/import/event_row.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <unordered_map>
#include <utility>
#include <vector>

namespace ksl::sim::capture {

namespace {

/// Which key of the text fills which column.
struct Keys {
    EventKind kind;
    std::string_view order, migratetype;
    std::array<std::string_view, 4> columns; ///< a, b, c, d; two names may be joined by '|'
};

constexpr std::array kKeys{
    Keys{EventKind::page_alloc, "order", "migratetype", {}},
    Keys{EventKind::page_alloc_bulk, "order", "migratetype", {}},
    Keys{EventKind::zone_locked_alloc, "order", "migratetype", {"percpu_refill"}},
    Keys{EventKind::fallback,
         "alloc_order",
         "alloc_migratetype",
         {"fallback_order", "fallback_migratetype", "fragmenting", "change_ownership"}},
    Keys{EventKind::page_free, "order", "", {}},
    Keys{EventKind::page_free_batched, "order", "", {"cold"}},
    Keys{EventKind::pcp_drain, "order", "migratetype", {}},
    Keys{EventKind::vmap_request, "", "", {"size", "align", "vstart", "vend"}},
    Keys{EventKind::vmap_result_range, "", "", {"start", "end"}},
    Keys{EventKind::vmap_lazy_free, "", "", {"start", "end"}},
    Keys{EventKind::vmap_erase, "", "", {"start", "end"}},
    Keys{EventKind::vmap_purge_enter, "", "", {"sync|start", "force|end"}},
    Keys{EventKind::tlb_flush_kernel, "", "", {"start", "end"}},
    Keys{EventKind::vunmap, "", "", {"addr"}},
    Keys{EventKind::new_task, "", "", {"pid", "stack"}},
    Keys{EventKind::put_stack, "", "", {"pid", "stack"}},
    Keys{EventKind::stack_free_rcu, "", "", {"stack"}},
    Keys{EventKind::forked, "", "", {"pid", "child_pid"}},
    Keys{EventKind::exited, "", "", {"pid"}},
    Keys{EventKind::freed, "", "", {"pid"}},
};

constexpr bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

std::string_view trimmed(std::string_view text) {
    const std::size_t first = std::min(text.find_first_not_of(' '), text.size());
    text.remove_prefix(first);
    return text.substr(0, text.find_last_not_of(' ') + 1);
}

/// The value of " key=" in the arguments; the last one, because a task's name comes first and may contain anything.
std::string_view value_of(std::string_view arguments, std::string_view key) {
    if (key.empty()) return {};
    for (std::size_t at = arguments.rfind(key); at != std::string_view::npos && at != 0;
         at = arguments.rfind(key, at - 1)) {
        const std::size_t equals = at + key.size();
        if (arguments[at - 1] != ' ' || equals >= arguments.size() || arguments[equals] != '=') continue;
        const std::string_view value = arguments.substr(equals + 1);
        return value.substr(0, value.find(' '));
    }
    return {};
}

std::string_view value_of_either(std::string_view arguments, std::string_view keys) {
    const std::size_t bar = std::min(keys.find('|'), keys.size());
    const std::string_view value = value_of(arguments, keys.substr(0, bar));
    return value.empty() && bar != keys.size() ? value_of(arguments, keys.substr(bar + 1)) : value;
}

EventRow row_of(EventKind kind, std::string_view arguments) {
    EventRow row;
    if (kind == EventKind::mark) {
        row.a = trimmed(arguments);
        return row;
    }
    const auto* const keys = std::ranges::find(kKeys, kind, &Keys::kind);
    if (keys == kKeys.end()) return row;
    row.pfn = value_of(arguments, "pfn");
    row.gfp = value_of(arguments, "gfp_flags");
    row.order = value_of(arguments, keys->order);
    row.migratetype = value_of(arguments, keys->migratetype);
    row.a = value_of_either(arguments, keys->columns[0]);
    row.b = value_of_either(arguments, keys->columns[1]);
    row.c = value_of_either(arguments, keys->columns[2]);
    row.d = value_of_either(arguments, keys->columns[3]);
    return row;
}

/// The parts of a line.
struct Line {
    std::string_view pid, cpu, flags, time, event, arguments;
};

/// "[000]" after "-PID" and perhaps "(TGID)"; the task's name before it may contain brackets.
std::size_t find_cpu(std::string_view line, Line& parts) {
    for (std::size_t open = line.find(" ["); open != std::string_view::npos; open = line.find(" [", open + 1)) {
        std::size_t end = open + 2;
        while (end < line.size() && is_digit(line[end])) ++end;
        if (end == open + 2 || end >= line.size() || line[end] != ']') continue;
        std::string_view before = trimmed(line.substr(0, open));
        if (before.ends_with(')')) before = trimmed(before.substr(0, std::min(before.rfind('('), before.size())));
        const std::size_t dash = before.rfind('-');
        if (dash == std::string_view::npos || dash + 1 == before.size()) continue;
        parts.pid = before.substr(dash + 1);
        if (parts.pid.find_first_not_of("0123456789") != std::string_view::npos) continue;
        parts.cpu = line.substr(open + 2, end - open - 2);
        return end + 1;
    }
    return std::string_view::npos;
}

bool split(std::string_view line, Line& parts) {
    const std::size_t after_cpu = find_cpu(line, parts);
    if (after_cpu == std::string_view::npos) return false;
    std::string_view rest = trimmed(line.substr(after_cpu));
    std::size_t end = std::min(rest.find(' '), rest.size());
    parts.flags = {};
    if (!rest.substr(0, end).ends_with(':')) {
        parts.flags = rest.substr(0, end);
        rest = trimmed(rest.substr(end));
        end = std::min(rest.find(' '), rest.size());
    }
    if (!rest.substr(0, end).ends_with(':')) return false;
    parts.time = rest.substr(0, end - 1);
    rest = trimmed(rest.substr(end));
    const std::size_t colon = rest.find(':');
    if (colon == std::string_view::npos) return false;
    parts.event = rest.substr(0, colon);
    parts.arguments = rest.substr(colon + 1); // with the space in front, which keys need
    return true;
}

/// A line names a page twice: by its number and by the address of its struct page, at a distance that is always the
/// same.
class PageAddresses {
public:
    void add(std::uint64_t index, std::string_view page, std::string_view pfn) {
        const auto address = value(page, 16);
        const auto number = value(pfn, 10);
        if (address && number && *number != 0) seen_.push_back({index, *address - *number * kStructPage});
    }
    /// Events at another distance than nearly all.
    [[nodiscard]] std::vector<std::uint64_t> torn() const {
        std::unordered_map<std::uint64_t, std::size_t> count;
        for (const Seen& one : seen_) ++count[one.base];
        const auto most = std::ranges::max_element(count, {}, [](const auto& entry) { return entry.second; });
        std::vector<std::uint64_t> others;
        if (most == count.end() || most->second * 10 < seen_.size() * 9) return others;
        for (const Seen& one : seen_) {
            if (one.base != most->first) others.push_back(one.index);
        }
        return others;
    }

private:
    static constexpr std::uint64_t kStructPage = 64; ///< bytes

    static std::optional<std::uint64_t> value(std::string_view text, int base) {
        if (text.starts_with("0x")) {
            text.remove_prefix(2);
            base = 16;
        }
        std::uint64_t number = 0;
        const auto [stop, problem] = std::from_chars(text.data(), text.data() + text.size(), number, base);
        if (problem != std::errc{} || stop != text.data() + text.size()) return std::nullopt;
        return number;
    }

    struct Seen {
        std::uint64_t index = 0;
        std::uint64_t base = 0;
    };
    std::vector<Seen> seen_;
};

class FtraceReader {
public:
    FtraceReader(const std::string& file, EventLog& log) : log_(log), builder_(file, log) {}

    void add(std::string_view text, int number) {
        builder_.set_line(number);
        if (trimmed(text).empty() || text.starts_with('#')) return;
        if (text.find("[LOST ") != std::string_view::npos) {
            builder_.refuse("the kernel lost events here; a complete trace is needed");
            return;
        }
        Line line;
        if (!split(text, line)) {
            builder_.refuse("is not a line of a trace; \"TASK-PID [CPU] FLAGS SECONDS: EVENT: ...\" is needed");
            return;
        }
        const std::uint64_t index = log_.events.size() + log_.left_out;
        const auto kind = event_kind(line.event);
        if (!kind) {
            ++log_.left_out;
            return;
        }
        Event event;
        event.index = index;
        event.time = builder_.time(line.time);
        if (!line.flags.empty()) event.context = builder_.context(line.flags);
        event.pid = static_cast<std::uint32_t>(builder_.number("pid", line.pid, std::uint64_t{1} << 22U));
        event.cpu = core::CpuId{static_cast<std::uint16_t>(builder_.number("cpu", line.cpu, 8191))};
        const EventRow row = row_of(*kind, line.arguments);
        event.body = builder_.body(*kind, row);
        if (!row.pfn.empty()) pages_.add(index, value_of(line.arguments, "page"), row.pfn);
        log_.events.push_back(event);
    }
    void finish() { log_.torn = pages_.torn(); }
    [[nodiscard]] bool ok() const { return builder_.ok(); }
    [[nodiscard]] Error error() const { return builder_.error(); }

private:
    EventLog& log_;
    EventBuilder builder_;
    PageAddresses pages_;
};

} // namespace

Result<EventLog> parse_ftrace(const std::string& file, std::string_view text) {
    if (text.empty()) return fail(file, 1, "is empty; the text of a trace is needed");
    EventLog log;
    FtraceReader reader{file, log};
    for (int number = 1; !text.empty() && reader.ok(); ++number) {
        const std::size_t end = text.find('\n');
        if (end == std::string_view::npos)
            return fail(file, number, "the last line does not end; the file is truncated");
        reader.add(text.substr(0, end), number);
        text.remove_prefix(end + 1);
    }
    if (!reader.ok()) return std::unexpected(reader.error());
    reader.finish();
    return log;
}

} // namespace ksl::sim::capture
