// SPDX-License-Identifier: MIT
#include "sim/import/recognise.h"

#include "sim/import/csv_fields.h"

#include <algorithm>
#include <array>

namespace ksl::sim {

namespace {

bool is_hex(std::string_view text) {
    return !text.empty() && text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

std::string_view without_indent(std::string_view line) {
    line.remove_prefix(std::min(line.find_first_not_of(" \t"), line.size()));
    return line;
}

/// "00001000-0009fbff : System RAM"
bool is_iomem(std::string_view line) {
    line = without_indent(line);
    const std::size_t dash = line.find('-');
    const std::size_t colon = line.find(" : ");
    return dash != std::string_view::npos && colon != std::string_view::npos && dash < colon &&
           is_hex(line.substr(0, dash)) && is_hex(line.substr(dash + 1, colon - dash - 1));
}

/// "0xffffc90000000000-0xffffc90000005000   20480 ..."
bool is_vmallocinfo(std::string_view line) {
    const std::size_t dash = line.find("-0x");
    return line.starts_with("0x") && dash != std::string_view::npos && is_hex(line.substr(2, dash - 2));
}

/// "kernel/fork.c:123:12:copy_process<tab>512<tab>static"
bool is_stack_usage(std::string_view line) {
    const std::size_t tab = line.find('\t');
    const std::size_t second = tab == std::string_view::npos ? tab : line.find('\t', tab + 1);
    if (second == std::string_view::npos) return false;
    const std::string_view kind = line.substr(second + 1);
    return kind.starts_with("static") || kind.starts_with("dynamic") || kind.starts_with("bounded");
}

/// "            bash-1234  [000] d.... 12.345678: mm_page_alloc: page=..."
bool is_ftrace(std::string_view line) {
    const std::size_t cpu = line.find(" [");
    if (cpu == std::string_view::npos || line.find("] ", cpu) == std::string_view::npos) return false;
    const std::size_t time = line.find(": ", cpu);
    return time != std::string_view::npos && line.find(": ", time + 2) != std::string_view::npos;
}

std::string_view first_line(std::string_view text) {
    while (!text.empty()) {
        const std::string_view line = take_line(text);
        if (!without_indent(line).empty()) return line;
    }
    return {};
}

} // namespace

std::string_view name_of(ImportFormat format) {
    static constexpr std::array<std::string_view, 13> kNames{
        "buddyinfo", "pagetypeinfo", "zoneinfo",    "vmallocinfo", "iomem", "meminfo",   "page-table dump",
        "ftrace",    "stack_trace",  "stack usage", "events",      "state", "crash dump"};
    return kNames[static_cast<std::size_t>(format)];
}

Result<ImportFormat> recognise(const std::string& file, std::string_view text) {
    const std::string_view line = first_line(text);
    if (line.empty()) return fail(file, 0, "is empty");
    if (line.starts_with("Page block order:")) return ImportFormat::pagetypeinfo;
    if (line.starts_with("Node ") && line.contains("zone")) {
        return text.contains("pages free") ? ImportFormat::zoneinfo : ImportFormat::buddyinfo;
    }
    if (line.starts_with("MemTotal:")) return ImportFormat::meminfo;
    if (line.starts_with("---[ ")) return ImportFormat::page_table_dump;
    if (line.starts_with("index,")) return ImportFormat::events;
    if (line.starts_with("{")) return ImportFormat::state;
    if (line.contains("Depth") && line.contains("Size") && line.contains("Location")) return ImportFormat::stack_trace;
    if (line.starts_with("# tracer:") || is_ftrace(line)) return ImportFormat::ftrace;
    if (is_vmallocinfo(line)) return ImportFormat::vmallocinfo;
    if (is_iomem(line)) return ImportFormat::iomem;
    if (is_stack_usage(line)) return ImportFormat::stack_usage;
    return fail(
        file, 0,
        "is of no known format; /proc/{buddyinfo,pagetypeinfo,zoneinfo,vmallocinfo,iomem,meminfo}, a page-table "
        "dump, ftrace text, stack_trace, *.su, a crash dump or the folder of a capture can be read");
}

} // namespace ksl::sim
