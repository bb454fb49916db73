// SPDX-License-Identifier: MIT
//
// The presets that come with the program against tables typed here from the makers' manuals, and what the reader says
// about mistakes.
#include "sim/processors/processor.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string>

namespace ksl::sim {
namespace {

using core::Availability;
using core::Cycles;

std::string text_of(core::PageSizeSet sizes) {
    std::string text;
    for (const auto& [size, name] :
         {std::pair{core::PageSize::small_4k, "4k"}, std::pair{core::PageSize::large_2m, "2m"},
          std::pair{core::PageSize::huge_1g, "1g"}}) {
        if (sizes.has(size)) text += (text.empty() ? "" : "+") + std::string{name};
    }
    return text;
}
std::string text_of(const std::vector<core::TlbArrayGeometry>& arrays) {
    std::string text;
    for (const core::TlbArrayGeometry& array : arrays) {
        text += (text.empty() ? "" : ", ") + text_of(array.holds) + " " + std::to_string(array.entries) + "/" +
                std::to_string(array.ways);
        if (array.most_ways[1] != 0) text += " 2m:" + std::to_string(array.most_ways[1]);
        if (array.most_ways[2] != 0) text += " 1g:" + std::to_string(array.most_ways[2]);
        if (array.per_thread) text += " a thread";
    }
    return text;
}

/// Entries/ways by page size.
struct GeometryRow {
    const char* id;
    int year;
    const char* load;
    const char* store;
    const char* fetch;
    const char* second;
    const char* second_fetch;
    int walkers;
};
constexpr const char* kZenFirst = "4k+2m+1g 64/64";
constexpr const char* kZenFetch = "4k+2m 512/8";
constexpr GeometryRow kGeometry[] = {
    {"nehalem", 2008, "4k 64/4, 2m+1g 32/4", "", "4k 128/4, 2m 7/7 a thread", "4k 512/4", "", 1},
    {"sandybridge", 2011, "4k 64/4, 2m 32/4, 1g 4/4", "", "4k 128/4, 2m 8/8 a thread", "4k 512/4", "", 1},
    {"haswell", 2013, "4k 64/4, 2m 32/4, 1g 4/4", "", "4k 128/4, 2m 8/8 a thread", "4k+2m 1024/8", "", 1},
    {"skylake", 2015, "4k 64/4, 2m 32/4, 1g 4/4", "", "4k 128/8, 2m 8/8 a thread", "4k+2m 1536/12, 1g 16/4", "", 2},
    {"zen1", 2017, kZenFirst, "", kZenFirst, "4k+2m 1536/12", kZenFetch, 2},
    {"icelake", 2019, "4k 64/4, 2m 32/4, 1g 8/8", "4k+2m+1g 16/16", "4k 128/8, 2m 16/16", "4k+2m+1g 2048/16 2m:8 1g:8",
     "", 2},
    {"zen2", 2019, kZenFirst, "", kZenFirst, "4k+2m 2048/16", kZenFetch, 2},
    {"zen3", 2020, kZenFirst, "", kZenFirst, "4k+2m 2048/16", kZenFetch, 6},
    {"goldencove", 2021, "4k 96/6, 2m 32/4, 1g 8/8", "4k+2m+1g 16/16", "4k 256/8, 2m 32/8", "4k+2m+1g 2048/16 1g:8", "",
     4},
    {"zen4", 2022, "4k+2m+1g 72/72", "", kZenFirst, "4k+2m 3072/24", kZenFetch, 6},
};

/// Cycles, DRAM in nanoseconds.
struct LatencyRow {
    const char* id;
    std::uint64_t second_extra, l1d, l2, l3, dram;
    bool is_dram_published;
};
constexpr LatencyRow kLatencies[] = {
    {"nehalem", 7, 4, 10, 40, 67, true},  {"sandybridge", 7, 4, 12, 28, 65, false},
    {"haswell", 8, 4, 12, 35, 60, false}, {"skylake", 9, 4, 12, 44, 55, false},
    {"icelake", 8, 5, 13, 42, 70, false}, {"goldencove", 8, 5, 15, 68, 85, false},
    {"zen1", 8, 4, 17, 40, 80, false},    {"zen2", 7, 4, 12, 39, 75, false},
    {"zen3", 7, 4, 12, 46, 70, false},    {"zen4", 7, 4, 14, 50, 75, false},
};

/// KiB/ways, MHz.
struct CacheRow {
    const char* id;
    core::CacheGeometry l1d, l2, l3;
    std::uint32_t megahertz;
};
constexpr CacheRow kCaches[] = {
    {"nehalem", {32, 8}, {256, 8}, {8192, 16}, 2660},  {"sandybridge", {32, 8}, {256, 8}, {8192, 16}, 3400},
    {"haswell", {32, 8}, {256, 8}, {8192, 16}, 3500},  {"skylake", {32, 8}, {256, 4}, {8192, 16}, 4000},
    {"icelake", {48, 12}, {512, 8}, {8192, 16}, 3900}, {"goldencove", {48, 12}, {1280, 10}, {30720, 12}, 3200},
    {"zen1", {32, 8}, {512, 8}, {8192, 16}, 3600},     {"zen2", {32, 8}, {512, 8}, {16384, 16}, 3600},
    {"zen3", {32, 8}, {512, 8}, {32768, 16}, 3800},    {"zen4", {32, 8}, {1024, 8}, {32768, 16}, 4500},
};

struct FeatureRow {
    const char* id;
    Availability pcid, invpcid, huge_pages, five_levels, invlpgb;
};
constexpr Availability kNo = Availability::no;
constexpr Availability kServer = Availability::server_parts;
constexpr Availability kYes = Availability::yes;
constexpr FeatureRow kFeatures[] = {
    {"nehalem", kNo, kNo, kNo, kNo, kNo},        {"sandybridge", kYes, kNo, kServer, kNo, kNo},
    {"haswell", kYes, kYes, kYes, kNo, kNo},     {"skylake", kYes, kYes, kYes, kNo, kNo},
    {"icelake", kYes, kYes, kYes, kServer, kNo}, {"goldencove", kYes, kYes, kYes, kServer, kNo},
    {"zen1", kNo, kNo, kYes, kNo, kNo},          {"zen2", kNo, kNo, kYes, kNo, kNo},
    {"zen3", kYes, kYes, kYes, kNo, kServer},    {"zen4", kYes, kYes, kYes, kYes, kServer},
};

core::ProcessorPreset preset_of(const char* id) {
    const auto preset = load_processor(Assets{}, id);
    EXPECT_TRUE(preset) << to_string(preset.error());
    return preset.value_or(core::ProcessorPreset{});
}

TEST(Processors, AllTenAreThereTheOldestFirst) {
    const auto presets = load_processors(Assets{});
    ASSERT_TRUE(presets) << to_string(presets.error());
    std::vector<std::string> ids;
    for (const core::ProcessorPreset& preset : *presets) ids.push_back(preset.id);
    std::vector<std::string> expected;
    for (const GeometryRow& row : kGeometry) expected.emplace_back(row.id);
    EXPECT_EQ(ids, expected);
}

TEST(Processors, HaveTheTlbsOfTheManuals) {
    for (const GeometryRow& row : kGeometry) {
        SCOPED_TRACE(row.id);
        const core::ProcessorPreset preset = preset_of(row.id);
        EXPECT_EQ(preset.id, row.id);
        EXPECT_EQ(preset.year, row.year);
        EXPECT_EQ(text_of(preset.tlb.load), row.load);
        EXPECT_EQ(text_of(preset.tlb.store), row.store);
        EXPECT_EQ(text_of(preset.tlb.fetch), row.fetch);
        EXPECT_EQ(text_of(preset.tlb.second), row.second);
        EXPECT_EQ(text_of(preset.tlb.second_fetch), row.second_fetch);
        EXPECT_EQ(preset.page_walkers, row.walkers);
        const bool is_amd = preset.id.starts_with("zen");
        EXPECT_EQ(preset.is_amd, is_amd);
        EXPECT_EQ(preset.tlb.second_smashes_1g, is_amd);
        EXPECT_EQ(preset.tlb.first_policy, core::Replacement::tree_plru);
        EXPECT_EQ(preset.tlb.second_policy, core::Replacement::lru);
        using WalkCaches = std::array<core::WalkCacheGeometry, 4>;
        EXPECT_EQ(preset.tlb.walk_caches, is_amd ? (WalkCaches{{{64, 64}, {16, 16}, {16, 16}, {4, 4}}})
                                                 : (WalkCaches{{{32, 8}, {8, 4}, {4, 4}, {2, 2}}}));
    }
}

bool is_assumed(const core::ProcessorPreset& preset, std::string_view key) {
    return std::ranges::find(preset.assumed, key, &core::ProcessorPreset::Assumption::key) != preset.assumed.end();
}

TEST(Processors, HaveTheLatenciesThatArePublishedAndSayWhichAreNot) {
    for (const LatencyRow& row : kLatencies) {
        SCOPED_TRACE(row.id);
        const core::ProcessorPreset preset = preset_of(row.id);
        const core::ProcessorPreset::Latencies expected{.first_level_hit = Cycles{0},
                                                        .second_level_extra = Cycles{row.second_extra},
                                                        .walk_overhead = Cycles{8},
                                                        .l1d = Cycles{row.l1d},
                                                        .l2 = Cycles{row.l2},
                                                        .l3 = Cycles{row.l3},
                                                        .dram = core::Nanoseconds{row.dram},
                                                        .invlpg = Cycles{200},
                                                        .cr3_flush = Cycles{200},
                                                        .global_flush = Cycles{500},
                                                        .ipi_round_trip = Cycles{2500}};
        EXPECT_EQ(preset.latency, expected);
        EXPECT_EQ(is_assumed(preset, "latency.dram"), !row.is_dram_published);
        for (const char* key :
             {"latency.walk_overhead", "latency.invlpg", "latency.cr3_flush", "latency.global_flush",
              "latency.ipi_roundtrip", "paging_structure_caches.pde", "paging_structure_caches.pml5e"})
            EXPECT_TRUE(is_assumed(preset, key)) << key;
    }
}

TEST(Processors, HaveTheCachesAndTheClockOfTheProductTheyStandFor) {
    for (const CacheRow& row : kCaches) {
        SCOPED_TRACE(row.id);
        const core::ProcessorPreset preset = preset_of(row.id);
        EXPECT_EQ(preset.l1d, row.l1d);
        EXPECT_EQ(preset.l2, row.l2);
        EXPECT_EQ(preset.l3, row.l3);
        EXPECT_EQ(preset.clock.megahertz(), row.megahertz);
        EXPECT_EQ(preset.caches().latency[3], preset.clock.to_cycles(preset.latency.dram));
        EXPECT_FALSE(preset.stands_for.empty());
        EXPECT_FALSE(preset.source.empty());
        EXPECT_FALSE(preset.confidence.empty());
    }
}

TEST(Processors, HaveTheFeaturesOfTheirGeneration) {
    for (const FeatureRow& row : kFeatures) {
        SCOPED_TRACE(row.id);
        const core::ProcessorPreset::Features features = preset_of(row.id).features;
        EXPECT_EQ(features.pcid, row.pcid);
        EXPECT_EQ(features.invpcid, row.invpcid);
        EXPECT_EQ(features.huge_pages, row.huge_pages);
        EXPECT_EQ(features.five_levels, row.five_levels);
        EXPECT_EQ(features.invlpgb, row.invlpgb);
    }
    EXPECT_FALSE(preset_of("sandybridge").mmu(false).features.huge_pages);
    EXPECT_TRUE(preset_of("sandybridge").mmu(true).features.huge_pages);
    EXPECT_TRUE(preset_of("zen3").mmu().features.amd);
}

TEST(Processors, CanAllBeBuilt) {
    const auto presets = load_processors(Assets{});
    ASSERT_TRUE(presets);
    for (const core::ProcessorPreset& preset : *presets) {
        const core::Mmu mmu{preset.mmu(), core::AddressClasses{core::KernelLayout{}}};
        EXPECT_STREQ(mmu.check_invariants(), "") << preset.id;
        const core::CacheModel caches{preset.caches(), 2};
        EXPECT_STREQ(caches.check_invariants(), "") << preset.id;
    }
}

/// A built-in file with one piece replaced.
std::string message_for(const std::string& from, const std::string& to) {
    const auto asset = Assets{}.find("processors/haswell.toml");
    EXPECT_TRUE(asset);
    std::string text = asset->text;
    const std::size_t at = text.find(from);
    EXPECT_NE(at, std::string::npos) << from;
    text.replace(at, from.size(), to);
    const auto preset = read_processor(text, "mine.toml");
    return preset ? "" : to_string(preset.error());
}

TEST(ProcessorMistakes, AreAnsweredWithTheirPlaceAndWhatWouldBeRight) {
    EXPECT_EQ(message_for("entries = 1024, ways = 8", "entries = 1024, ways = 7"),
              "mine.toml:31:5: table `tlb.second_level.0`: 1024 entries cannot be a power of two of sets of 7 ways; 8 "
              "ways would be right");
    EXPECT_EQ(message_for("entries = 64, ways = 4", "entries = 64, ways = \"full\""),
              "mine.toml:17:44: key `tlb.first_level_data.0.ways`: \"full\" is text; a whole number, 1 to 128, would "
              "be right");
    EXPECT_EQ(message_for("pages = [\"4k\"], entries = 64", "pages = [\"4m\"], entries = 64"),
              "mine.toml:17:15: key `tlb.first_level_data.0.pages`: \"4m\" is no page size; \"4k\", \"2m\", \"1g\" "
              "would be right");
    EXPECT_EQ(message_for("{ pages = [\"4k\"], entries = 64, ways = 4 },", ""),
              "mine.toml:13:1: table `tlb`: the first-level data TLB has no array for 4 KiB pages; one would be right");
    EXPECT_EQ(message_for("pcid = \"yes\"", "pcid = \"perhaps\""),
              "mine.toml:60:8: key `features.pcid`: \"perhaps\" is none of no, server parts, yes");
    EXPECT_EQ(message_for("size = \"32 KiB\"", "size = \"32 kB\""),
              "mine.toml:69:16: key `caches.l1d.size`: \"32 kB\" is not a size; a size like \"16 KiB\" (B, KiB, MiB, "
              "GiB, TiB) would be right");
    EXPECT_EQ(message_for("size = \"32 KiB\", ways = 8", "size = \"30 KiB\", ways = 8"),
              "mine.toml:69:7: table `caches.l1d`: 30 KiB are not a multiple of 64 sets of 8 lines; a multiple of 32 "
              "KiB would be right");
    EXPECT_EQ(
        message_for("dram = \"60 ns\"", "dram = 60"),
        "mine.toml:52:8: key `latency.dram`: 60 is not a time; a time like \"250 ns\" (ns, us, ms, s) would be right");
    EXPECT_EQ(message_for("l1d = 4", "l1 = 4"), "mine.toml:44:1: key `latency.l1d` is missing; is it meant by `l1`?");
    EXPECT_EQ(message_for("mhz = 3500", "mhz = 35"),
              "mine.toml:78:7: key `clock.mhz`: 35 is too small; 100 to 10000 would be right");
    EXPECT_EQ(message_for("page_walkers = 1", "page_walkers = 1\nwalkers = 2"),
              "mine.toml:37:1: key `tlb.walkers` is not known; known here: first_level_data, first_level_fetch, "
              "first_level_store, page_walkers, second_level, second_level_1g_as_2m, second_level_fetch");
}

TEST(ProcessorMistakes, AnUnknownIdNamesWhatThereIs) {
    const auto preset = load_processor(Assets{}, "hasvell");
    ASSERT_FALSE(preset);
    EXPECT_THAT(preset.error().message, ::testing::HasSubstr("haswell"));
}

} // namespace
} // namespace ksl::sim
