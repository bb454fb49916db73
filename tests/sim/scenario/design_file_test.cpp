// SPDX-License-Identifier: MIT
#include "sim/scenario/design_file.h"
#include "tests/sim/support/results.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

namespace ksl::sim {
namespace {

using core::StackDesign;
using testing::error_of;
using ::testing::HasSubstr;

DesignProfile builtin(std::string_view name) {
    auto profile = load_design(Assets{}, name);
    EXPECT_TRUE(profile) << to_string(profile.error());
    return profile.value_or(DesignProfile{});
}

constexpr std::string_view kContiguous = "title = \"t\"\nsummary = \"s\"\nsource = \"o\"\nkernel = \"linux-4.7\"\n"
                                         "[stack]\nbacking = \"direct-map\"\nsize = \"16 KiB\"\n"
                                         "thread_info = \"stack-bottom\"\nrelease = \"after-rcu\"\n"
                                         "pgd_sync = \"lazy-fault\"\n";

TEST(DesignFile, EveryBuiltInDesignCanBeReadAndBuilt) {
    const Assets assets;
    const auto paths = assets.list("designs");
    EXPECT_GE(paths.size(), 14U);
    for (const std::string& path : paths) {
        const auto asset = assets.find(path);
        ASSERT_TRUE(asset);
        const auto profile = read_design(asset->text, asset->origin, path);
        ASSERT_TRUE(profile) << to_string(profile.error());
        EXPECT_FALSE(core::conflict_in(profile->stack)) << path;
        EXPECT_FALSE(profile->title.empty() || profile->summary.empty() || profile->source.empty()) << path;
    }
}

TEST(DesignFile, LinuxFourSevenIsContiguousWithThreadInfoOnItsStack) {
    const DesignProfile profile = builtin("linux-4.7");
    EXPECT_EQ(profile.stack, (StackDesign{.backing = core::Backing::direct_map,
                                          .guard = {.below = 0, .above = 0},
                                          .thread_info = core::ThreadInfoPlace::stack_bottom,
                                          .cache_slots = 0,
                                          .release = core::Release::after_rcu,
                                          .pgd_sync = core::PgdSync::lazy_fault}));
    EXPECT_EQ(profile.facts().era, core::LayoutEra::linux_4_7);
    EXPECT_EQ(profile.facts().thread_info, core::Bytes{40});
}

TEST(DesignFile, LinuxSixOneCachesTwoClearedStacksAndRetriesAfterRcu) {
    EXPECT_EQ(builtin("linux-6.1").stack, (StackDesign{.backing = core::Backing::vmap,
                                                       .guard = {.below = 0, .above = 1},
                                                       .cache_slots = 2,
                                                       .release = core::Release::at_task_dead,
                                                       .cache_overflow = core::CacheOverflow::retry_after_rcu,
                                                       .area_allocator = core::AreaAllocator::linux_5_2,
                                                       .pgd_sync = core::PgdSync::preallocated,
                                                       .zeroing = core::Zeroing::fresh_and_cached,
                                                       .frees_cache_at_unplug = true}));
}

TEST(DesignFile, TheKernelDecidesTheFacts) {
    EXPECT_EQ(builtin("linux-4.9").facts().era, core::LayoutEra::linux_4_9);
    EXPECT_EQ(builtin("linux-6.9").facts().era, core::LayoutEra::linux_6_1);
    EXPECT_EQ(builtin("linux-2.6-8k").facts().era, core::LayoutEra::linux_4_7);
}

TEST(DesignFile, AxesThatClashAreRefusedAtTheirLineWithTheReason) {
    const std::string text = std::string{kContiguous} + "guard_below = 2\n";
    EXPECT_EQ(error_of(read_design(text, "own.toml", "own")),
              "own.toml:11:15: key `stack.guard_below`: guard_below = 2 does not go with backing = \"direct-map\": "
              "the direct map has no holes: a guard page there would cost a whole frame and split a large page for "
              "every stack; guards need a stack mapped page by page");
}

TEST(DesignFile, AMissingChoiceIsNamed) {
    std::string text{kContiguous};
    text.erase(text.find("pgd_sync"));
    EXPECT_EQ(error_of(read_design(text, "own.toml", "own")),
              "own.toml:5:1: table `stack`: lacks `pgd_sync`, which every design must choose");
}

TEST(DesignFile, StacksHaveAPowerOfTwoOfPages) {
    std::string text{kContiguous};
    text.replace(text.find("16 KiB"), 6, "12 KiB");
    EXPECT_EQ(error_of(read_design(text, "own.toml", "own")),
              "own.toml:7:8: key `stack.size`: a stack is 2^n pages; 4, 8, 16, 32 or 64 KiB would be right");
}

TEST(DesignFile, AnUnknownKernelIsRefused) {
    std::string text{kContiguous};
    text.replace(text.find("linux-4.7"), 9, "linux-4.8");
    EXPECT_THAT(error_of(read_design(text, "own.toml", "own")),
                HasSubstr("own.toml:4:10: key `kernel`: \"linux-4.8\" is none of linux-4.7, linux-4.9, linux-6.1"));
}

TEST(DesignFile, AnUnknownDesignNamesTheNearestOne) {
    EXPECT_EQ(error_of(load_design(Assets{}, "linux-4.99")),
              "there is no design \"linux-4.99\"; did you mean linux-4.9?");
    EXPECT_EQ(error_of(load_design(Assets{}, "windows")),
              "there is no design \"windows\"; `kstacklab list designs` shows those that there are");
}

StackDesign random_design() {
    StackDesign design;
    const auto pick = [](int most) { return *rc::gen::inRange(0, most + 1); };
    design.backing = static_cast<core::Backing>(pick(4));
    design.order = static_cast<std::uint8_t>(pick(4));
    design.guard = {.below = static_cast<std::uint8_t>(pick(16)), .above = static_cast<std::uint8_t>(pick(16))};
    design.thread_info = static_cast<core::ThreadInfoPlace>(pick(4));
    design.cache_slots = static_cast<std::uint8_t>(pick(16));
    design.release = static_cast<core::Release>(pick(1));
    design.cache_overflow = static_cast<core::CacheOverflow>(pick(1));
    design.area_allocator = static_cast<core::AreaAllocator>(pick(2));
    design.pgd_sync = static_cast<core::PgdSync>(pick(3));
    design.direct_map_page = static_cast<core::DirectMapPage>(pick(2));
    design.canary = static_cast<core::CanaryCheck>(pick(1));
    design.usage_tracking = pick(1) == 1;
    design.zeroing = static_cast<core::Zeroing>(pick(2));
    design.memcg_charge = pick(1) == 1;
    design.randomise_offset = pick(1) == 1;
    design.stackleak = pick(1) == 1;
    design.dynamic_reserve = static_cast<std::uint8_t>(pick(64));
    design.frees_cache_at_unplug = pick(1) == 1;
    return design;
}

RC_GTEST_PROP(DesignFile, AWrittenDesignReadsBackAsItWasOrIsRefusedForItsConflict, ()) {
    DesignProfile profile{.name = "own",
                          .base = "own",
                          .title = "say \"t\"",
                          .summary = "a\nb \\ c",
                          .source = "s",
                          .kernel = "linux-4.9",
                          .stack = random_design()};
    const auto again = read_design(design_text(profile), "own.toml", "own");
    const auto conflict = core::conflict_in(profile.stack);
    RC_ASSERT(again.has_value() != conflict.has_value());
    if (again)
        RC_ASSERT(*again == profile);
    else
        RC_ASSERT(again.error().message.find(conflict->reason) != std::string::npos);
}

} // namespace
} // namespace ksl::sim
