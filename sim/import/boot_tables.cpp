// SPDX-License-Identifier: MIT
#include "sim/import/boot_tables.h"

#include "core/paging/dump.h"
#include "sim/import/csv_fields.h"
#include "sim/import/dump_headings.h"
#include "sim/import/read_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <string_view>

namespace ksl::sim {

namespace {

using core::Bytes;
using core::FrameRange;
using core::Pfn;
using core::VirtAddr;

constexpr Bytes kPage{core::kPageBytes};
/// More than any machine has memory for: 64 TiB.
constexpr std::uint64_t kLargestArea = std::uint64_t{1} << 46;
constexpr std::uint64_t kNoAddress = UINT64_MAX;

/// "00100000-1ffdffff : System RAM", both ends inclusive; the name with its indentation removed.
struct IomemLine {
    std::uint64_t first = 0;
    std::uint64_t last = 0;
    std::string_view name;
};

std::optional<IomemLine> parse_iomem(std::string_view line) {
    line.remove_prefix(std::min(line.find_first_not_of(' '), line.size()));
    const std::size_t dash = line.find('-');
    const std::size_t colon = line.find(" : ");
    if (dash == std::string_view::npos || colon == std::string_view::npos || dash > colon) return std::nullopt;
    const auto first = parse_number(line.substr(0, dash), 16);
    const auto last = parse_number(line.substr(dash + 1, colon - dash - 1), 16);
    if (!first || !last || *last < *first) return std::nullopt;
    return IomemLine{.first = *first, .last = *last, .name = line.substr(colon + 3)};
}

/// Where the image lies: what is in memory, seen at the addresses that it was linked to or moved to.
struct ImagePlace {
    std::uint64_t phys_base = 0;

    [[nodiscard]] VirtAddr address_of(std::uint64_t physical) const {
        return core::kStartKernelMap + Bytes{physical - phys_base};
    }
};

/// The memory map and the image's sections. Only whole pages of RAM count, as for memblock_trim_memory().
Result<core::KernelTablesConfig> config_from_iomem(const std::filesystem::path& path, const core::KernelLayout& layout,
                                                   std::optional<VirtAddr> image) {
    KSL_TRY_ASSIGN(text, read_file(path));
    core::KernelTablesConfig config;
    config.layout = layout;
    const core::LayoutEra era = layout.era();
    ImagePlace place;
    const auto image_address = [&](std::uint64_t physical) { return place.address_of(physical); };
    std::uint64_t data_end = 0;
    std::uint64_t bss = 0;
    std::uint64_t bss_end = 0;
    int number = 0;
    for (std::string_view rest = text; !rest.empty();) {
        const auto line = parse_iomem(take_line(rest));
        ++number;
        if (!line) return fail(path.string(), number, "is not of the form \"FIRST-LAST : NAME\"");
        if (line->name == "System RAM") {
            const Pfn lowest{(line->first + core::kPageBytes - 1) >> core::kPageShift};
            const Pfn top{(line->last + 1) >> core::kPageShift};
            if (lowest < top) config.ram.push_back({.lowest = lowest, .top = top});
        } else if (line->name == "Kernel code") {
            if (image) place.phys_base = line->first - (*image - core::kStartKernelMap).count();
            config.layout.set_phys_base(place.phys_base);
            config.image.text = image_address(line->first);
            config.image.text_end = image_address(line->last + 1);
        } else if (line->name == "Kernel rodata") {
            config.image.rodata = image_address(line->first);
            config.image.rodata_end = image_address(line->last + 1);
        } else if (line->name == "Kernel data") {
            config.image.data = image_address(line->first);
            data_end = line->last + 1;
        } else if (line->name == "Kernel bss") {
            bss = line->first;
            bss_end = line->last + 1;
        }
    }
    if (config.ram.empty()) return fail(path.string(), 0, "lists no System RAM");
    if (config.image.text.raw() == 0 || bss == 0) return fail(path.string(), 0, "does not list the kernel's sections");
    config.image.code_end = core::align_up(config.image.text_end, kPage);
    // The init sections lie between data and bss. dmesg or kallsyms may know the borders better.
    config.image.init = core::align_up(image_address(data_end), kPage);
    config.image.init_end = core::align_down(image_address(bss), kPage);
    // The brk area begins behind bss and is never empty: the first table pages come from it.
    config.image.brk_end = image_address(bss_end) + kPage;
    // The page-aligned bss begins with empty_zero_page and the interrupt descriptor table.
    if (era == core::LayoutEra::linux_6_1) config.image.idt = image_address(bss) + kPage;
    // reserve_real_mode() takes the highest free pages below 1 MiB.
    for (const FrameRange& ram : config.ram) {
        if (ram.top <= Pfn{256}) config.trampoline.lowest = ram.top - core::Pages{config.trampoline.pages};
    }
    config.pgd_sync = era == core::LayoutEra::linux_6_1 ? core::PgdSync::preallocated : core::PgdSync::lazy_fault;
    return config;
}

/// "... (ffff880001253000 - ffff880001400000)": the range at the end of a line, if there is one.
std::optional<core::VirtRange> range_at_end(std::string_view line) {
    const std::size_t open = line.rfind('(');
    const std::size_t dash = line.find(" - ", open == std::string_view::npos ? line.size() : open);
    if (dash == std::string_view::npos || !line.ends_with(')')) return std::nullopt;
    const auto lowest = parse_number(line.substr(open + 1, dash - open - 1), 16);
    const auto top = parse_number(line.substr(dash + 3, line.size() - dash - 4), 16);
    if (!lowest || !top) return std::nullopt;
    return core::VirtRange{.lowest = VirtAddr{*lowest}, .top = VirtAddr{*top}};
}

/// 4.x says which parts of the image it frees: init, then the gaps behind text and behind read-only data, these two by
/// their direct-map addresses.
void refine_from_dmesg(std::string_view text, core::KernelTablesConfig& config) {
    const ImagePlace place{config.layout.phys_base()};
    const auto image_of = [&](VirtAddr at) { return place.address_of(config.layout.phys_addr(at).raw()); };
    std::vector<core::VirtRange> freed;
    while (!text.empty()) {
        const std::string_view line = take_line(text);
        if (!line.contains("Freeing unused kernel memory:")) continue;
        if (const auto range = range_at_end(line)) freed.push_back(*range);
    }
    if (freed.size() != 3) return;
    config.image.init = freed[0].lowest;
    config.image.init_end = freed[0].top;
    config.image.code_end = image_of(freed[1].lowest);
    config.image.rodata = image_of(freed[1].top);
    config.image.rodata_end = image_of(freed[2].lowest);
    config.image.data = image_of(freed[2].top);
}

void refine_from_kallsyms(std::string_view text, core::KernelImage& image) {
    while (!text.empty()) {
        const std::string_view line = take_line(text);
        if (line.size() < 20) continue;
        const auto at = parse_number(line.substr(0, 16), 16);
        const std::string_view name = line.substr(19);
        if (!at) continue;
        if (name == "__init_begin") image.init = VirtAddr{*at};
        if (name == "__init_end") image.init_end = VirtAddr{*at};
        if (name == "idt_table" && image.idt) image.idt = VirtAddr{*at};
    }
}

Result<core::LayoutEra> read_era(const std::filesystem::path& path) {
    KSL_TRY_ASSIGN(text, read_file(path));
    constexpr std::string_view kBefore = "Linux version ";
    const std::size_t found = text.find(kBefore);
    if (found == std::string::npos) return fail(path.string(), 0, "does not say \"Linux version\"");
    std::string_view version = std::string_view{text}.substr(found + kBefore.size());
    const std::size_t dot = version.find('.');
    const std::size_t end = version.find_first_not_of("0123456789", dot + 1);
    const auto major = parse_number(version.substr(0, dot));
    const auto minor = parse_number(version.substr(dot + 1, end - dot - 1));
    if (!major || !minor) return fail(path.string(), 0, "has no version number behind \"Linux version\"");
    if (*major < 4 || (*major == 4 && *minor < 8)) return core::LayoutEra::linux_4_7;
    return *major < 5 ? core::LayoutEra::linux_4_9 : core::LayoutEra::linux_6_1;
}

bool is_there(const std::filesystem::path& path) {
    std::error_code ignored;
    return std::filesystem::exists(path, ignored);
}

/// The first of a capture's files of that name: "before.NAME", or "NAME" where there is one moment only.
std::optional<std::filesystem::path> first_of(const std::filesystem::path& folder, const std::string& name) {
    for (const std::string prefix : {"before.", ""}) {
        if (is_there(folder / (prefix + name))) return folder / (prefix + name);
    }
    return std::nullopt;
}

/// _text: where the image's own mapping begins.
std::optional<VirtAddr> text_symbol(const std::filesystem::path& folder) {
    const auto text = read_file(folder / "kallsyms.txt.gz");
    if (!text) return std::nullopt;
    for (std::string_view rest = *text; !rest.empty();) {
        const std::string_view line = take_line(rest);
        if (!line.ends_with(" _text") || line.size() < 16) continue;
        const auto at = parse_number(line.substr(0, 16), 16);
        return at && *at > core::kStartKernelMap.raw() ? std::optional{VirtAddr{*at}} : std::nullopt;
    }
    return std::nullopt;
}

/// The lowest area: vmalloc gives out the lowest addresses first, and what boot mapped first stays.
std::optional<VirtAddr> lowest_area(const std::filesystem::path& folder) {
    const auto file = first_of(folder, "vmallocinfo.txt");
    const auto areas = file ? read_vmallocinfo(*file) : Result<std::vector<VmallocLine>>{};
    if (!areas || areas->empty()) return std::nullopt;
    return std::ranges::min_element(*areas, {}, [](const VmallocLine& area) { return area.range.lowest; })
        ->range.lowest;
}

/// The regions as the capture tells them. The default bases are right unless randomisation moved them.
Result<core::KernelLayout> layout_of(const std::filesystem::path& folder, core::LayoutEra era,
                                     const DumpHeadings& headings) {
    constexpr Bytes kSmallImage{std::uint64_t{1} << 29};
    const bool has_large_image = headings.modules && *headings.modules > core::kStartKernelMap + kSmallImage;
    core::KernelLayout layout{era, headings.geometry(), {.randomize_base = has_large_image}};
    if (headings.direct_map && headings.vmalloc && headings.vmemmap) {
        layout.place(*headings.direct_map, *headings.vmalloc, *headings.vmemmap);
        if (const char* broken = layout.check_invariants(); *broken != '\0')
            return fail(folder.string(), 0,
                        fmt::format("has a page-table dump of no x86-64 kernel; it must hold that {}", broken));
        return layout;
    }
    const auto area = lowest_area(folder);
    if (area && !layout.vmalloc().contains(*area)) {
        return fail(folder.string(), 0,
                    fmt::format("is of a kernel with a randomised or 5-level layout (an area lies at {:#x}); "
                                "page_tables_kernel.txt, or a boot with nokaslr and no5lvl, would tell the bases",
                                area->raw()));
    }
    return layout;
}

DumpHeadings headings_of(const std::filesystem::path& folder) {
    const auto file = first_of(folder, "page_tables_kernel.txt");
    const auto text = file ? read_file(*file) : Result<std::string>{};
    return text ? read_dump_headings(*text) : DumpHeadings{};
}

} // namespace

Result<core::KernelTablesConfig> read_boot_config(const std::filesystem::path& folder) {
    const auto version = folder / "version.txt";
    KSL_TRY_ASSIGN(era, read_era(is_there(version) ? version : folder / "dmesg.txt"));
    const DumpHeadings headings = headings_of(folder);
    KSL_TRY_ASSIGN(layout, layout_of(folder, era, headings));
    const auto symbol = text_symbol(folder);
    KSL_TRY_ASSIGN(config, config_from_iomem(first_of(folder, "iomem.txt").value_or(folder / "iomem.txt"), layout,
                                             symbol ? symbol : headings.image));
    if (is_there(folder / "dmesg.txt")) {
        KSL_TRY_ASSIGN(text, read_file(folder / "dmesg.txt"));
        refine_from_dmesg(text, config);
    }
    if (is_there(folder / "kallsyms.txt.gz")) {
        KSL_TRY_ASSIGN(text, read_file(folder / "kallsyms.txt.gz"));
        refine_from_kallsyms(text, config.image);
    }
    if (config.image.rodata.raw() == 0) return fail(folder.string(), 0, "does not tell where read-only data lie");
    return config;
}

core::DumpOptions read_dump_options(const std::filesystem::path& folder) {
    return headings_of(folder).sections;
}

Result<std::vector<VmallocLine>> read_vmallocinfo(const std::filesystem::path& path) {
    KSL_TRY_ASSIGN(text, read_file(path));
    std::vector<VmallocLine> lines;
    int number = 0;
    for (std::string_view rest = text; !rest.empty();) {
        std::string_view line = take_line(rest);
        ++number;
        if (line.empty()) continue;
        const auto word = [&] {
            line.remove_prefix(std::min(line.find_first_not_of(' '), line.size()));
            const std::string_view found = line.substr(0, line.find(' '));
            line.remove_prefix(found.size());
            return found;
        };
        const std::string_view range = word();
        const std::size_t dash = std::min(range.find('-'), range.size());
        const std::uint64_t lowest = parse_number(range.substr(0, dash)).value_or(kNoAddress);
        const std::uint64_t top = parse_number(range.substr(std::min(dash + 1, range.size()))).value_or(kNoAddress);
        if (range.contains("ptrval") || (lowest == 0 && top == 0))
            return fail(path.string(), number, "hides its addresses; read it as root with kernel.kptr_restrict at 1");
        if (lowest == kNoAddress || top == kNoAddress)
            return fail(path.string(), number, "does not begin with a range \"0x...-0x...\"");
        VmallocLine area;
        area.range = {.lowest = VirtAddr{lowest}, .top = VirtAddr{top}};
        const bool is_whole = core::is_aligned(area.range.lowest, kPage) && core::is_aligned(area.range.top, kPage);
        if (lowest >= top || !is_whole || top - lowest > kLargestArea)
            return fail(path.string(), number, "names a range that is no area of whole pages");
        word(); // size
        for (std::string_view next = word(); !next.empty(); next = word()) {
            if (next == "unpurged") area.is_unpurged = true;
            if (next.starts_with("pages="))
                area.pages =
                    std::min(parse_number(next.substr(6)).value_or(0), area.range.size().count() >> core::kPageShift);
            if (next.starts_with("phys=")) {
                if (const auto at = parse_number(next.substr(5), 16)) area.physical = core::PhysAddr{*at};
            }
            if (area.caller.empty() && next.contains("+0x")) area.caller = next.substr(0, next.find('+'));
        }
        // A listing that changes while it is read may repeat lines.
        const auto is_same = [&](const VmallocLine& other) { return other.range == area.range; };
        if (std::ranges::none_of(lines, is_same)) lines.push_back(std::move(area));
    }
    return lines;
}

std::optional<Pfn> BuiltTables::take_table() {
    if (next_table.raw() >= memory.frames().count()) return std::nullopt;
    const Pfn frame = next_table;
    next_table += core::Pages{1};
    return frame;
}

Result<BuiltTables> build_boot_tables(const core::KernelTablesConfig& config) {
    constexpr core::Pages kRoom{std::uint64_t{1} << 16};
    const Pfn first = config.ram.back().top;
    BuiltTables built{
        .memory = core::PhysMemory{(first - Pfn{0}) + kRoom}, .config = config, .tables = {}, .next_table = first};
    const auto take = [&] { return built.take_table(); };
    const auto take_block = []() -> std::optional<Pfn> { return Pfn{0}; };
    core::Effects silent;
    const auto tables = core::build_kernel_tables(built.memory, config, take, take_block, silent);
    if (!tables) return fail("", 0, "the kernel's page tables do not fit into the room for them");
    built.tables = *tables;
    return built;
}

Result<void> map_vmalloc_areas(BuiltTables& built, const std::vector<VmallocLine>& areas) {
    const core::KernelLayout& layout = built.config.layout;
    core::Mapper mapper{built.memory, layout.geometry(), built.tables.root, layout.direct_map().lowest};
    const auto take = [&] { return built.take_table(); };
    const Pfn low_memory_top = built.config.ram.size() < 2 ? Pfn{0} : built.config.ram[1].top;
    core::Effects silent;
    for (const VmallocLine& area : areas) {
        if (area.is_unpurged) continue;
        const core::VirtAddr top = area.pages != 0 ? area.range.lowest + core::bytes_of(core::Pages{area.pages})
                                                   : area.range.top - kPage; // the guard page
        // Firmware tables at the end of low memory are cached like the RAM before them; what lies higher is devices'.
        const std::uint64_t near = std::uint64_t{1} << 9;
        const bool is_device = area.physical && (core::frame_of(*area.physical) < low_memory_top ||
                                                 core::frame_of(*area.physical) >= low_memory_top + core::Pages{near});
        const core::Pte attributes =
            is_device ? core::kernel_attributes::kUncachedMinus : core::kernel_attributes::kPage;
        const Pfn frame = area.physical ? core::frame_of(*area.physical) : Pfn{1};
        const auto largest = area.physical ? core::PageSize::huge_1g : core::PageSize::small_4k;
        const auto mapped =
            mapper.map_contiguous({.lowest = area.range.lowest, .top = top}, frame, largest, attributes, take, silent);
        if (!mapped) {
            return fail("", 0, fmt::format("the area at {:#x} overlaps another one", area.range.lowest.raw()));
        }
    }
    return {};
}

Result<std::vector<SectionCheck>> check_dump(const BuiltTables& built, const std::filesystem::path& path) {
    KSL_TRY_ASSIGN(text, read_file(path));
    std::map<std::string, std::vector<std::string>, std::less<>> theirs;
    std::string heading;
    for (std::string_view rest = text; !rest.empty();) {
        const std::string_view line = take_line(rest);
        if (line.starts_with("---[ ") && line.ends_with(" ]---"))
            heading = line.substr(5, line.size() - 10);
        else
            theirs[heading].emplace_back(line);
    }
    const core::KernelLayout& layout = built.config.layout;
    std::vector<SectionCheck> checks;
    for (const core::DumpSection& section : core::dump_page_tables(built.memory, layout, built.tables.root)) {
        const auto found = theirs.find(section.name);
        if (found == theirs.end()) continue;
        SectionCheck check{.name = std::string{section.name}, .lines = found->second.size()};
        std::vector<std::string> left = found->second;
        for (const core::DumpRange& range : section.ranges) {
            const std::string line = core::dump_line(range, layout.geometry());
            const auto same = std::ranges::find(left, line);
            if (same == left.end()) {
                check.unexpected.push_back(line);
                continue;
            }
            left.erase(same);
            ++check.exact;
        }
        check.missing = std::move(left);
        checks.push_back(std::move(check));
    }
    return checks;
}

} // namespace ksl::sim
