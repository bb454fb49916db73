// SPDX-License-Identifier: MIT
#include "sim/import/page_table_dump.h"

#include "sim/import/text_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

namespace ksl::sim {

using core::Bytes;
using core::VirtAddr;

namespace {

std::uint64_t hex(TextReader& reader, std::string_view what, std::string_view text) {
    if (!text.starts_with("0x")) {
        reader.refuse(fmt::format("{} is \"{}\"; a number like 0xffffc90000000000 is needed", what, shortened(text)));
        return 0;
    }
    return reader.number_in(what, text.substr(2), 16);
}

/// "612K": the size in the largest unit that leaves no rest.
std::uint64_t read_size(TextReader& reader) {
    constexpr std::string_view kUnits = "KMGTPE";
    std::string_view text = reader.word();
    const std::size_t unit = text.empty() ? std::string_view::npos : kUnits.find(text.back());
    if (unit == std::string_view::npos) {
        reader.refuse(fmt::format("the size is \"{}\"; a number with K, M, G, T, P or E is needed", shortened(text)));
        return 0;
    }
    text.remove_suffix(1);
    const unsigned shift = 10 * (static_cast<unsigned>(unit) + 1);
    return reader.number_in("the size", text, 10, UINT64_MAX >> shift) << shift;
}

bool read_level(DumpedRange& range, std::string_view word) {
    static constexpr std::array<std::pair<std::string_view, DumpLevel>, 5> kLevels{{{"pte", DumpLevel::pte},
                                                                                    {"pmd", DumpLevel::pmd},
                                                                                    {"pud", DumpLevel::pud},
                                                                                    {"p4d", DumpLevel::p4d},
                                                                                    {"pgd", DumpLevel::pgd}}};
    for (const auto& [name, level] : kLevels) {
        if (name != word) continue;
        range.level = level;
        return true;
    }
    return false;
}

bool read_flag(MappingFlags& flags, std::string_view word) {
    const std::array<std::pair<std::string_view, bool*>, 7> kFlags{{{"USR", &flags.is_user},
                                                                    {"RW", &flags.is_writable},
                                                                    {"PWT", &flags.write_through},
                                                                    {"PCD", &flags.cache_disabled},
                                                                    {"PSE", &flags.is_large},
                                                                    {"PAT", &flags.pat},
                                                                    {"GLB", &flags.is_global}}};
    for (const auto& [name, flag] : kFlags) {
        if (name != word) continue;
        *flag = true;
        return true;
    }
    if (word == "x") flags.is_executable = true;
    return word == "x" || word == "NX" || word == "ro";
}

DumpedRange read_range(TextReader& reader) {
    DumpedRange range;
    const std::string_view text = reader.word();
    const std::size_t dash = std::min(text.find('-'), text.size());
    range.lowest = VirtAddr{hex(reader, "the start", text.substr(0, dash))};
    // The end of the address space is written as 0.
    const std::uint64_t end = hex(reader, "the end", text.substr(std::min(dash + 1, text.size())));
    range.last = VirtAddr{end - 1};
    const std::uint64_t size = read_size(reader);
    if (reader.ok() && size != end - range.lowest.raw()) {
        reader.refuse(fmt::format("the size is {} bytes; the range has {}", size, end - range.lowest.raw()));
    }
    MappingFlags flags;
    bool has_level = false;
    for (const std::string_view word : reader.words()) {
        if (has_level) reader.refuse("something follows the level; nothing may");
        has_level = read_level(range, word);
        if (has_level) continue;
        if (!read_flag(flags, word)) reader.refuse(fmt::format("\"{}\" is not a flag of a mapping", shortened(word)));
        range.mapped = flags;
    }
    if (!has_level) reader.refuse("the level is missing; pte, pmd, pud, p4d or pgd is needed");
    return range;
}

/// "---[ vmalloc() Area ]---".
std::string read_name(TextReader& reader) {
    constexpr std::string_view kOpen = "---[ ";
    constexpr std::string_view kClose = " ]---";
    std::string_view line = reader.line();
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (!line.starts_with(kOpen) || !line.ends_with(kClose) || line.size() <= kOpen.size() + kClose.size()) {
        reader.refuse("is not the name of an area; \"---[ NAME ]---\" is needed");
        return {};
    }
    return std::string{line.substr(kOpen.size(), line.size() - kOpen.size() - kClose.size())};
}

} // namespace

const DumpedRange* PageTableDump::find(VirtAddr address) const {
    for (const DumpedArea& area : areas) {
        if (area.ranges.empty() || area.ranges.back().last < address) continue;
        const auto found = std::ranges::lower_bound(area.ranges, address, {}, &DumpedRange::last);
        return found != area.ranges.end() && found->lowest <= address ? &*found : nullptr;
    }
    return nullptr;
}

const DumpedArea* PageTableDump::area(std::string_view name) const {
    const auto found = std::ranges::find(areas, name, &DumpedArea::name);
    return found == areas.end() ? nullptr : &*found;
}

Result<PageTableDump> parse_page_table_dump(std::string file, std::string_view text) {
    TextReader reader{std::move(file), text};
    PageTableDump dump;
    VirtAddr next{0};
    bool is_complete = false;
    while (reader.next()) {
        if (reader.line().starts_with("---[")) {
            dump.areas.push_back({read_name(reader), {}});
            continue;
        }
        if (dump.areas.empty()) {
            reader.refuse("does not begin with an area; \"---[ User Space ]---\" is needed");
            break;
        }
        const DumpedRange range = read_range(reader);
        if (reader.ok() && (is_complete || range.lowest != next)) {
            reader.refuse(
                fmt::format("begins at {:#x}; the range before ends at {:#x}", range.lowest.raw(), next.raw()));
        }
        next = range.last + Bytes{1};
        is_complete = next == VirtAddr{0};
        dump.areas.back().ranges.push_back(range);
    }
    if (reader.ok() && !is_complete) reader.refuse("ends before the address space does; the dump is truncated");
    return reader.result(std::move(dump));
}

} // namespace ksl::sim
