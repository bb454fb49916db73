// SPDX-License-Identifier: MIT
#include "sim/scenario/scenario.h"
#include "tests/sim/support/results.h"
#include "tests/sim/support/scratch.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

namespace ksl::sim {
namespace {

using ::testing::ElementsAre;
using testing::error_of;
using ::testing::HasSubstr;
using testing::Scratch;

constexpr std::string_view kSmall = R"(
title = "small"
[design]
name = "linux-4.9"
[workload]
kind = "clone-exit"
)";

Result<Scenario> read(std::string_view text, std::vector<std::string> overrides = {}) {
    return read_scenario(Assets{}, text, "own.toml", overrides);
}
Scenario read_good(std::string_view text, std::vector<std::string> overrides = {}) {
    auto scenario = read(text, std::move(overrides));
    EXPECT_TRUE(scenario) << to_string(scenario.error());
    return scenario.value_or(Scenario{});
}
TEST(Scenario, EveryBuiltInScenarioCanBeReadAndExplainsItself) {
    const Assets assets;
    const auto paths = assets.list("scenarios");
    EXPECT_FALSE(paths.empty());
    for (const std::string& path : paths) {
        const auto scenario = load_scenario(assets, std::filesystem::path{path}.stem().string());
        ASSERT_TRUE(scenario) << to_string(scenario.error());
        EXPECT_FALSE(scenario->summary.empty()) << path;
        EXPECT_FALSE(scenario->assumptions.empty()) << path << " says what it takes for granted";
    }
}

TEST(Scenario, TheArticleComparesFourDesignsFromThisComputersMemory) {
    const auto scenario = load_scenario(Assets{}, "article");
    ASSERT_TRUE(scenario) << to_string(scenario.error());
    std::vector<std::string> names;
    for (const DesignProfile& design : scenario->designs) names.push_back(design.name);
    EXPECT_THAT(names, ElementsAre("linux-4.7", "vmap-2016-june", "linux-4.9", "linux-6.1"));
    EXPECT_EQ(scenario->name, "article");
    EXPECT_EQ(scenario->baseline, 0U);
    EXPECT_EQ(scenario->machine.cpus, 4);
    EXPECT_EQ(scenario->machine.processor.id, "haswell");
    EXPECT_EQ(scenario->memory.start, MemoryStartKind::real);
    EXPECT_EQ(scenario->memory.folder, "/proc");
    EXPECT_EQ(scenario->workload, WorkloadSpec{(CloneExit{.operations = 20'000, .warmup = 1'000})});
}

TEST(Scenario, WhatIsNotSaidHasItsDocumentedDefault) {
    const Scenario scenario = read_good(kSmall);
    EXPECT_EQ(scenario.seed, 1U);
    EXPECT_EQ(scenario.machine.cpus, 1);
    EXPECT_EQ(scenario.machine.levels, 4);
    EXPECT_EQ(scenario.machine.hz, 250);
    EXPECT_FALSE(scenario.machine.kaslr);
    EXPECT_EQ(scenario.memory.size, core::Bytes{std::uint64_t{4} << 30});
    EXPECT_EQ(scenario.memory.start, MemoryStartKind::booted);
    EXPECT_EQ(scenario.workload, WorkloadSpec{CloneExit{}});
}

TEST(Scenario, ADesignIsAProfileWithChanges) {
    const Scenario scenario = read_good(R"(
title = "t"
baseline = "plain"
[[design]]
name = "linux-4.9"
label = "no cache"
cache_slots = 0
direct_map_page = "4K"
[[design]]
name = "linux-4.9"
label = "plain"
[workload]
kind = "burst"
threads = 8
)");
    ASSERT_EQ(scenario.designs.size(), 2U);
    EXPECT_EQ(scenario.designs[0].name, "no cache");
    EXPECT_EQ(scenario.designs[0].base, "linux-4.9");
    core::StackDesign expected = scenario.designs[1].stack;
    expected.cache_slots = 0;
    expected.direct_map_page = core::DirectMapPage::small_4k;
    EXPECT_EQ(scenario.designs[0].stack, expected);
    EXPECT_EQ(scenario.baseline, 1U);
    EXPECT_EQ(scenario.workload, WorkloadSpec{Burst{.threads = 8}});
}

TEST(Scenario, OverridesCountAndAreKept) {
    const Scenario scenario = read_good(kSmall, {"machine.cpus=8", "design.backing=dynamic", "memory.start=/proc"});
    EXPECT_EQ(scenario.machine.cpus, 8);
    EXPECT_EQ(scenario.designs[0].stack.backing, core::Backing::dynamic);
    EXPECT_EQ(scenario.memory.folder, "/proc");
    EXPECT_THAT(scenario.overrides, ElementsAre("machine.cpus=8", "design.backing=dynamic", "memory.start=/proc"));
    EXPECT_EQ(scenario.text, kSmall);
}

TEST(Scenario, KeepsTheTraceThatItNames) {
    const Scratch scratch;
    constexpr std::string_view kTrace = "        Depth    Size   Location    (2 entries)\n"
                                        "        -----    ----   --------\n"
                                        "  0)      336      64   inner+0x1/0x40\n"
                                        "  1)      272     272   outer+0x1/0x40\n";
    const auto file = scratch.write("stack_trace", kTrace);
    const Scenario scenario =
        read_good(fmt::format("title = \"t\"\n[design]\nname = \"linux-4.9\"\n[workload]\nkind = \"chain\"\n"
                              "chain = \"{}\"\n",
                              file.string()));
    ASSERT_EQ(scenario.inputs.size(), 1U);
    EXPECT_EQ(scenario.inputs[0], (InputRecord{.name = file.string(), .text = std::string{kTrace}}));
    EXPECT_TRUE(read_good(kSmall).inputs.empty());
}

TEST(Scenario, EveryKindOfWorkloadCanBeWritten) {
    const auto with = [](std::string_view workload) {
        return read_good(fmt::format("title = \"t\"\n[design]\nname = \"linux-4.9\"\n[workload]\n{}", workload))
            .workload;
    };
    EXPECT_EQ(with("kind = \"clone-exit\"\noperations = 5\ntask = \"process\"\npause = \"2 ms\""),
              WorkloadSpec{(
                  CloneExit{.operations = 5, .task = core::TaskKind::process, .pause = core::Nanoseconds{2'000'000}})});
    EXPECT_EQ(with("kind = \"burst\"\nrounds = 3\nthreads = 4\nwarmup = 1"),
              WorkloadSpec{(Burst{.rounds = 3, .threads = 4, .warmup = 1})});
    EXPECT_EQ(with("kind = \"shell\"\npages_per_program = 10"), WorkloadSpec{Shell{.pages_per_program = 10}});
    EXPECT_EQ(with("kind = \"server\"\nthreads = 2\nrequests = 9\ndepth = \"1 KiB\"\nframes = 4\nreplace_every = 3"),
              WorkloadSpec{
                  (Server{.threads = 2, .requests = 9, .depth = core::Bytes{1024}, .frames = 4, .replace_every = 3})});
    EXPECT_EQ(with("kind = \"ager\"\nfill = 0.5\nlifetime = 10"), WorkloadSpec{(Ager{.fill = 0.5, .lifetime = 10})});
    EXPECT_EQ(with("kind = \"chain\"\nframes = [128, 64]\nrepeat = 2"),
              WorkloadSpec{(Chain{.frames = {core::Bytes{128}, core::Bytes{64}}, .repeat = 2})});
    EXPECT_EQ(
        with("kind = \"overflow\"\nframe = 512\nbeyond = \"8 KiB\""),
        WorkloadSpec{(Overflow{.frame = core::Bytes{512}, .touched = core::Bytes{512}, .beyond = core::Bytes{8192}})});
    EXPECT_EQ(with("kind = \"populate\"\ntasks = 12"), WorkloadSpec{Populate{.tasks = 12}});
    EXPECT_EQ(with("kind = \"populate\"\ntasks = 12\ndeep = 3\ndepth = 4096"),
              WorkloadSpec{(Populate{.tasks = 12, .deep = 3, .depth = core::Bytes{4096}})});
    EXPECT_EQ(with("kind = \"borrowed-table\"\nvmalloc = \"8 MiB\""),
              WorkloadSpec{(BorrowedTable{.vmalloc = core::Bytes{8 << 20}})});
    EXPECT_EQ(with("kind = \"hotplug\"\nrounds = 2\nthreads = 5"), WorkloadSpec{(Hotplug{.rounds = 2, .threads = 5})});
    Dma dma;
    dma.request.call = core::DmaCall::sg_set_buf;
    dma.request.checks.debug_sg = true;
    dma.request.length = 128;
    EXPECT_EQ(with("kind = \"dma\"\ncall = \"sg_set_buf\"\ndebug_sg = true\nlength = 128"), WorkloadSpec{dma});
}

/// The saved registers are the machine's to write: 168 bytes of the entry's 176.
TEST(Scenario, ABuiltInChainIsFramesOnTopOfTheSavedRegisters) {
    const auto frames = [](std::string_view more) {
        const auto workload = read_good(fmt::format("title = \"t\"\n[design]\nname = \"linux-4.9\"\n[workload]\nkind = "
                                                    "\"chain\"\nchain = \"fault\"\n{}",
                                                    more))
                                  .workload;
        return std::get<Chain>(workload).frames;
    };
    core::Bytes plain;
    for (const core::Bytes frame : frames("")) plain += frame;
    EXPECT_EQ(frames("").front(), core::Bytes{8});
    EXPECT_EQ(plain, core::Bytes{2256 - 40 - 168}); // as workloads.csv of the captures has it
    EXPECT_EQ(frames("add = [\"interrupt*2\", \"mine=64\"]").size(), frames("").size() + 3);
}

TEST(Scenario, AKindIsNamedAsItIsSpelt) {
    EXPECT_EQ(kind_of(CloneExit{}), "clone-exit");
    EXPECT_EQ(kind_of(Overflow{}), "overflow");
    EXPECT_EQ(kind_of(Populate{}), "populate");
}

TEST(Scenario, ExpectationsBoundAMetricOfOneDesignAgainstAnother) {
    const Scenario scenario = read_good(std::string{kSmall} + R"(
[[expect]]
metric = "clone_exit.latency_ns.mean"
design = "linux-4.9"
difference_to = "linux-4.9"
at_least = -1200
at_most = -300
why = "published"
[[expect]]
metric = "failures"
equals = 0
)");
    EXPECT_THAT(scenario.expectations, ElementsAre(Expectation{.metric = "clone_exit.latency_ns.mean",
                                                               .design = "linux-4.9",
                                                               .relation = Expectation::Relation::difference,
                                                               .reference = "linux-4.9",
                                                               .at_least = -1200,
                                                               .at_most = -300,
                                                               .equals = {},
                                                               .why = "published"},
                                                   Expectation{.metric = "failures",
                                                               .design = "",
                                                               .reference = "",
                                                               .at_least = {},
                                                               .at_most = {},
                                                               .equals = 0,
                                                               .why = ""}));
}

TEST(Scenario, ASweepIsTheCrossProductOfItsAxesInTheirOrder) {
    const Scenario scenario = read_good(std::string{kSmall} + R"(
[sweep]
machine.cpus = [1, 2]
"design.zeroing" = ["none", "fresh-only"]
)");
    EXPECT_THAT(sweep_points(scenario.sweep),
                ElementsAre(ElementsAre("machine.cpus=1", "design.zeroing=\"none\""),
                            ElementsAre("machine.cpus=1", "design.zeroing=\"fresh-only\""),
                            ElementsAre("machine.cpus=2", "design.zeroing=\"none\""),
                            ElementsAre("machine.cpus=2", "design.zeroing=\"fresh-only\"")));
    EXPECT_THAT(sweep_points({}), ElementsAre(ElementsAre()));
}

TEST(Scenario, AScenarioIsABuiltInNameOrAFile) {
    const Scratch scratch;
    const auto file = scratch.write("mine.toml", kSmall);
    const auto own = load_scenario(Assets{}, file.string());
    ASSERT_TRUE(own) << to_string(own.error());
    EXPECT_EQ(own->name, "mine");
    EXPECT_EQ(error_of(load_scenario(Assets{}, "artikle")), "there is no scenario \"artikle\"; did you mean article?");
    EXPECT_EQ(error_of(load_scenario(Assets{}, "nonsense")),
              "there is no scenario \"nonsense\"; `kstacklab list scenarios` shows those that there are, and a file of "
              "your own ends in .toml");
    EXPECT_THAT(error_of(load_scenario(Assets{}, scratch.path("none.toml").string())), HasSubstr("none.toml: "));
}

TEST(Scenario, AMistakeInADesignsOwnFileIsReportedThere) {
    const Scratch scratch;
    std::filesystem::create_directories(scratch.path("designs"));
    static_cast<void>(scratch.write("designs/mine.toml", "titel = \"t\"\n"));
    const auto assets = Assets::open(scratch.path(""));
    ASSERT_TRUE(assets);
    const auto scenario =
        read_scenario(*assets, "title = \"t\"\n[design]\nname = \"mine\"\n[workload]\nkind = \"shell\"\n", "own.toml");
    EXPECT_EQ(error_of(scenario), fmt::format("{}:1:1: key `title` is missing; is it meant by `titel`?",
                                              scratch.path("designs/mine.toml").string()));
}

} // namespace
} // namespace ksl::sim
