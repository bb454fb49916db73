// SPDX-License-Identifier: MIT
#include "sim/scenario/price_file.h"
#include "tests/sim/support/results.h"
#include "tests/sim/support/scratch.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>

namespace ksl::sim {
namespace {

using core::Step;
using testing::error_of;
using testing::Scratch;

Prices builtin(std::string_view kernel) {
    auto prices = load_prices(Assets{}, kernel);
    EXPECT_TRUE(prices) << to_string(prices.error());
    return prices.value_or(Prices{});
}

const PriceRecord& entry(const Prices& prices, Step step) {
    return prices.record.prices.at(static_cast<std::size_t>(step));
}

TEST(PriceFile, EveryBuiltInListPricesEveryStepWithSourceAndTag) {
    for (const char* kernel : {"linux-4.7", "linux-4.9", "linux-6.1"}) {
        const Prices prices = builtin(kernel);
        EXPECT_EQ(prices.record.name, kernel);
        ASSERT_EQ(prices.record.prices.size(), core::kSteps);
        for (std::size_t i = 0; i < core::kSteps; ++i) {
            const PriceRecord& price = prices.record.prices[i];
            EXPECT_EQ(price.step, core::kStepTexts[i].name);
            EXPECT_FALSE(price.source.empty() || price.tag.empty()) << kernel << " " << price.step;
            EXPECT_EQ(price.cycles, prices.list[static_cast<Step>(i)].count());
        }
    }
}

TEST(PriceFile, AListGoesOverItsBase) {
    const Prices newer = builtin("linux-4.9");
    const Prices older = builtin("linux-4.7");
    EXPECT_EQ(entry(older, Step::buddy_take).instructions, 67U) << "counted on 4.7";
    EXPECT_EQ(entry(newer, Step::buddy_take).instructions, 66U);
    EXPECT_EQ(entry(older, Step::pcp_refill), entry(newer, Step::pcp_refill)) << "4.9's: nothing else was counted";
    EXPECT_EQ(older.list.cycles_per_instruction_milli(), 800U);
}

TEST(PriceFile, APriceIsInstructionsTimesTheirCyclesPlusTheStall) {
    const Prices prices = builtin("linux-4.9");
    EXPECT_EQ(prices.list[Step::page_clear], core::Cycles{10 * 800 / 1000 + 190});
    EXPECT_EQ(entry(prices, Step::page_clear).stall_cycles, 190U);
}

constexpr std::string_view kHead = "kernel = \"own\"\nbase = \"linux-4.9\"\n[steps]\n";

TEST(PriceFile, AStepThatDoesNotExistIsRefused) {
    const std::string text =
        std::string{kHead} + "buddy_splitt = { instructions = 1, tag = \"estimate\", source = \"s\" }\n";
    EXPECT_EQ(error_of(read_prices(Assets{}, text, "own.toml")),
              "own.toml:4:1: key `steps.buddy_splitt` is not known; did you mean `buddy_split`?");
}

TEST(PriceFile, AStepWithoutAPriceIsNamedWithItsMeaning) {
    const std::string text = "kernel = \"own\"\n[cycles_per_instruction]\nmilli = 800\ntag = \"estimate\"\n"
                             "source = \"s\"\n[steps]\n";
    EXPECT_EQ(error_of(read_prices(Assets{}, text, "own.toml")),
              "own.toml:6:1: table `steps`: has no price for `page_alloc_entry` (one page request: zonelist, first "
              "watermark test, flags); page_alloc_entry = { instructions = ..., tag = ..., source = ... } would be "
              "right");
}

TEST(PriceFile, APriceNeedsASourceAndAKnownTag) {
    EXPECT_EQ(error_of(read_prices(Assets{}, std::string{kHead} + "invlpg = { instructions = 1, tag = \"estimate\" }\n",
                                   "own.toml")),
              "own.toml:4:10: key `steps.invlpg.source` is missing; text in quotes would be right");
    EXPECT_EQ(error_of(read_prices(
                  Assets{}, std::string{kHead} + "invlpg = { instructions = 1, tag = \"guess\", source = \"s\" }\n",
                  "own.toml")),
              "own.toml:4:36: key `steps.invlpg.tag`: \"guess\" is none of measured, derived, published, estimate");
}

TEST(PriceFile, BasesThatGoInACircleAreRefused) {
    const Scratch scratch;
    std::filesystem::create_directories(scratch.path("prices"));
    static_cast<void>(scratch.write("prices/a.toml", "kernel = \"a\"\nbase = \"b\"\n"));
    static_cast<void>(scratch.write("prices/b.toml", "kernel = \"b\"\nbase = \"a\"\n"));
    const auto assets = Assets::open(scratch.path(""));
    ASSERT_TRUE(assets);
    EXPECT_EQ(error_of(load_prices(*assets, "a")),
              fmt::format("{}:2:8: key `base`: goes in a circle: a, b, a; another list would be right",
                          scratch.path("prices/b.toml").string()));
}

TEST(PriceFile, AMissingBaseIsRefused) {
    EXPECT_EQ(error_of(read_prices(Assets{}, "kernel = \"own\"\nbase = \"linux-9\"\n", "own.toml")),
              "own.toml:2:8: key `base`: there is no price list \"linux-9\"; the name of a file in prices/ would be "
              "right");
}

TEST(PriceFile, APriceBeyondAllMeasureIsRefused) {
    const std::string text = "kernel = \"own\"\nbase = \"linux-4.9\"\n[cycles_per_instruction]\nmilli = 100000\n"
                             "tag = \"estimate\"\nsource = \"s\"\n[steps]\n"
                             "oops = { instructions = 1000000000, tag = \"estimate\", source = \"s\" }\n";
    EXPECT_EQ(error_of(read_prices(Assets{}, text, "own.toml")),
              "own.toml: `oops` takes 100000000000 cycles; at most 4000000000 would be right");
}

} // namespace
} // namespace ksl::sim
