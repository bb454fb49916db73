// SPDX-License-Identifier: MIT
#include "sim/verify/trace_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <expected>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

namespace ksl::sim {

namespace {

using capture::Event;
using capture::EventBody;
using capture::EventLog;

/// With more rows than this in doubt, not each is tried by itself.
constexpr std::size_t kMostTried = 64;
/// A row or a line that is missing is looked for so far on.
constexpr std::size_t kReach = 64;

/// What an event says, in the terms of one log.
struct Told {
    const EventLog* log;
    const Event* event;
};

/// The same body, but for what only one of the tellings has: the path, which is derived, and numbers of texts.
bool is_same_body(const Told& a, const Told& b) {
    if (a.event->body.index() != b.event->body.index()) return false;
    return std::visit(
        [&](const auto& one) {
            using Body = std::remove_cvref_t<decltype(one)>;
            Body other = std::get<Body>(b.event->body);
            if constexpr (std::is_same_v<Body, capture::Mark>) {
                return a.log->text(one.text) == b.log->text(other.text);
            } else if constexpr (std::is_same_v<Body, capture::OtherEvent>) {
                return true;
            } else if constexpr (std::is_same_v<Body, capture::PageAlloc>) {
                const bool is_same_gfp = a.log->gfp_text(one.gfp) == b.log->gfp_text(other.gfp);
                other.gfp = one.gfp;
                other.path = one.path;
                return is_same_gfp && one == other;
            } else if constexpr (std::is_same_v<Body, capture::PageFree> ||
                                 std::is_same_v<Body, capture::PageFreeBatched>) {
                other.path = one.path;
                return one == other;
            } else {
                return one == other;
            }
        },
        a.event->body);
}

bool is_same(const Told& a, const Told& b) {
    return a.event->time == b.event->time && a.event->pid == b.event->pid && a.event->context == b.event->context &&
           is_same_body(a, b);
}

/// What the replays answer themselves; of anything else a false telling changes what comes after it.
bool is_answer(const Told& row, const Told& line) {
    if (row.event->time != line.event->time || row.event->pid != line.event->pid ||
        row.event->context != line.event->context || row.event->body.index() != line.event->body.index())
        return false;
    if (const auto* page = std::get_if<capture::PageAlloc>(&row.event->body)) {
        const auto& other = std::get<capture::PageAlloc>(line.event->body);
        return page->order == other.order && page->type == other.type &&
               row.log->gfp_text(page->gfp) == line.log->gfp_text(other.gfp);
    }
    return !std::holds_alternative<capture::PageFree>(row.event->body) &&
           !std::holds_alternative<capture::PageFreeBatched>(row.event->body) &&
           !std::holds_alternative<capture::VmapRequest>(row.event->body) &&
           !std::holds_alternative<capture::VmapPurgeEnter>(row.event->body) &&
           !std::holds_alternative<capture::Mark>(row.event->body);
}

std::string_view name_of(const EventBody& body) {
    struct Names {
        std::string_view operator()(const capture::PageAlloc& page) const {
            return page.is_bulk ? "mm_page_alloc_bulk" : "mm_page_alloc";
        }
        std::string_view operator()(const capture::ZoneLockedAlloc&) const { return "mm_page_alloc_zone_locked"; }
        std::string_view operator()(const capture::Fallback&) const { return "mm_page_alloc_extfrag"; }
        std::string_view operator()(const capture::PageFree&) const { return "mm_page_free"; }
        std::string_view operator()(const capture::PageFreeBatched&) const { return "mm_page_free_batched"; }
        std::string_view operator()(const capture::PcpDrain&) const { return "mm_page_pcpu_drain"; }
        std::string_view operator()(const capture::PcpDrainZone&) const { return "pcp_drain_zone"; }
        std::string_view operator()(const capture::VmapRequest&) const { return "vmap_request"; }
        std::string_view operator()(const capture::VmapResult&) const { return "vmap_result"; }
        std::string_view operator()(const capture::VmapResultRange&) const { return "vmap_result_range"; }
        std::string_view operator()(const capture::VmapLazyFree&) const { return "vmap_free"; }
        std::string_view operator()(const capture::VmapErase&) const { return "vmap_erase"; }
        std::string_view operator()(const capture::VmapPurgeEnter&) const { return "vmap_purge_enter"; }
        std::string_view operator()(const capture::VmapPurgeExit&) const { return "vmap_purge_exit"; }
        std::string_view operator()(const capture::TlbFlushKernel&) const { return "tlb_flush_kernel"; }
        std::string_view operator()(const capture::Vunmap&) const { return "vunmap"; }
        std::string_view operator()(const capture::NewTask&) const { return "new_task"; }
        std::string_view operator()(const capture::PutStack&) const { return "put_stack"; }
        std::string_view operator()(const capture::StackFreeRcu&) const { return "stack_free_rcu"; }
        std::string_view operator()(const capture::TaskForked&) const { return "sched_process_fork"; }
        std::string_view operator()(const capture::TaskExited&) const { return "sched_process_exit"; }
        std::string_view operator()(const capture::TaskFreed&) const { return "sched_process_free"; }
        std::string_view operator()(const capture::Mark&) const { return "tracing_mark_write"; }
        std::string_view operator()(const capture::OtherEvent&) const { return "another event"; }
    };
    return std::visit(Names{}, body);
}

std::string shown(core::VirtRange range) {
    return fmt::format("{:#x}..{:#x}", range.lowest.raw(), range.top.raw());
}

/// The figures of a body, as far as they can differ.
std::string figures_of(const EventLog& log, const EventBody& any) {
    return std::visit(
        [&](const auto& body) -> std::string {
            using Body = std::remove_cvref_t<decltype(body)>;
            if constexpr (std::is_same_v<Body, capture::PageAlloc>) {
                return fmt::format("pfn {} of order {}, type {}, {}", body.pfn.raw(), body.order.raw(),
                                   static_cast<unsigned>(body.type), log.gfp_text(body.gfp));
            } else if constexpr (std::is_same_v<Body, capture::ZoneLockedAlloc>) {
                return fmt::format("pfn {} of order {}, type {}{}", body.pfn.raw(), body.order.raw(),
                                   static_cast<unsigned>(body.type), body.is_refill ? ", for a page list" : "");
            } else if constexpr (std::is_same_v<Body, capture::Fallback>) {
                return fmt::format("pfn {} of order {} from type {} for order {}, type {}, {}, pageblock {}",
                                   body.pfn.raw(), body.fallback_order.raw(), static_cast<unsigned>(body.fallback_type),
                                   body.order.raw(), static_cast<unsigned>(body.type),
                                   body.is_fragmenting ? "fragmenting" : "not fragmenting",
                                   body.changes_type ? "claimed" : "not claimed");
            } else if constexpr (std::is_same_v<Body, capture::PageFree>) {
                return fmt::format("pfn {} of order {}", body.pfn.raw(), body.order.raw());
            } else if constexpr (std::is_same_v<Body, capture::PageFreeBatched>) {
                return fmt::format("pfn {} of order {}{}", body.pfn.raw(), body.order.raw(),
                                   body.is_cold ? ", cold" : "");
            } else if constexpr (std::is_same_v<Body, capture::PcpDrain>) {
                return fmt::format("pfn {} of order {}, type {}", body.pfn.raw(), body.order.raw(),
                                   static_cast<unsigned>(body.type));
            } else if constexpr (std::is_same_v<Body, capture::VmapRequest>) {
                return fmt::format("{:#x} bytes, alignment {:#x}, in {}", body.size.count(), body.align.count(),
                                   shown(body.window));
            } else if constexpr (requires { body.range; }) {
                return shown(body.range);
            } else if constexpr (std::is_same_v<Body, capture::VmapPurgeEnter>) {
                return fmt::format("{:#x}, {:#x}", body.first, body.second);
            } else if constexpr (std::is_same_v<Body, capture::Vunmap>) {
                return fmt::format("{:#x}", body.address.raw());
            } else if constexpr (std::is_same_v<Body, capture::NewTask> || std::is_same_v<Body, capture::PutStack>) {
                return fmt::format("pid {}, stack {:#x}", body.pid, body.stack.raw());
            } else if constexpr (std::is_same_v<Body, capture::StackFreeRcu>) {
                return fmt::format("stack {:#x}", body.stack.raw());
            } else if constexpr (std::is_same_v<Body, capture::TaskForked>) {
                return fmt::format("pid {} forks {}", body.parent, body.child);
            } else if constexpr (std::is_same_v<Body, capture::TaskExited> ||
                                 std::is_same_v<Body, capture::TaskFreed>) {
                return fmt::format("pid {}", body.pid);
            } else if constexpr (std::is_same_v<Body, capture::Mark>) {
                return log.text(body.text);
            } else {
                return {};
            }
        },
        any);
}

std::string text_of(const Told& told) {
    const capture::Context& context = told.event->context;
    return fmt::format("{}.{:09} pid {}{}, in interrupt {}, depth {}: {} {}", told.event->time.count() / 1'000'000'000U,
                       told.event->time.count() % 1'000'000'000U, told.event->pid,
                       context.irqs_off ? ", interrupts off" : "", static_cast<unsigned>(context.interrupt),
                       context.preempt_depth, name_of(told.event->body), figures_of(*told.log, told.event->body));
}

/// A row and a line that should be the same and are not; npos: there is none.
struct Doubt {
    static constexpr std::size_t kNone = static_cast<std::size_t>(-1);
    std::size_t row = kNone;
    std::size_t line = kNone;
};

/// Puts rows and lines side by side.
std::vector<Doubt> align(const EventLog& rows, const EventLog& lines) {
    const auto same_at = [&](std::size_t row, std::size_t line) {
        return row < rows.events.size() && line < lines.events.size() &&
               is_same({&rows, &rows.events[row]}, {&lines, &lines.events[line]});
    };
    const auto goes_on_at = [&](std::size_t row, std::size_t line) {
        return same_at(row, line) && same_at(row + 1, line + 1);
    };
    std::vector<Doubt> doubts;
    std::size_t row = 0;
    std::size_t line = 0;
    while (row < rows.events.size() && line < lines.events.size()) {
        if (same_at(row, line)) {
            ++row;
            ++line;
            continue;
        }
        std::size_t skip = 0;
        if (!same_at(row + 1, line + 1)) {
            for (std::size_t far = 1; far <= kReach && skip == 0; ++far) {
                if (goes_on_at(row + far, line + far)) break; // as many rows as lines
                if (goes_on_at(row + far, line) || goes_on_at(row, line + far)) skip = far;
            }
        }
        if (skip == 0) {
            doubts.push_back({row++, line++});
        } else if (goes_on_at(row + skip, line)) {
            for (; skip > 0; --skip) doubts.push_back({row++, Doubt::kNone});
        } else {
            for (; skip > 0; --skip) doubts.push_back({Doubt::kNone, line++});
        }
    }
    while (row < rows.events.size()) doubts.push_back({row++, Doubt::kNone});
    while (line < lines.events.size()) doubts.push_back({Doubt::kNone, line++});
    return doubts;
}

/// Lines that contradict themselves; a line in doubt counts as that.
void judge_torn(const EventLog& text, const std::vector<Doubt>& doubts, PartResult& part) {
    for (const std::uint64_t index : text.torn) {
        const auto at = std::ranges::lower_bound(text.events, index, {}, &Event::index);
        const auto line = static_cast<std::size_t>(at - text.events.begin());
        if (at == text.events.end() || std::ranges::find(doubts, line, &Doubt::line) != doubts.end()) continue;
        part.add_difference({.event = index,
                             .where = "the text of the trace",
                             .recorded = "page= is of another frame",
                             .engine = text_of({&text, &*at}),
                             .around = {}});
    }
}

/// The capture with some rows as their lines tell them.
class Retold {
public:
    Retold(capture::Capture& capture, const EventLog& text) : capture_(capture), text_(text) {}

    void use_line(const Doubt& doubt) {
        Event& row = capture_.log.events[doubt.row];
        replaced_.emplace_back(doubt.row, row);
        const Event& line = text_.events[doubt.line];
        row.time = line.time;
        row.pid = line.pid;
        row.context = line.context;
        row.body = body_of(line.body, row.body);
    }
    void use_row(const Doubt& doubt) {
        const auto known = std::ranges::find(replaced_, doubt.row, &std::pair<std::size_t, Event>::first);
        if (known == replaced_.end()) return;
        capture_.log.events[doubt.row] = known->second;
        replaced_.erase(known);
    }

private:
    /// In the terms of the capture's log; `row` lends the path.
    EventBody body_of(EventBody line, const EventBody& row) {
        if (auto* page = std::get_if<capture::PageAlloc>(&line)) {
            if (const auto* own = std::get_if<capture::PageAlloc>(&row)) page->path = own->path;
            page->gfp = gfp_of(text_.gfp_text(page->gfp));
        } else if (auto* free = std::get_if<capture::PageFree>(&line)) {
            if (const auto* own = std::get_if<capture::PageFree>(&row)) free->path = own->path;
        } else if (auto* batched = std::get_if<capture::PageFreeBatched>(&line)) {
            if (const auto* own = std::get_if<capture::PageFreeBatched>(&row)) batched->path = own->path;
        } else if (auto* mark = std::get_if<capture::Mark>(&line)) {
            capture_.log.texts.push_back(text_.text(mark->text));
            mark->text = capture::TextId{static_cast<std::uint32_t>(capture_.log.texts.size() - 1)};
        }
        return line;
    }
    capture::GfpId gfp_of(const std::string& text) {
        std::vector<std::string>& texts = capture_.log.gfp_texts;
        const auto known = std::ranges::find(texts, text);
        const auto id = static_cast<std::uint16_t>(known - texts.begin());
        if (known == texts.end()) texts.push_back(text);
        return capture::GfpId{id};
    }

    capture::Capture& capture_;
    const EventLog& text_;
    std::vector<std::pair<std::size_t, Event>> replaced_;
};

/// Decides row by row which telling to believe.
class Arbiter {
public:
    Arbiter(capture::Capture& capture, const EventLog& text, const CountDifferences& count)
        : capture_(capture), retold_(capture, text), count_(count) {}

    Result<void> start() {
        KSL_TRY_ASSIGN(fewest, count_(capture_, UINT64_MAX));
        fewest_ = fewest;
        return {};
    }
    /// Of the tellings that are believed so far.
    [[nodiscard]] std::uint64_t fewest() const { return fewest_; }

    /// How many differ if all of these rows were told by their lines; nothing is changed.
    Result<std::uint64_t> with_lines(const std::vector<Doubt>& doubts) {
        use_lines(doubts);
        KSL_TRY_ASSIGN(differences, count_(capture_, UINT64_MAX));
        use_rows(doubts);
        return differences;
    }
    /// These are told by their lines from now on, if less differs then.
    Result<bool> prefers_lines(const std::vector<Doubt>& doubts) {
        use_lines(doubts);
        KSL_TRY_ASSIGN(is_better, is_less());
        if (!is_better) use_rows(doubts);
        return is_better;
    }
    /// The same the other way round.
    Result<bool> prefers_row(const Doubt& doubt) {
        retold_.use_row(doubt);
        KSL_TRY_ASSIGN(is_better, is_less());
        if (!is_better) retold_.use_line(doubt);
        return is_better;
    }
    void use_rows(const std::vector<Doubt>& doubts) {
        for (const Doubt& doubt : doubts) retold_.use_row(doubt);
    }

private:
    void use_lines(const std::vector<Doubt>& doubts) {
        for (const Doubt& doubt : doubts) retold_.use_line(doubt);
    }
    Result<bool> is_less() {
        KSL_TRY_ASSIGN(differences, count_(capture_, fewest_));
        if (differences >= fewest_) return false;
        fewest_ = differences;
        return true;
    }

    capture::Capture& capture_;
    Retold retold_;
    const CountDifferences& count_;
    std::uint64_t fewest_ = 0;
};

/// Of false requests, each row's better telling. What the answers in doubt add to the differences is no reason to look
/// further: each false row of them adds one, each false line one if the lines are followed.
Result<void> settle_requests(Arbiter& arbiter, const std::vector<Doubt>& requests, const std::vector<Doubt>& answers) {
    if (requests.empty() || arbiter.fewest() == 0) return {};
    KSL_TRY_ASSIGN(by_lines, arbiter.prefers_lines(requests));
    if (requests.size() == 1) return {};
    KSL_TRY_ASSIGN(otherwise, arbiter.with_lines(answers));
    if (arbiter.fewest() + otherwise <= answers.size()) return {};
    for (const Doubt& doubt : requests) {
        auto changed = by_lines ? arbiter.prefers_row(doubt) : arbiter.prefers_lines({doubt});
        if (!changed) return std::unexpected(changed.error());
    }
    return {};
}

/// The answers in doubt to which the replays object: their rows are wrong.
Result<std::vector<Doubt>> objected(Arbiter& arbiter, const std::vector<Doubt>& answers) {
    std::vector<Doubt> wrong;
    if (answers.empty() || arbiter.fewest() == 0) return wrong;
    KSL_TRY_ASSIGN(by_lines, arbiter.with_lines(answers));
    if (by_lines + answers.size() == arbiter.fewest()) return answers;
    for (const Doubt& doubt : answers) {
        KSL_TRY_ASSIGN(is_better, arbiter.prefers_lines({doubt}));
        if (is_better) wrong.push_back(doubt);
    }
    arbiter.use_rows(wrong);
    return wrong;
}

} // namespace

Result<void> settle_trace(capture::Capture& capture, const capture::EventLog& text, const CountDifferences& count,
                          PartResult& part) {
    const EventLog recorded = capture.log;
    const std::vector<Doubt> doubts = align(recorded, text);
    part.add_exact(recorded.events.size() - static_cast<std::size_t>(std::ranges::count_if(
                                                doubts, [](const Doubt& any) { return any.row != Doubt::kNone; })));
    const auto differ = [&](const Doubt& doubt) {
        const bool has_row = doubt.row != Doubt::kNone;
        const bool has_line = doubt.line != Doubt::kNone;
        const Told row{&recorded, has_row ? &recorded.events[doubt.row] : nullptr};
        const Told line{&text, has_line ? &text.events[doubt.line] : nullptr};
        part.add_difference({.event = has_row ? row.event->index : line.event->index,
                             .where = "events.csv, and the text of the trace",
                             .recorded = has_row ? text_of(row) : "no row",
                             .engine = has_line ? text_of(line) : "no line",
                             .around = {}});
    };
    std::vector<Doubt> requests;
    std::vector<Doubt> answers;
    for (const Doubt& doubt : doubts) {
        if (doubt.row == Doubt::kNone || doubt.line == Doubt::kNone) {
            differ(doubt);
            continue;
        }
        const Told row{&recorded, &recorded.events[doubt.row]};
        const Told line{&text, &text.events[doubt.line]};
        (is_answer(row, line) ? answers : requests).push_back(doubt);
    }
    for (const Doubt& doubt : requests) differ(doubt);
    judge_torn(text, doubts, part);
    if (requests.empty() && answers.empty()) return {};
    if (doubts.size() > kMostTried) {
        for (const Doubt& doubt : answers) differ(doubt);
        return {};
    }

    Arbiter arbiter{capture, text, count};
    KSL_TRY(arbiter.start());
    KSL_TRY(settle_requests(arbiter, requests, answers));
    KSL_TRY_ASSIGN(wrong, objected(arbiter, answers));
    for (const Doubt& doubt : answers) {
        // Where the replays object, they count.
        if (std::ranges::find(wrong, doubt.row, &Doubt::row) == wrong.end()) differ(doubt);
    }
    return {};
}

} // namespace ksl::sim
