// SPDX-License-Identifier: MIT
#include "sim/import/fragmented_capture.h"

#include "sim/import/csv_fields.h"
#include "sim/import/read_file.h"

#include <fmt/format.h>

#include <array>
#include <map>

namespace ksl::sim::capture {

namespace fs = std::filesystem;

namespace {

constexpr std::string_view kHeading = "## ";
constexpr std::size_t kMostThreads = 1'000'000;
constexpr std::size_t kOrders = 11;

/// What follows `name` in `line`, up to the next blank.
std::optional<std::uint64_t> number_after(std::string_view line, std::string_view name) {
    const std::size_t at = line.find(name);
    if (at == std::string_view::npos) return std::nullopt;
    std::string_view rest = line.substr(at + name.size());
    return parse_number(rest.substr(0, rest.find_first_of(" ,)\n")));
}

/// The sections of result.txt by heading.
std::map<std::string, std::string_view, std::less<>> sections_of(std::string_view text) {
    std::map<std::string, std::string_view, std::less<>> sections;
    std::string heading;
    std::string_view rest = text;
    std::size_t begin = 0;
    while (!rest.empty()) {
        const auto at = static_cast<std::size_t>(rest.data() - text.data());
        const std::string_view line = take_line(rest);
        if (!line.starts_with(kHeading)) continue;
        if (!heading.empty()) sections[heading] = text.substr(begin, at - begin);
        heading = line.substr(kHeading.size());
        begin = static_cast<std::size_t>(rest.data() - text.data());
    }
    if (!heading.empty()) sections[heading] = text.substr(std::min(begin, text.size()));
    return sections;
}

struct FreeList {
    proc::BuddyZone zone;
    std::uint64_t free_kib = 0;
};

/// The counts in "409*4kB (U) 367*8kB (U) ...": nothing if an order is missing or one too many.
std::optional<std::vector<std::uint64_t>> blocks_in(std::string_view text) {
    std::vector<std::uint64_t> blocks;
    while (!text.empty()) {
        const std::string_view word = text.substr(0, text.find(' '));
        text.remove_prefix(std::min(text.size(), word.size() + 1));
        const std::size_t star = word.find('*');
        if (star == std::string_view::npos) continue; // "(U)"
        const auto count = parse_number(word.substr(0, star));
        if (!count || blocks.size() == kOrders || word.substr(star + 1) != fmt::format("{}kB", 4U << blocks.size()))
            return std::nullopt;
        blocks.push_back(*count);
    }
    if (blocks.size() != kOrders) return std::nullopt;
    return blocks;
}

/// "DMA: 409*4kB (U) 367*8kB (U) ... = 4572kB" behind a time stamp; 4.9 continues in the same line with the next zone.
std::optional<std::vector<FreeList>> free_lists_in(std::string_view line) {
    std::vector<FreeList> lists;
    for (std::size_t colon = line.find(": "); colon != std::string_view::npos; colon = line.find(": ")) {
        const std::size_t equals = line.find(" = ", colon);
        if (equals == std::string_view::npos) return std::nullopt;
        const std::size_t end = line.find("kB", equals);
        auto blocks = blocks_in(line.substr(colon + 2, equals - colon - 2));
        const auto sum = parse_number(line.substr(equals + 3, end == std::string_view::npos ? 0 : end - equals - 3));
        if (!blocks || !sum) return std::nullopt;
        const std::string_view before = line.substr(0, colon);
        const std::string_view name = before.substr(before.rfind(' ') + 1);
        lists.push_back(
            {.zone = {.node = 0, .zone = std::string{name}, .free_blocks = std::move(*blocks)}, .free_kib = *sum});
        line.remove_prefix(end + 2);
    }
    return lists;
}

} // namespace

namespace {

/// "358,4330,0,27240" among other things: what is no such row is nothing.
std::optional<FragmentedThread> printed_row(std::string_view line) {
    std::array<std::string_view, 4> fields;
    if (!split_fields(line, fields)) return std::nullopt;
    std::array<std::uint64_t, 4> numbers{};
    for (std::size_t i = 0; i < numbers.size(); ++i) {
        const auto number = parse_number(fields[i]);
        if (!number) return std::nullopt;
        numbers[i] = *number;
    }
    return FragmentedThread{
        .number = numbers[0], .instructions = numbers[1], .error = numbers[2], .free_kib = numbers[3]};
}

/// Pieces like "DMA: 409*4kB (U) ... = 4572kB", a zone each; 4.9's log has all zones in one line.
std::vector<std::string> free_list_lines(std::string_view text) {
    std::vector<std::string> lines;
    while (!text.empty()) {
        std::string_view line = take_line(text);
        for (std::size_t first = line.find("*4kB"); first != std::string_view::npos; first = line.find("*4kB")) {
            const std::size_t colon = line.rfind(':', first);
            const std::size_t blank = colon == std::string_view::npos ? colon : line.rfind(' ', colon);
            const std::size_t equals = line.find(" = ", first);
            const std::size_t end = equals == std::string_view::npos ? equals : line.find("kB", equals);
            const std::size_t from = blank == std::string_view::npos ? 0 : blank + 1;
            const std::size_t top = end == std::string_view::npos ? line.size() : end + 2;
            lines.emplace_back(line.substr(from, top - from));
            line.remove_prefix(top);
        }
    }
    return lines;
}

} // namespace

Result<void> parse_fragmented_result(const std::string& file, std::string_view text, FragmentedCapture& into) {
    const auto sections = sections_of(text);
    const auto section = [&](std::string_view name) -> Result<std::string_view> {
        const auto found = sections.find(name);
        if (found == sections.end())
            return fail(file, 0, fmt::format("has no section \"## {}\"; the whole file would be right", name));
        return found->second;
    };
    KSL_TRY_ASSIGN(buddy, section("buddyinfo punched"));
    KSL_TRY_ASSIGN(types, section("pagetypeinfo punched"));
    KSL_TRY_ASSIGN(free, proc::parse_buddyinfo(file + " (buddyinfo punched)", buddy));
    KSL_TRY_ASSIGN(by_type, proc::parse_pagetypeinfo(file + " (pagetypeinfo punched)", types));
    into.free = std::move(free);
    into.types = std::move(by_type);
    into.counts_by_zone = text.contains("allocstall_dma");
    for (const auto& [heading, ignored] : sections) {
        if (heading.starts_with("punched ")) into.free_kib = number_after(heading, "free_kb ").value_or(0);
        if (heading.starts_with("threads created ")) into.created = number_after(heading, "threads created ");
    }
    into.oom_lists_copies = free_list_lines(text);
    for (std::string_view rest = text; !rest.empty();) {
        const auto row = printed_row(take_line(rest));
        if (row && into.copies.size() < kMostThreads) into.copies.push_back(*row);
    }
    if (into.free_kib == 0) return fail(file, 0, "does not say what was free; \"## punched free_kb N\" would be right");
    return {};
}

Result<std::vector<FragmentedThread>> parse_fragmented_threads(const std::string& file, std::string_view text) {
    constexpr std::string_view kHeader = "thread,create_instructions,errno,free_kb_after";
    if (take_line(text) != kHeader)
        return fail(file, 1, fmt::format("is no list of threads; \"{}\" would be right", kHeader));
    std::vector<FragmentedThread> threads;
    for (int line = 2; !text.empty(); ++line) {
        std::array<std::string_view, 4> fields;
        if (!split_fields(take_line(text), fields)) return fail(file, line, "does not have four fields");
        const auto number = parse_number(fields[0]);
        const auto instructions = parse_number(fields[1]);
        const auto error = parse_number(fields[2]);
        const auto free = parse_number(fields[3]);
        if (!number || !instructions || !error || !free)
            return fail(file, line, "is not a row of numbers; thread, instructions, errno, free KiB would be right");
        if (threads.size() == kMostThreads) return fail(file, line, "more than a million threads");
        threads.push_back({.number = *number, .instructions = *instructions, .error = *error, .free_kib = *free});
    }
    if (threads.empty()) return fail(file, 2, "has no thread");
    return threads;
}

Result<OomReport> parse_oom_report(const std::string& file, std::string_view text) {
    OomReport report;
    bool has_order = false;
    int number = 0;
    while (!text.empty()) {
        const std::string_view line = take_line(text);
        ++number;
        if (line.contains("invoked oom-killer")) {
            if (has_order) break; // the next report
            const auto order = number_after(line, "order=");
            if (!order) return fail(file, number, "does not say which order was asked for; order=N would be right");
            report.order = *order;
            has_order = true;
        } else if (has_order && line.contains("*4kB")) {
            auto lists = free_lists_in(line);
            if (!lists)
                return fail(
                    file, number,
                    fmt::format("is not a line of free lists; ZONE: N*4kB ... = NkB with {} orders would be right",
                                kOrders));
            for (FreeList& list : *lists) {
                report.free.push_back(std::move(list.zone));
                report.free_kib.push_back(list.free_kib);
            }
        }
    }
    if (!has_order) return fail(file, 0, "the out-of-memory killer does not appear in it");
    if (report.free.empty()) return fail(file, 0, "the report shows no free lists");
    return report;
}

Result<FragmentedCapture> read_fragmented(const fs::path& folder) {
    FragmentedCapture capture;
    KSL_TRY_ASSIGN(lists, read_file(folder / "result.txt"));
    KSL_TRY(parse_fragmented_result((folder / "result.txt").string(), lists, capture));
    KSL_TRY_ASSIGN(rows, read_file(folder / "clone.csv"));
    KSL_TRY_ASSIGN(threads, parse_fragmented_threads((folder / "clone.csv").string(), rows));
    capture.threads = std::move(threads);
    std::error_code ignored;
    const fs::path console = folder / "oom.console.txt";
    if (fs::exists(console, ignored)) {
        KSL_TRY_ASSIGN(text, read_file(console));
        KSL_TRY_ASSIGN(report, parse_oom_report(console.string(), text));
        capture.oom = std::move(report);
        capture.oom_lists = free_list_lines(text);
    }
    return capture;
}

} // namespace ksl::sim::capture
