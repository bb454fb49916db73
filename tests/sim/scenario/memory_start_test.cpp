// SPDX-License-Identifier: MIT
//
// Start states from what real kernels showed in /proc: held against the counts that the same kernels showed.
#include "core/machine/machine.h"
#include "sim/import/proc_buddyinfo.h"
#include "sim/import/proc_zoneinfo.h"
#include "sim/import/read_file.h"
#include "sim/scenario/machine_setup.h"
#include "sim/scenario/memory_start.h"
#include "tests/sim/import/captures.h"
#include "tests/sim/support/results.h"
#include "tests/sim/support/scratch.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <filesystem>
#include <map>

namespace ksl::sim {
namespace {

using testing::error_of;

namespace fs = std::filesystem;
using core::Pfn;
using core::ZoneId;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::Scratch;

Scenario scenario_from(const std::string& start, std::vector<std::string> overrides = {}) {
    overrides.push_back("memory.start=" + start);
    auto scenario = load_scenario(Assets{}, "article", overrides);
    EXPECT_TRUE(scenario) << to_string(scenario.error());
    return scenario.value_or(Scenario{});
}

Result<MemoryStart> start_from(const fs::path& folder) {
    return make_memory_start(
        MemorySpec{.size = {}, .low_limit = {}, .start = MemoryStartKind::real, .folder = folder.string(), .age = {}},
        1);
}

Result<core::MachineConfig> config_from(const Scenario& scenario, const DesignProfile& design) {
    KSL_TRY_ASSIGN(start, make_memory_start(scenario.memory, scenario.machine.cpus));
    KSL_TRY_ASSIGN(prices, load_prices(Assets{}, design.kernel));
    return config_for(scenario, design, start, prices);
}

TEST(PcMemory, LowMemoryEndsWhereFirmwarePutsTheHole) {
    using namespace core::literals;
    EXPECT_EQ(pc_memory_map(2_GiB).frames(), core::Pages{(2ULL << 18) - 32}) << "128 KiB of firmware tables";
    EXPECT_EQ(pc_memory_map(3584_MiB).extent(ZoneId::normal).present, core::Pages{0});
    const core::MemoryMap map = pc_memory_map(4_GiB);
    EXPECT_EQ(map.find(Pfn{3ULL << 18}), nullptr) << "the hole below 4 GiB";
    EXPECT_EQ(map.extent(ZoneId::normal).present, core::Pages{1ULL << 18}) << "1 GiB above";
    EXPECT_EQ(pc_memory_map(4_GiB, 2_GiB).extent(ZoneId::normal).present, core::Pages{2ULL << 18});
}

std::uint32_t blocks(const core::PageState& state, ZoneId zone, unsigned order, core::MigrateType type) {
    return state.frames.length(core::PageState::free_list(zone, order, type));
}

TEST(RealMemory, EveryCapturedMachineStartsWithExactlyTheBlocksThatItsKernelCounted) {
    const auto folders = testing::captures_of_kind("snapshot-");
    ASSERT_GE(folders.size(), 7U);
    for (const fs::path& folder : folders) {
        SCOPED_TRACE(folder.string());
        const Scenario scenario = scenario_from(folder.string());
        const auto config = config_from(scenario, scenario.designs.back());
        ASSERT_TRUE(config) << to_string(config.error());
        const auto text = read_file(folder / "before.pagetypeinfo.txt");
        const auto types = proc::parse_pagetypeinfo("pagetypeinfo", *text);
        ASSERT_TRUE(types);
        int rows = 0;
        for (const proc::TypedFreeBlocks& row : types->free) {
            const auto zone = static_cast<ZoneId>(row.zone == "DMA" ? 0 : row.zone == "DMA32" ? 1 : 2);
            const auto type = std::ranges::find(types->types, row.type) - types->types.begin();
            if (type > 3 || config->start->zone(zone).managed == 0) continue;
            const std::array order_of_types{core::MigrateType::unmovable, core::MigrateType::movable,
                                            core::MigrateType::reclaimable, core::MigrateType::highatomic};
            for (unsigned order = 0; order < core::kOrders; ++order) {
                EXPECT_EQ(blocks(*config->start, zone, order, order_of_types[static_cast<std::size_t>(type)]),
                          row.free_blocks[order])
                    << row.zone << " order " << order << " " << row.type;
                ++rows;
            }
        }
        EXPECT_GE(rows, 44);
        EXPECT_STREQ(core::check_invariants(*config->start), "");
    }
}

TEST(RealMemory, EverySeedFindsRoomForWhatWasCounted) {
    for (const fs::path& folder : testing::captures_of_kind("snapshot-")) {
        Scenario scenario = scenario_from(folder.string());
        const auto start = make_memory_start(scenario.memory, scenario.machine.cpus);
        const auto prices = load_prices(Assets{}, "linux-6.1");
        ASSERT_TRUE(start && prices);
        for (scenario.seed = 100; scenario.seed < 120; ++scenario.seed) {
            const auto config = config_for(scenario, scenario.designs.back(), *start, *prices);
            EXPECT_TRUE(config) << scenario.seed << " " << to_string(config.error());
        }
    }
}

TEST(RealMemory, SizesAreThoseOfZoneinfo) {
    for (const fs::path& folder : testing::captures_of_kind("snapshot-")) {
        SCOPED_TRACE(folder.string());
        const Scenario scenario = scenario_from(folder.string());
        const auto config = config_from(scenario, scenario.designs.front());
        ASSERT_TRUE(config) << to_string(config.error());
        const auto text = read_file(folder / "before.zoneinfo.txt");
        const auto zones = proc::parse_zoneinfo("zoneinfo", *text);
        ASSERT_TRUE(zones);
        for (const proc::ZoneInfo& zone : *zones) {
            if (zone.managed == core::Pages{0}) continue;
            const auto id = static_cast<ZoneId>(zone.zone == "DMA" ? 0 : zone.zone == "DMA32" ? 1 : 2);
            EXPECT_EQ(core::Pages{config->start->zone(id).managed}, zone.managed) << zone.zone;
            EXPECT_EQ(config->start->map.extent(id).managed, zone.managed) << zone.zone;
            EXPECT_EQ(config->start->map.extent(id).spanned.lowest, *zone.start) << zone.zone;
        }
    }
}

TEST(RealMemory, EveryDesignOfTheArticleBootsOnACapturedMachine) {
    for (const char* name : {"2016/snapshot-4.9-vmap-y-512M", "6.1/snapshot-vmap-y-2G-2cpu"}) {
        const Scenario scenario = scenario_from(testing::capture(name).string());
        for (const DesignProfile& design : scenario.designs) {
            const auto config = config_from(scenario, design);
            ASSERT_TRUE(config) << to_string(config.error());
            auto machine = core::Machine::boot(*config);
            ASSERT_TRUE(machine) << name << " " << design.name << ": " << machine.error();
            EXPECT_EQ(machine->check_invariants(), "");
            ASSERT_TRUE(machine->apply(core::Switch{core::CpuId{0}, core::kInitTask}).is_done());
            EXPECT_TRUE(machine->apply(core::Spawn{}).is_done());
        }
    }
}

TEST(RealMemory, TheSameInputsAndSeedAreTheSameMemory) {
    const Scenario scenario = scenario_from(testing::capture("6.1/snapshot-vmap-y-512M-1cpu").string());
    const auto start = make_memory_start(scenario.memory, 4);
    ASSERT_TRUE(start);
    const auto again = memory_start_from(start->inputs, 4);
    ASSERT_TRUE(again) << to_string(again.error());
    const auto prices = load_prices(Assets{}, "linux-6.1");
    const auto first = config_for(scenario, scenario.designs.back(), *start, *prices);
    const auto second = config_for(scenario, scenario.designs.back(), *again, *prices);
    ASSERT_TRUE(first && second);
    EXPECT_EQ(first->start, second->start);
    Scenario other = scenario;
    ++other.seed;
    EXPECT_NE(config_for(other, scenario.designs.back(), *start, *prices)->start, first->start);
}

/// A folder with copies of a captured machine's files, to be damaged.
class Copies {
public:
    Copies() {
        for (const char* name : {"buddyinfo", "zoneinfo", "pagetypeinfo", "meminfo", "iomem"}) {
            texts_[name] =
                *read_file(testing::capture("6.1/snapshot-vmap-y-2G-2cpu") / fmt::format("before.{}.txt", name));
            static_cast<void>(scratch_.write(name, texts_[name]));
        }
    }
    void write(const std::string& name, const std::string& text) const {
        static_cast<void>(scratch_.write(name, text));
    }
    void remove(const std::string& name) const { fs::remove(scratch_.path(name)); }
    void cut(const std::string& name, double share) const {
        const std::string& text = texts_.at(name);
        write(name, text.substr(0, static_cast<std::size_t>(static_cast<double>(text.size()) * share)));
    }
    void replace(const std::string& name, std::string_view from, std::string_view to) const {
        std::string text = texts_.at(name);
        ASSERT_NE(text.find(from), std::string::npos) << from;
        text.replace(text.find(from), from.size(), to);
        write(name, text);
    }
    [[nodiscard]] Result<MemoryStart> start() const { return start_from(scratch_.path("")); }
    [[nodiscard]] std::string path(const std::string& name) const { return scratch_.path(name).string(); }
    [[nodiscard]] const std::string& text(const std::string& name) const { return texts_.at(name); }

private:
    Scratch scratch_;
    std::map<std::string, std::string> texts_;
};

TEST(SavedCopies, AllFilesMakeAStartThatRepeatsThem) {
    const Copies copies;
    const auto start = copies.start();
    ASSERT_TRUE(start) << to_string(start.error());
    EXPECT_EQ(start->inputs.size(), 5U);
    for (const InputRecord& input : start->inputs) EXPECT_EQ(input.text, copies.text(fs::path{input.name}.filename()));
}

TEST(SavedCopies, OptionalFilesThatAreMissingAreEachSaidWithWhatIsAssumed) {
    const Copies copies;
    for (const char* name : {"pagetypeinfo", "iomem", "meminfo"}) copies.remove(name);
    const auto start = copies.start();
    ASSERT_TRUE(start) << to_string(start.error());
    EXPECT_THAT(
        start->warnings,
        Contains(fmt::format("{}: there is no such file; a copy of the one in /proc would be right; RAM is laid "
                             "out as zoneinfo's sizes allow",
                             copies.path("iomem"))));
    EXPECT_THAT(start->warnings, Contains(HasSubstr("half are taken for movable")));
    EXPECT_THAT(start->warnings, Contains(HasSubstr("three tenths")));
    EXPECT_EQ(start->counted->page_cache_permille, 300U);
}

TEST(SavedCopies, HiddenAddressesCountAsNoIomem) {
    const Copies copies;
    copies.write("iomem", "00000000-00000000 : Reserved\n00000000-00000000 : System RAM\n");
    const auto hidden = copies.start();
    ASSERT_TRUE(hidden) << to_string(hidden.error());
    EXPECT_THAT(hidden->warnings, Contains(HasSubstr("hides its addresses")));
    copies.write("iomem", "");
    EXPECT_TRUE(copies.start()) << "as some containers have it";
}

TEST(SavedCopies, WithoutIomemEveryZoneKeepsItsSize) {
    const Copies copies;
    const auto exact = copies.start();
    copies.remove("iomem");
    const auto guessed = copies.start();
    ASSERT_TRUE(exact && guessed);
    for (const ZoneId id : {ZoneId::dma, ZoneId::dma32}) {
        EXPECT_EQ(guessed->map.extent(id).present, exact->map.extent(id).present);
    }
    EXPECT_EQ(guessed->map.find(Pfn{0x9f}), nullptr) << "the hole under 1 MiB is every PC's";
}

TEST(SavedCopies, TruncatedFilesAreRefusedWithTheirName) {
    for (const char* name : {"buddyinfo", "zoneinfo", "pagetypeinfo"}) {
        const Copies copies;
        copies.cut(name, 0.6);
        EXPECT_THAT(error_of(copies.start()), HasSubstr(copies.path(name)));
        copies.write(name, "");
        EXPECT_THAT(error_of(copies.start()), HasSubstr(copies.path(name)));
        copies.write(name, std::string(100, '\0'));
        EXPECT_THAT(error_of(copies.start()), HasSubstr(copies.path(name)));
    }
}

TEST(SavedCopies, RequiredFilesAreNamed) {
    const Copies copies;
    copies.remove("buddyinfo");
    EXPECT_EQ(
        error_of(copies.start()),
        fmt::format("{}: there is no such file; a copy of the one in /proc would be right", copies.path("buddyinfo")));
    EXPECT_EQ(error_of(start_from("/nowhere")),
              "/nowhere: is no folder; /proc, or a folder with copies of its buddyinfo and zoneinfo, would be right");
}

TEST(SavedCopies, FilesOfDifferentMachinesAreRefused) {
    const Copies copies;
    copies.write("buddyinfo", "Node 0, zone DMA 1 0 0 1 2 1 1 0 1 1 3\nNode 0, zone DMA32 1 0 0 0 0 0 0 0 0 0 700\n");
    EXPECT_THAT(error_of(copies.start()), HasSubstr("zone DMA32 has 700 free blocks of order 10; it has room for "));
    copies.write("buddyinfo", "Node 0, zone DMA 1 0 0 1 2 1 1 0 1 0 3\n");
    EXPECT_EQ(error_of(copies.start()),
              fmt::format("{}: has no line for zone DMA32, which zoneinfo has; all of the file "
                          "would be right",
                          copies.path("buddyinfo")));
    copies.write("buddyinfo", "Node 0, zone DMA 1 0 0\n");
    EXPECT_EQ(error_of(copies.start()),
              fmt::format("{}: shows 3 orders; 11 (0 to 10), as x86-64 kernels have them, would "
                          "be right",
                          copies.path("buddyinfo")));
}

TEST(SavedCopies, AMachineThatIsNoPcIsRefused) {
    const Copies copies;
    copies.replace("zoneinfo", "zone    DMA32", "zone  HighMem");
    EXPECT_EQ(error_of(copies.start()), fmt::format("{}: zone HighMem is not known; the zones of x86-64, DMA, DMA32, "
                                                    "Normal and Movable, would be right",
                                                    copies.path("zoneinfo")));
    copies.replace("zoneinfo", "start_pfn:           4096", "start_pfn:           262144");
    EXPECT_THAT(error_of(copies.start()), "no error") << "still below 4 GiB";
    copies.replace("zoneinfo", "start_pfn:           4096", "start_pfn:           2000000");
    EXPECT_THAT(error_of(copies.start()), HasSubstr("on x86-64 it lies from 4096 to 1048575"));
}

TEST(SavedCopies, TwoNodesAndZoneMovableBecomeOneMemory) {
    const auto zone = [](int node, std::string_view name, std::uint64_t start, std::uint64_t pages) {
        return fmt::format(
            "Node {}, zone {}\n  pages free 1000\n min 100\n low 125\n high 150\n spanned {}\n present {}\n"
            " managed {}\n protection: (0, 0)\n  pagesets\n  start_pfn: {}\n",
            node, name, pages, pages, pages - 20'000, start);
    };
    const Scratch scratch;
    static_cast<void>(scratch.write("zoneinfo", zone(0, "Normal", 1U << 20, 1U << 18) +
                                                    zone(1, "Normal", (1U << 20) + (1U << 18), 1U << 18) +
                                                    zone(1, "Movable", (1U << 20) + (1U << 19), 1U << 18)));
    static_cast<void>(scratch.write("buddyinfo", "Node 0, zone Normal 0 0 0 0 0 0 0 0 0 1 100\n"
                                                 "Node 1, zone Normal 0 0 0 0 0 0 0 0 0 1 90\n"
                                                 "Node 1, zone Movable 4 0 0 0 0 0 0 0 0 0 80\n"));
    const auto start = start_from(scratch.path(""));
    ASSERT_TRUE(start) << to_string(start.error());
    EXPECT_EQ(start->map.extent(ZoneId::normal).managed - start->counted->zones[0].reserved,
              core::Pages{3 * ((1U << 18) - 20'000)});
    ASSERT_EQ(start->counted->zones.size(), 1U);
    EXPECT_EQ(start->counted->zones[0].free_blocks[10][1], 270U);
    EXPECT_EQ(start->counted->min_free_kib, 1200U);
    EXPECT_THAT(start->warnings, Contains(HasSubstr("2 memory nodes are treated as one")));
    EXPECT_THAT(start->warnings, Contains(HasSubstr("zone Movable is treated as part of Normal")));
}

TEST(SavedCopies, AComputerTooLargeIsRefused) {
    const Scratch scratch;
    static_cast<void>(scratch.write(
        "zoneinfo",
        "Node 0, zone Normal\n pages free 1\n min 1\n low 1\n high 1\n spanned 268435456\n present 268435456\n"
        " managed 268435456\n protection: (0)\n pagesets\n start_pfn: 1048576\n"));
    static_cast<void>(scratch.write("buddyinfo", "Node 0, zone Normal 0 0 0 0 0 0 0 0 0 0 0\n"));
    EXPECT_EQ(error_of(start_from(scratch.path(""))),
              fmt::format("{}: the last frame lies at 1 TiB; up to 512 GiB can be simulated",
                          scratch.path("zoneinfo").string()));
}

TEST(ThisComputer, ItsOwnMemoryIsAStartOrIsRefusedInOneLine) {
    const Scenario scenario = scenario_from("/proc");
    const auto start = make_memory_start(scenario.memory, scenario.machine.cpus);
    if (!start) {
        EXPECT_THAT(to_string(start.error()), HasSubstr("/proc"));
        GTEST_SKIP() << to_string(start.error());
    }
    for (const std::string& warning : start->warnings) std::printf("warning: %s\n", warning.c_str());
    const auto prices = load_prices(Assets{}, "linux-6.1");
    const auto config = config_for(scenario, scenario.designs.back(), *start, *prices);
    ASSERT_TRUE(config) << to_string(config.error());
    const auto machine = core::Machine::boot(*config);
    ASSERT_TRUE(machine) << machine.error();
}

TEST(Recipe, HoldsAllThatARunNeeds) {
    const Scenario scenario = scenario_from(testing::capture("6.1/snapshot-vmap-y-2G-2cpu").string(), {"seed=11"});
    const auto start = make_memory_start(scenario.memory, scenario.machine.cpus);
    const auto prices = load_prices(Assets{}, scenario.designs[2].kernel);
    ASSERT_TRUE(start && prices);
    const RunRecord recipe = recipe_for(scenario, scenario.designs[2], *start, *prices, "kstacklab 1");
    EXPECT_EQ(recipe.scenario, "article");
    EXPECT_EQ(recipe.design, "linux-4.9");
    EXPECT_EQ(recipe.kernel, "linux-4.9");
    EXPECT_EQ(recipe.processor, "haswell");
    EXPECT_EQ(recipe.seed, 11U);
    EXPECT_EQ(recipe.cpus, 4U);
    EXPECT_EQ(recipe.clock_mhz, 3500U);
    EXPECT_EQ(recipe.baseline, 0U);
    EXPECT_EQ(recipe.inputs.size(), 5U);
    EXPECT_THAT(recipe.overrides, HasSubstr("seed=11\nmemory.start="));
    const auto design = read_design(recipe.design_text, "recipe", recipe.design);
    ASSERT_TRUE(design) << to_string(design.error());
    EXPECT_EQ(*design, scenario.designs[2]);
    const std::vector<std::string> overrides{"seed=11", "memory.start=" + scenario.memory.folder};
    const auto again = read_scenario(Assets{}, recipe.scenario_text, "article", overrides);
    ASSERT_TRUE(again) << to_string(again.error());
    EXPECT_EQ(again->designs, scenario.designs);
}

} // namespace
} // namespace ksl::sim
