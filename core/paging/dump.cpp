// SPDX-License-Identifier: MIT
#include "core/paging/dump.h"

#include "core/paging/page_fault.h"
#include "core/paging/walker.h"
#include "core/types/assert.h"

#include <array>
#include <optional>
#include <utility>

namespace ksl::core {

namespace {

struct Marker {
    VirtAddr start;
    std::string_view name;
    std::uint64_t most_lines = 0;
};

std::vector<Marker> markers_of(const KernelLayout& layout, const DumpOptions& options) {
    const bool is_new = layout.era() == LayoutEra::linux_6_1;
    const auto start_of = [&](Region region) { return layout.range_of(region)->lowest; };
    std::vector<Marker> markers{{VirtAddr{0}, "User Space"}, {VirtAddr{std::uint64_t{1} << 63}, "Kernel Space"}};
    if (is_new && options.ldt_remap) markers.push_back({start_of(Region::ldt_remap), "LDT remap"});
    markers.push_back({layout.direct_map().lowest, "Low Kernel Mapping"});
    markers.push_back({layout.vmalloc().lowest, "vmalloc() Area"});
    markers.push_back({layout.vmemmap().lowest, "Vmemmap"});
    if (is_new) markers.push_back({start_of(Region::cpu_entry_area), "CPU entry Area"});
    if (options.espfix) markers.push_back({start_of(Region::espfix), "ESPfix Area", 16});
    if (options.efi) markers.push_back({start_of(Region::efi), "EFI Runtime Services"});
    markers.push_back({kStartKernelMap, "High Kernel Mapping"});
    markers.push_back({layout.modules().lowest, "Modules"});
    markers.push_back({layout.modules().top, "End Modules"});
    if (is_new) markers.push_back({options.fixmap, "Fixmap Area"});
    return markers;
}

/// The kernel's note_page(): collects entries until one differs or a marker is passed.
class Collector {
public:
    Collector(std::vector<Marker> markers, bool compare_rights)
        : markers_(std::move(markers)), compare_rights_(compare_rights) {}

    void note(VirtAddr at, Level level, Pte flags, Rights rights) {
        if (!started_) {
            started_ = true;
            begin_section();
        } else if (flags != current_.flags || level != current_.level ||
                   (compare_rights_ && rights != current_.rights) || passes_marker(at)) {
            end_range(at);
        } else {
            return;
        }
        current_ = {.lowest = at, .top = at, .level = level, .flags = flags, .rights = rights};
    }
    std::vector<DumpSection> finish() {
        current_.top = VirtAddr{0};
        sections_.back().ranges.push_back(current_);
        return std::move(sections_);
    }

private:
    [[nodiscard]] bool passes_marker(VirtAddr at) const {
        return sections_.size() < markers_.size() && at >= markers_[sections_.size()].start;
    }
    void begin_section() {
        const Marker& marker = markers_[sections_.size()];
        sections_.push_back({.name = marker.name, .ranges = {}, .most_lines = marker.most_lines});
    }
    void end_range(VirtAddr at) {
        current_.top = at;
        sections_.back().ranges.push_back(current_);
        if (passes_marker(at)) begin_section();
    }

    std::vector<Marker> markers_;
    bool compare_rights_;
    bool started_ = false;
    DumpRange current_;
    std::vector<DumpSection> sections_;
};

class TreeWalk {
public:
    TreeWalk(const PhysMemory& memory, Geometry geometry, bool keeps_large_pat, Collector& collector)
        : memory_(memory), geometry_(geometry), keeps_large_pat_(keeps_large_pat), collector_(collector) {}

    void entry(VirtAddr at, Level level, Pte entry, Rights above) {
        if (entry.is_clear()) {
            collector_.note(at, level, Pte{}, Rights{});
            return;
        }
        const Rights rights{.writable = above.writable && entry.has(Pte::kWritable),
                            .user = above.user && entry.has(Pte::kUser),
                            .no_execute = above.no_execute || entry.has(Pte::kNoExecute)};
        if (level == Level::pt || !entry.is_present() || entry.is_leaf(level)) {
            collector_.note(at, level, flags_of(entry, level), rights);
            return;
        }
        table(entry.table(), at, below(level), rights);
    }
    void table(Pfn frame, VirtAddr lowest, Level level, Rights above) {
        for (std::uint64_t i = 0; i < kEntriesPerTable; ++i) {
            const VirtAddr at = geometry_.canonical(lowest + span_of(level) * i);
            entry(at, level, read_entry(memory_, address_of(frame) + Bytes{i * sizeof(std::uint64_t)}), above);
        }
    }

private:
    [[nodiscard]] Pte flags_of(Pte entry, Level level) const {
        const Pte flags = entry.with(Pte::kFrame, 0);
        // 4.x keeps the PAT bit of large pages; 6.1 masks it away with the frame.
        const bool is_large = level != Level::pt && entry.is_leaf(level);
        return keeps_large_pat_ && is_large ? flags.with(Pte::kPatLarge, entry.get(Pte::kPatLarge)) : flags;
    }

    const PhysMemory& memory_;
    Geometry geometry_;
    bool keeps_large_pat_;
    Collector& collector_;
};

constexpr Rights kAllRights{.writable = true, .user = true};

std::string hexadecimal(VirtAddr at) {
    static constexpr std::string_view kDigits = "0123456789abcdef";
    std::string text = "0x0000000000000000";
    for (unsigned digit = 0; digit < 16; ++digit) text[17 - digit] = kDigits[at.raw() >> (4 * digit) & 15];
    return text;
}

/// "612K": the largest unit that divides the size.
std::string size_text(std::uint64_t bytes) {
    static constexpr std::string_view kUnits = "BKMGTPE";
    std::size_t unit = 0;
    while ((bytes & 1023) == 0 && unit + 1 < kUnits.size()) {
        bytes >>= 10;
        ++unit;
    }
    std::string text = std::to_string(bytes);
    if (text.size() < 9) text.insert(0, 9 - text.size(), ' ');
    return text + kUnits[unit];
}

std::string_view linux_name_of(Level level, Geometry geometry) {
    if (level == geometry.top()) return "pgd";
    constexpr std::array<std::string_view, 5> kNames{"", "pte", "pmd", "pud", "p4d"};
    return kNames[number_of(level)];
}

std::string flags_text(const DumpRange& range) {
    // NOLINTNEXTLINE(modernize-return-braced-init-list): in braces it would be a text of two characters
    if (!range.flags.is_present()) return std::string(30, ' ');
    const auto pick = [&](const BitField& field, std::string_view set, std::string_view clear) {
        return range.flags.has(field) ? set : clear;
    };
    const bool is_small = range.level == Level::pt;
    std::string text;
    text += pick(Pte::kUser, "USR ", "    ");
    text += pick(Pte::kWritable, "RW ", "ro ");
    text += pick(Pte::kPwt, "PWT ", "    ");
    text += pick(Pte::kPcd, "PCD ", "    ");
    text += is_small ? "    " : pick(Pte::kPageSize, "PSE ", "    ");
    text += pick(is_small ? Pte::kPat : Pte::kPatLarge, "PAT ", "    ");
    text += pick(Pte::kGlobal, "GLB ", "    ");
    text += pick(Pte::kNoExecute, "NX ", "x  ");
    return text;
}

} // namespace

std::vector<DumpSection> dump_page_tables(const PhysMemory& memory, const KernelLayout& layout, Pfn root,
                                          const DumpOptions& options) {
    const Geometry geometry = layout.geometry();
    const bool is_new = layout.era() == LayoutEra::linux_6_1;
    Collector collector{markers_of(layout, options), is_new};
    TreeWalk walk{memory, geometry, !is_new, collector};
    const std::optional<VirtRange> hole = layout.range_of(Region::guard_hole);
    KSL_ASSERT(hole.has_value(), "every layout has the hole of the hypervisor");
    for (std::uint64_t i = 0; i < kEntriesPerTable; ++i) {
        const VirtAddr at = geometry.canonical(VirtAddr{0} + span_of(geometry.top()) * i);
        if (hole->contains(at) && is_new) continue; // 6.1 leaves it out, so that the range before it runs on
        const bool is_user = at < geometry.kernel_half();
        const PhysAddr place = address_of(root) + Bytes{i * sizeof(std::uint64_t)};
        const Pte entry = (is_user && !options.user_half) || hole->contains(at) ? Pte{} : read_entry(memory, place);
        walk.entry(at, geometry.top(), entry, kAllRights);
    }
    return collector.finish();
}

std::string dump_line(const DumpRange& range, Geometry geometry) {
    std::string line = hexadecimal(range.lowest) + "-" + hexadecimal(range.top) + "   ";
    line += size_text(range.top.raw() - range.lowest.raw()) + " ";
    line += flags_text(range);
    line += linux_name_of(range.level, geometry);
    return line;
}

std::string dump_text(const std::vector<DumpSection>& sections, Geometry geometry) {
    std::string text;
    for (const DumpSection& section : sections) {
        text += "---[ ";
        text += section.name;
        text += " ]---\n";
        std::uint64_t lines = 0;
        for (const DumpRange& range : section.ranges) {
            if (section.most_lines == 0 || lines < section.most_lines) text += dump_line(range, geometry) + "\n";
            ++lines;
        }
        if (section.most_lines != 0 && lines > section.most_lines) {
            const std::uint64_t skipped = lines - section.most_lines;
            text += "... " + std::to_string(skipped) + (skipped == 1 ? " entry" : " entries") + " skipped ... \n";
        }
    }
    return text;
}

} // namespace ksl::core
