// SPDX-License-Identifier: MIT
#include "sim/scenario/memory_start.h"

#include "sim/import/proc_meminfo.h"
#include "sim/import/read_file.h"
#include "sim/scenario/real_memory.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <string_view>
#include <utility>

namespace ksl::sim {

namespace {

namespace fs = std::filesystem;
using namespace core::literals;

struct ProcFile {
    std::string_view name;
    std::string_view otherwise; ///< what is assumed without it; empty: it must be there
};
constexpr std::array kProcFiles{
    ProcFile{"buddyinfo", ""}, ProcFile{"zoneinfo", ""},
    ProcFile{"pagetypeinfo", "of the small free blocks half are taken for movable, a third for unmovable, a sixth for "
                             "reclaimable"},
    ProcFile{"iomem", "RAM is laid out as zoneinfo's sizes allow"},
    ProcFile{"meminfo", "three tenths of the used movable pages are taken for file pages"}};

/// The name under which a folder has a file of /proc.
std::optional<fs::path> find_file(const fs::path& folder, std::string_view name) {
    for (const std::string& candidate :
         {std::string{name}, fmt::format("{}.txt", name), fmt::format("before.{}.txt", name)}) {
        std::error_code ignored;
        if (fs::exists(folder / candidate, ignored)) return folder / candidate;
    }
    return std::nullopt;
}

/// Without privileges the kernel shows zeros for all addresses, some containers an empty file.
bool hides_addresses(std::string_view iomem) {
    constexpr std::string_view kHidden = "00000000-00000000 :";
    const std::size_t first = iomem.find_first_not_of(" \n");
    return first == std::string_view::npos || iomem.substr(first).starts_with(kHidden);
}

const InputRecord* find_input(std::span<const InputRecord> inputs, std::string_view name) {
    const auto found = std::ranges::find_if(
        inputs, [&](const InputRecord& input) { return fs::path{input.name}.filename().string().contains(name); });
    return found == inputs.end() ? nullptr : &*found;
}

Result<const InputRecord*> need_input(std::span<const InputRecord> inputs, std::string_view name) {
    if (const InputRecord* input = find_input(inputs, name)) return input;
    return fail("", 0, fmt::format("the run's inputs have no {}; buddyinfo and zoneinfo are needed", name));
}

/// Share of file pages in what can be moved, from the LRU lists.
std::uint32_t page_cache_permille(const proc::MemInfo& info) {
    const auto sum = [&](std::string_view a, std::string_view b) {
        return info.size(a).value_or(0_KiB).count() + info.size(b).value_or(0_KiB).count();
    };
    const std::uint64_t file = sum("Active(file)", "Inactive(file)");
    const std::uint64_t anonymous = sum("Active(anon)", "Inactive(anon)");
    if (file + anonymous == 0) return CountedStart{}.page_cache_permille;
    return static_cast<std::uint32_t>(file * 1000 / (file + anonymous));
}

Result<std::vector<core::CountedZone>> read_counts(std::span<const InputRecord> inputs, const RealZones& zones,
                                                   std::vector<std::string>& warnings) {
    KSL_TRY_ASSIGN(buddyinfo, need_input(inputs, "buddyinfo"));
    KSL_TRY_ASSIGN(buddy, proc::parse_buddyinfo(buddyinfo->name, buddyinfo->text));
    KSL_TRY_ASSIGN(counted, counted_zones(buddyinfo->name, zones, buddy));
    if (const InputRecord* pagetypeinfo = find_input(inputs, "pagetypeinfo")) {
        KSL_TRY_ASSIGN(types, proc::parse_pagetypeinfo(pagetypeinfo->name, pagetypeinfo->text));
        KSL_TRY(count_types(pagetypeinfo->name, types, counted, warnings));
    }
    return std::move(counted);
}

Result<std::optional<std::vector<proc::Resource>>> read_iomem(std::span<const InputRecord> inputs) {
    const InputRecord* iomem = find_input(inputs, "iomem");
    if (iomem == nullptr) return std::nullopt;
    KSL_TRY_ASSIGN(resources, proc::parse_iomem(iomem->name, iomem->text));
    return std::move(resources);
}

} // namespace

core::MemoryMap pc_memory_map(core::Bytes size, std::optional<core::Bytes> low_limit) {
    constexpr core::Bytes kAllLow{3584ULL << 20};
    return core::MemoryMap::pc(size, low_limit.value_or(size <= kAllLow ? kAllLow : 3_GiB));
}

Result<std::vector<InputRecord>> read_proc_files(const std::string& folder, std::vector<std::string>& warnings) {
    std::error_code ignored;
    if (!fs::is_directory(folder, ignored))
        return fail(folder, 0,
                    "is no folder; /proc, or a folder with copies of its buddyinfo and zoneinfo, would be right");
    std::vector<InputRecord> inputs;
    for (const ProcFile& file : kProcFiles) {
        const fs::path path = find_file(folder, file.name).value_or(fs::path{});
        auto text = !path.empty() ? read_file(path, 64_MiB)
                                  : fail((fs::path{folder} / file.name).string(), 0,
                                         "there is no such file; a copy of the one "
                                         "in /proc would be right");
        if (!text && file.otherwise.empty()) return std::unexpected(std::move(text).error());
        if (!text) {
            warnings.push_back(fmt::format("{}; {}", to_string(text.error()), file.otherwise));
        } else if (file.name == "iomem" && hides_addresses(*text)) {
            warnings.push_back(fmt::format("{}: hides its addresses; {}", path.string(), file.otherwise));
        } else {
            inputs.push_back({.name = path.string(), .text = std::move(*text)});
        }
    }
    return inputs;
}

Result<MemoryStart> memory_start_from(std::span<const InputRecord> inputs, unsigned cpus) {
    KSL_TRY_ASSIGN(zoneinfo, need_input(inputs, "zoneinfo"));
    KSL_TRY_ASSIGN(parsed, proc::parse_zoneinfo(zoneinfo->name, zoneinfo->text));
    KSL_TRY_ASSIGN(zones, real_zones(zoneinfo->name, parsed));
    MemoryStart start;
    start.warnings = zones.warnings;
    CountedStart& counted = start.counted.emplace();
    counted.min_free_kib = zones.min_free_kib;
    KSL_TRY_ASSIGN(counts, read_counts(inputs, zones, start.warnings));
    counted.zones = std::move(counts);
    KSL_TRY_ASSIGN(iomem, read_iomem(inputs));
    start.map = real_memory_map(zones, iomem, cpus, counted.zones, start.warnings);
    if (const InputRecord* meminfo = find_input(inputs, "meminfo")) {
        KSL_TRY_ASSIGN(info, proc::parse_meminfo(meminfo->name, meminfo->text));
        counted.page_cache_permille = page_cache_permille(info);
    }
    start.inputs.assign(inputs.begin(), inputs.end());
    return start;
}

Result<MemoryStart> make_memory_start(const MemorySpec& memory, unsigned cpus) {
    if (memory.start != MemoryStartKind::real) {
        MemoryStart start;
        start.map = pc_memory_map(memory.size, memory.low_limit);
        return start;
    }
    std::vector<std::string> warnings;
    KSL_TRY_ASSIGN(inputs, read_proc_files(memory.folder, warnings));
    KSL_TRY_ASSIGN(start, memory_start_from(inputs, cpus));
    start.warnings.insert(start.warnings.begin(), warnings.begin(), warnings.end());
    return std::move(start);
}

} // namespace ksl::sim
