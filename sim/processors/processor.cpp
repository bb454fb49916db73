// SPDX-License-Identifier: MIT
#include "sim/processors/processor.h"

#include "sim/toml/toml_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <tuple>
#include <utility>

namespace ksl::sim {

namespace {

using core::Availability;
using core::PageSize;

constexpr std::array kPageSizeNames{Spelling{std::string_view{"4k"}, PageSize::small_4k},
                                    Spelling{std::string_view{"2m"}, PageSize::large_2m},
                                    Spelling{std::string_view{"1g"}, PageSize::huge_1g}};
constexpr std::array kAvailabilities{Spelling{std::string_view{"no"}, Availability::no},
                                     Spelling{std::string_view{"server parts"}, Availability::server_parts},
                                     Spelling{std::string_view{"yes"}, Availability::yes}};
constexpr std::array kVendors{Spelling{std::string_view{"intel"}, false}, Spelling{std::string_view{"amd"}, true}};
constexpr std::string_view kFolder = "processors/";
constexpr std::string_view kExtension = ".toml";

core::PageSizeSet read_page_sizes(TomlTable& table) {
    core::PageSizeSet set;
    for (const std::string& name : table.texts("pages")) {
        const auto* found = std::ranges::find(kPageSizeNames, name, &Spelling<PageSize>::name);
        if (found == kPageSizeNames.end())
            table.refuse("pages", fmt::format(R"("{}" is no page size; "4k", "2m", "1g" would be right)", name));
        else
            set.add(found->value);
    }
    return set;
}

core::TlbArrayGeometry read_array(TomlTable table) {
    constexpr std::uint16_t kMostEntries = 32768;
    constexpr std::uint16_t kMostWays = core::ArrayShape::kMostWays;
    core::TlbArrayGeometry array;
    array.holds = read_page_sizes(table);
    array.entries = table.integer<std::uint16_t>("entries", {1, kMostEntries});
    array.ways = table.integer<std::uint16_t>("ways", {1, kMostWays});
    array.most_ways[std::to_underlying(PageSize::large_2m)] =
        table.integer<std::uint16_t>("most_ways_2m", {1, kMostWays}, 0);
    array.most_ways[std::to_underlying(PageSize::huge_1g)] =
        table.integer<std::uint16_t>("most_ways_1g", {1, kMostWays}, 0);
    array.per_thread = table.boolean("per_thread", false);
    if (const std::string wrong = array.check(); !wrong.empty()) table.refuse(wrong);
    return array;
}

std::vector<core::TlbArrayGeometry> read_arrays(TomlTable& table, std::string_view key) {
    std::vector<core::TlbArrayGeometry> arrays;
    for (TomlTable& one : table.tables(key)) arrays.push_back(read_array(one));
    return arrays;
}

core::WalkCacheGeometry read_walk_cache(TomlTable table) {
    core::WalkCacheGeometry cache;
    if (!table.exists()) return cache;
    cache.entries = table.integer<std::uint16_t>("entries", {0, 4096});
    cache.ways = table.integer<std::uint16_t>("ways", {0, core::ArrayShape::kMostWays});
    if (const std::string wrong = cache.check(); !wrong.empty()) table.refuse(wrong);
    return cache;
}

void read_tlb(TomlTable tlb, TomlTable walk_caches, core::ProcessorPreset& preset) {
    core::TlbGeometry& geometry = preset.tlb;
    geometry.load = read_arrays(tlb, "first_level_data");
    geometry.store = read_arrays(tlb, "first_level_store");
    geometry.fetch = read_arrays(tlb, "first_level_fetch");
    geometry.second = read_arrays(tlb, "second_level");
    geometry.second_fetch = read_arrays(tlb, "second_level_fetch");
    geometry.second_smashes_1g = tlb.boolean("second_level_1g_as_2m", false);
    preset.page_walkers = tlb.integer<std::uint8_t>("page_walkers", {1, 64});
    constexpr std::array<std::string_view, 4> kWalkCaches{"pde", "pdpte", "pml4e", "pml5e"};
    for (std::size_t i = 0; i < kWalkCaches.size(); ++i)
        geometry.walk_caches[i] = read_walk_cache(walk_caches.table(kWalkCaches[i]));
    if (const std::string wrong = geometry.check(); !wrong.empty()) tlb.refuse(wrong);
}

void read_latencies(TomlTable table, core::ProcessorPreset::Latencies& latency) {
    const auto cycles = [&](std::string_view key) {
        return core::Cycles{table.integer<std::uint32_t>(key, {0, 1'000'000})};
    };
    latency.first_level_hit = cycles("first_level_hit");
    latency.second_level_extra = cycles("second_level_extra");
    latency.walk_overhead = cycles("walk_overhead");
    latency.l1d = cycles("l1d");
    latency.l2 = cycles("l2");
    latency.l3 = cycles("l3");
    latency.dram = table.duration("dram", {core::Nanoseconds{1}, core::Nanoseconds{100'000}});
    latency.invlpg = cycles("invlpg");
    latency.cr3_flush = cycles("cr3_flush");
    latency.global_flush = cycles("global_flush");
    latency.ipi_round_trip = cycles("ipi_roundtrip");
}

void read_features(TomlTable table, core::ProcessorPreset::Features& features) {
    features.pcid = table.choice("pcid", kAvailabilities);
    features.invpcid = table.choice("invpcid", kAvailabilities);
    features.huge_pages = table.choice("huge_pages", kAvailabilities);
    features.five_levels = table.choice("five_levels", kAvailabilities);
    features.invlpgb = table.choice("invlpgb", kAvailabilities);
    features.physical_bits = table.integer<std::uint8_t>("physical_bits", {36, 52});
}

core::CacheGeometry read_cache(TomlTable table) {
    using namespace core::literals;
    core::CacheGeometry cache;
    cache.kib = static_cast<std::uint32_t>(table.bytes("size", {1_KiB, 1_GiB}).count() / 1024);
    cache.ways = table.integer<std::uint16_t>("ways", {1, core::kMostCacheWays});
    if (const std::string wrong = cache.check(); !wrong.empty()) table.refuse(wrong);
    return cache;
}

void read_caches(TomlTable table, core::ProcessorPreset& preset) {
    preset.l1d = read_cache(table.table("l1d"));
    preset.l2 = read_cache(table.table("l2"));
    preset.l3 = read_cache(table.table("l3"));
    preset.l3_slices = table.integer<std::uint8_t>("l3_slices", {1, 8}, 1);
    if (const std::string wrong = core::SliceHash::problem_with(preset.l3_slices, preset.l3.sets()); !wrong.empty())
        table.refuse("l3_slices", wrong);
    preset.cores_sharing_l3 = table.integer<std::uint16_t>("cores_sharing_l3", {1, 1024});
}

std::string path_of(std::string_view id) {
    return fmt::format("{}{}{}", kFolder, id, kExtension);
}

} // namespace

Result<core::ProcessorPreset> read_processor(std::string_view text, std::string_view file) {
    KSL_TRY_ASSIGN(reader, TomlReader::parse(text, file));
    TomlTable root = reader.root();
    core::ProcessorPreset preset;
    preset.id = root.text("id");
    preset.name = root.text("name");
    preset.year = root.integer<std::uint16_t>("year", {1978, 2100});
    preset.is_amd = root.choice("vendor", kVendors);
    preset.stands_for = root.text("stands_for");
    preset.source = root.text("source");
    preset.confidence = root.text("confidence");
    read_tlb(root.table("tlb"), root.table("paging_structure_caches"), preset);
    read_latencies(root.table("latency"), preset.latency);
    read_features(root.table("features"), preset.features);
    preset.clock = core::Frequency{root.table("clock").integer<std::uint32_t>("mhz", {100, 10'000})};
    read_caches(root.table("caches"), preset);
    for (TomlTable& one : root.tables("assumed")) {
        std::string key = one.text("key");
        preset.assumed.push_back({.key = std::move(key), .reason = one.text("reason")});
    }
    KSL_TRY(reader.finish());
    return preset;
}

Result<core::ProcessorPreset> load_processor(const Assets& assets, std::string_view id) {
    KSL_TRY_ASSIGN(asset, assets.find(path_of(id)));
    return read_processor(asset.text, asset.origin);
}

Result<std::vector<core::ProcessorPreset>> load_processors(const Assets& assets) {
    std::vector<core::ProcessorPreset> presets;
    for (const std::string& path : assets.list("processors")) {
        if (!path.ends_with(kExtension)) continue;
        KSL_TRY_ASSIGN(asset, assets.find(path));
        KSL_TRY_ASSIGN(preset, read_processor(asset.text, asset.origin));
        presets.push_back(std::move(preset));
    }
    std::ranges::sort(presets, {}, [](const core::ProcessorPreset& preset) {
        return std::tuple{preset.year, std::string_view{preset.id}};
    });
    return presets;
}

} // namespace ksl::sim
