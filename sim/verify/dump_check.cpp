// SPDX-License-Identifier: MIT
#include "sim/verify/dump_check.h"

#include "core/paging/dump.h"
#include "core/paging/walker.h"
#include "sim/import/csv_fields.h"
#include "sim/import/dump_headings.h"
#include "sim/import/read_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>

namespace ksl::sim {

namespace {

constexpr std::string_view kVmallocSection = "vmalloc() Area";
constexpr std::string_view kPassing = "area of a program that came or went between two listings";
/// A terminal's buffer and a stack, in pages.
constexpr std::uint64_t kTerminalPages = 3;
constexpr std::uint64_t kStackPages = 4;

struct Section {
    std::string name;
    std::vector<std::string> lines;
};

std::vector<Section> sections_of(std::string_view text) {
    std::vector<Section> sections;
    while (!text.empty()) {
        const std::string_view line = take_line(text);
        if (line.starts_with("---[ ") && line.ends_with(" ]---")) {
            sections.push_back({.name = std::string{line.substr(5, line.size() - 10)}, .lines = {}});
        } else if (!sections.empty() && !line.empty()) {
            sections.back().lines.emplace_back(line);
        }
    }
    return sections;
}

/// What every kernel's dump has, in this order. Without one of them the lines below it cannot be placed.
Result<void> check_headings(const std::string& file, const std::vector<Section>& sections) {
    static constexpr std::array<std::string_view, 8> kAlways{"User Space",     "Kernel Space", "Low Kernel Mapping",
                                                             "vmalloc() Area", "Vmemmap",      "High Kernel Mapping",
                                                             "Modules",        "End Modules"};
    auto from = sections.begin();
    for (const std::string_view name : kAlways) {
        from = std::ranges::find(from, sections.end(), name, &Section::name);
        if (from == sections.end()) {
            return fail(file, 0,
                        fmt::format("is no whole dump of page tables; \"---[ {} ]---\" is missing at its place", name));
        }
    }
    return {};
}

Result<std::vector<Section>> read_sections(const std::filesystem::path& path, core::DumpOptions* options = nullptr) {
    KSL_TRY_ASSIGN(text, read_file(path));
    std::vector<Section> sections = sections_of(text);
    if (options != nullptr) *options = read_dump_headings(text).sections;
    KSL_TRY(check_headings(path.string(), sections));
    return sections;
}

/// A line's range and whether something is mapped there.
struct Line {
    core::VirtRange range;
    std::uint64_t bytes = 0; ///< as the line itself says
    bool is_mapped = false;
};

/// "1440K" at the beginning, after blanks; 0 if it is no such thing.
std::uint64_t size_in(std::string_view text) {
    text.remove_prefix(std::min(text.find_first_not_of(' '), text.size()));
    const std::size_t digits = std::min(text.find_first_not_of("0123456789"), text.size());
    constexpr std::string_view kUnits = "KMGTP";
    const std::size_t unit = digits < text.size() ? kUnits.find(text[digits]) : std::string_view::npos;
    const auto number = parse_number(text.substr(0, digits));
    if (!number || unit == std::string_view::npos || *number > 1U << 16) return 0;
    return *number << (10 * (unit + 1));
}

std::optional<Line> parse_line(std::string_view text) {
    if (text.size() < 37 || text[18] != '-') return std::nullopt;
    const auto lowest = parse_number(text.substr(0, 18));
    const auto top = parse_number(text.substr(19, 18));
    if (!lowest || !top) return std::nullopt;
    return Line{.range = {.lowest = core::VirtAddr{*lowest}, .top = core::VirtAddr{*top}},
                .bytes = size_in(text.substr(37)),
                .is_mapped = text.contains(" NX ") || text.contains(" x ")};
}

/// Lines follow each other without a gap, and each says twice how large it is. Where one contradicts itself, or is
/// missing, its neighbours tell what it was: one bad line must not make others look bad.
std::vector<Line> mended(std::vector<Line> lines) {
    for (std::size_t i = 1; i + 1 < lines.size(); ++i) {
        Line& line = lines[i];
        const core::VirtRange between{lines[i - 1].range.top, lines[i + 1].range.lowest};
        if (line.range.top.raw() - line.range.lowest.raw() == line.bytes || between.top <= between.lowest) continue;
        if ((between.top - between.lowest).count() == line.bytes) line.range = between;
    }
    std::vector<Line> whole;
    for (const Line& line : lines) {
        if (!whole.empty() && whole.back().range.top < line.range.lowest) {
            whole.push_back({.range = {whole.back().range.top, line.range.lowest},
                             .is_mapped = !whole.back().is_mapped && !line.is_mapped});
        }
        whole.push_back(line);
    }
    return whole;
}

std::uint64_t pages_of(core::VirtRange range) {
    return (range.top - range.lowest).count() / core::kPageBytes;
}
bool is_passing_size(std::uint64_t pages) {
    return pages == kTerminalPages || pages == kStackPages;
}

class PassingAreas {
public:
    PassingAreas(BuiltTables& built, PartResult& part)
        : built_(built), part_(part), mapper_(built.memory, built.config.layout.geometry(), built.tables.root,
                                              built.config.layout.direct_map().lowest) {}

    /// Ours, but a hole in theirs.
    void unmap_what_is_gone(const std::vector<VmallocLine>& areas, const std::vector<Line>& theirs) {
        for (const VmallocLine& area : areas) {
            if (area.is_unpurged || area.physical || !is_passing_size(area.pages)) continue;
            const auto is_hole_round_it = [&](const Line& line) {
                return !line.is_mapped && line.range.lowest <= area.range.lowest && area.range.top <= line.range.top;
            };
            if (std::ranges::none_of(theirs, is_hole_round_it)) continue;
            core::Effects silent;
            mapper_.unmap(area.range, silent);
            part_.add_undetermined(kPassing);
        }
    }
    /// Theirs, between two holes that join it, and nothing of ours.
    Result<void> map_what_has_come(const std::vector<Line>& theirs) {
        for (std::size_t i = 1; i + 1 < theirs.size(); ++i) {
            const core::VirtRange range = theirs[i].range;
            const bool stands_alone = theirs[i].is_mapped && !theirs[i - 1].is_mapped && !theirs[i + 1].is_mapped &&
                                      theirs[i - 1].range.top == range.lowest &&
                                      range.top == theirs[i + 1].range.lowest;
            if (!stands_alone || !is_passing_size(pages_of(range)) || !is_unmapped(range)) continue;
            const auto take = [&] { return built_.take_table(); };
            core::Effects silent;
            const auto mapped = mapper_.map_contiguous(range, core::Pfn{1}, core::PageSize::small_4k,
                                                       core::kernel_attributes::kPage, take, silent);
            if (!mapped) return fail("", 0, "no room for the table of a passing program's area");
            part_.add_undetermined(kPassing);
        }
        return {};
    }

private:
    [[nodiscard]] bool is_unmapped(core::VirtRange range) const {
        for (core::VirtAddr at = range.lowest; at < range.top; at += core::Bytes{core::kPageBytes}) {
            const core::EntrySlot slot = mapper_.find(at);
            if (slot.entry.is_present()) return false;
        }
        return true;
    }

    BuiltTables& built_;
    PartResult& part_;
    core::Mapper mapper_;
};

/// Lines of ours and theirs that are equal leave both lists.
std::uint64_t remove_equal(std::vector<std::string>& theirs, std::vector<std::string>& ours) {
    std::uint64_t equal = 0;
    std::erase_if(theirs, [&](const std::string& line) {
        const auto same = std::ranges::find(ours, line);
        if (same == ours.end()) return false;
        ours.erase(same);
        ++equal;
        return true;
    });
    return equal;
}

void judge_section(const std::string& name, const std::string& file, std::vector<std::string> theirs,
                   std::vector<std::string> ours, PartResult& part) {
    part.add_exact(remove_equal(theirs, ours));
    for (std::size_t i = 0; i < std::max(theirs.size(), ours.size()); ++i) {
        part.add_difference({.event = 0,
                             .where = fmt::format("{}: {}", file, name),
                             .recorded = i < theirs.size() ? theirs[i] : "no such line",
                             .engine = i < ours.size() ? ours[i] : "no such line",
                             .around = {}});
    }
}

} // namespace

const std::set<std::string, std::less<>>& built_sections() {
    static const std::set<std::string, std::less<>> kBuilt{"User Space",     "Kernel Space", "Low Kernel Mapping",
                                                           "vmalloc() Area", "Vmemmap",      "High Kernel Mapping",
                                                           "Modules"};
    return kBuilt;
}

Result<std::uint64_t> count_other_lines(const std::filesystem::path& dump) {
    KSL_TRY_ASSIGN(theirs, read_sections(dump));
    std::uint64_t lines = 0;
    for (const Section& section : theirs) {
        if (!built_sections().contains(section.name)) lines += section.lines.size();
    }
    return lines;
}

Result<void> take_over_passing_areas(BuiltTables& built, const std::vector<VmallocLine>& areas,
                                     const std::filesystem::path& dump, PartResult& part) {
    KSL_TRY_ASSIGN(sections, read_sections(dump));
    std::vector<Line> theirs;
    for (const Section& section : sections) {
        if (section.name != kVmallocSection) continue;
        for (const std::string& text : section.lines) {
            if (const auto line = parse_line(text)) theirs.push_back(*line);
        }
    }
    theirs = mended(std::move(theirs));
    PassingAreas passing{built, part};
    passing.unmap_what_is_gone(areas, theirs);
    return passing.map_what_has_come(theirs);
}

Result<void> judge_dump(const core::PhysMemory& memory, const core::KernelLayout& layout, core::Pfn root,
                        const std::filesystem::path& dump, bool complement, PartResult& part) {
    core::DumpOptions options;
    KSL_TRY_ASSIGN(theirs, read_sections(dump, &options));
    const auto ours = core::dump_page_tables(memory, layout, root, options);
    const std::string file = dump.filename().string();
    for (const Section& section : theirs) {
        if (built_sections().contains(section.name) == complement) continue;
        std::vector<std::string> lines;
        for (const core::DumpSection& built : ours) {
            if (built.name != section.name) continue;
            for (const core::DumpRange& range : built.ranges) lines.push_back(dump_line(range, layout.geometry()));
        }
        judge_section(section.name, file, section.lines, std::move(lines), part);
    }
    return {};
}

} // namespace ksl::sim
