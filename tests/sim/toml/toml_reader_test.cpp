// SPDX-License-Identifier: MIT
#include "sim/toml/quantity.h"
#include "sim/toml/toml_reader.h"
#include "tests/sim/toml/sample_scenario.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

namespace ksl::sim {
namespace {

using namespace core::literals;
using testing::Backing;
using testing::read_sample;

constexpr std::string_view kText = R"(
name = "storm"
[machine]
cpus = 4
memory = "2 GiB"
grace_period = "250 us"
fill = 0.75
aged = true
[[design]]
name = "a"
backing = "pid-slot"
stack = "32KiB"
guard_pages = 0
[[design]]
name = "b"
[workload]
seeds = [3, 1, 2]
weights = [1, 0.5]
tags = ["x", "y"]
[sweep]
zeta = [1, 2]
"machine.cpus" = [4, 8]
alpha = "one"
)";

TEST(TomlReader, ReadsEveryKindOfValue) {
    const auto scenario = read_sample(kText, "storm.toml");
    ASSERT_TRUE(scenario) << to_string(scenario.error());
    EXPECT_EQ(scenario->name, "storm");
    EXPECT_EQ(scenario->cpus, 4);
    EXPECT_EQ(scenario->memory, 2_GiB);
    EXPECT_EQ(scenario->grace_period, core::Nanoseconds{250'000});
    EXPECT_EQ(scenario->fill, 0.75);
    EXPECT_TRUE(scenario->is_aged);
    ASSERT_EQ(scenario->designs.size(), 2U);
    EXPECT_EQ(scenario->designs[0], (testing::SampleDesign{"a", Backing::pid_slot, 32_KiB, 0}));
    EXPECT_EQ(scenario->designs[1], (testing::SampleDesign{"b", Backing::vmap, 16_KiB, 1}));
    EXPECT_EQ(scenario->seeds, (std::vector<std::int64_t>{3, 1, 2}));
    EXPECT_EQ(scenario->weights, (std::vector<double>{1, 0.5}));
    EXPECT_EQ(scenario->tags, (std::vector<std::string>{"x", "y"}));
}

TEST(TomlReader, KeysThatTheFileChoosesComeInItsOrderWithTheirValuesAsToml) {
    const auto scenario = read_sample(kText, "storm.toml");
    ASSERT_TRUE(scenario);
    EXPECT_EQ(scenario->sweep, (std::vector<std::pair<std::string, std::vector<std::string>>>{
                                   {"zeta", {"1", "2"}}, {"machine.cpus", {"4", "8"}}, {"alpha", {"\"one\""}}}));
}

TEST(TomlReader, AnOverrideReplacesAddsAndReachesIntoLists) {
    const std::vector<std::string> overrides{
        "machine.cpus=16",        "machine.fill=0",        "design.1.backing=direct-map",
        "design.1.guard_pages=0", "design.0.name=\"c d\"", "workload.seeds=[9]"};
    const auto scenario =
        read_sample("name = 'x'\nmachine.cpus = 1\ndesign = [{name = 'a'}, {name = 'b'}]\n", "x", overrides);
    ASSERT_TRUE(scenario) << to_string(scenario.error());
    EXPECT_EQ(scenario->cpus, 16);
    EXPECT_EQ(scenario->fill, 0);
    EXPECT_EQ(scenario->designs[0].name, "c d");
    EXPECT_EQ(scenario->designs[1].backing, Backing::direct_map);
    EXPECT_EQ(scenario->seeds, std::vector<std::int64_t>{9});
}

TEST(TomlReader, LaterOverridesWin) {
    const std::vector<std::string> overrides{"machine.cpus=2", "machine.cpus=3"};
    EXPECT_EQ(read_sample("name = 'x'\nmachine.cpus = 1\n", "x", overrides)->cpus, 3);
}

TEST(TomlReader, TextThatIsNotTomlIsTextHoweverOddItIs) {
    for (const std::string text : {"vmap", "a b", "it's", "say \"x\"", "back\\slash", "1.2.3", "[", "größer", "'", "\"",
                                   "a\nb", "# no comment"}) {
        const std::vector<std::string> overrides{"name=" + text};
        const auto scenario = read_sample("name = 'x'\nmachine.cpus = 1\n", "x", overrides);
        ASSERT_TRUE(scenario) << text << ": " << to_string(scenario.error());
        EXPECT_EQ(scenario->name, text);
    }
}

TEST(TomlReader, ALiteralOfASweepIsAnOverrideThatGivesTheSameValue) {
    auto reader = TomlReader::parse("x = [\"it's\", 'say \"x\"', 7, 0.1, true, [1, 2], 'a\\b']\ny = 0\n", "x");
    ASSERT_TRUE(reader);
    const std::vector<std::string> literals = reader->root().literals("x");
    ASSERT_EQ(literals.size(), 7U);
    for (const std::string& literal : literals) {
        const std::vector<std::string> overrides{"y=" + literal};
        auto again = TomlReader::parse("y = 0\n", "x", overrides);
        ASSERT_TRUE(again);
        EXPECT_EQ(again->root().literals("y"),
                  literal == "[ 1, 2 ]" ? (std::vector<std::string>{"1", "2"}) : std::vector<std::string>{literal});
    }
}

TEST(TomlReader, ValuesAreNotInterpretedAsToml) {
    // A value that closes its own text and adds a key must stay a value.
    const std::vector<std::string> overrides{"name=\"x\"\nmachine = 1"};
    const auto scenario = read_sample("name = 'x'\nmachine.cpus = 1\n", "x", overrides);
    ASSERT_TRUE(scenario) << to_string(scenario.error());
    EXPECT_EQ(scenario->name, "\"x\"\nmachine = 1");
}

TEST(TomlReader, AfterAMistakeReadingGoesOnWithHarmlessValues) {
    auto reader = TomlReader::parse("a = 'text'\n", "x");
    ASSERT_TRUE(reader);
    TomlTable root = reader->root();
    EXPECT_EQ(root.integer<int>("a"), 0);
    EXPECT_EQ(root.integer<int>("b", {1, 9}), 0);
    EXPECT_EQ(root.text("c"), "");
    EXPECT_EQ(root.choice("d", testing::kBackings), Backing::direct_map);
    EXPECT_EQ(root.table("e").table("f").bytes("g", {}), core::Bytes{0});
    EXPECT_TRUE(root.tables("h").empty());
    EXPECT_EQ(to_string(reader->finish().error()), "x:1:5: key `a`: \"text\" is text; a whole number, -2147483648 to "
                                                   "2147483647, would be right");
}

TEST(TomlReader, ATableMayBeReadTwice) {
    auto reader = TomlReader::parse("[machine]\ncpus = 4\nmemory = 1\n", "x");
    ASSERT_TRUE(reader);
    EXPECT_EQ(reader->root().table("machine").integer<int>("cpus"), 4);
    EXPECT_FALSE(reader->finish()) << "memory was not read yet";
    EXPECT_EQ(reader->root().table("machine").integer<int>("memory"), 1);
    EXPECT_TRUE(reader->finish());
}

TEST(TomlReader, AMissingTableIsNoMistakeAndHasNoKeys) {
    auto reader = TomlReader::parse("a = 1\n", "x");
    TomlTable root = reader->root();
    EXPECT_TRUE(root.has("a"));
    EXPECT_FALSE(root.table("none").exists());
    EXPECT_FALSE(root.table("none").has("a"));
    EXPECT_TRUE(root.table("none").keys().empty());
    EXPECT_EQ(root.table("none").integer<int>("cpus", {}, 7), 7);
}

RC_GTEST_PROP(TomlReader, NoTextMakesItFailOtherwiseThanByAnError, ()) {
    // Mostly fragments of TOML, so that the parser gets somewhere.
    const auto parts = *rc::gen::container<std::vector<std::string>>(rc::gen::element<std::string>(
        "name", " = ", "\"x\"", "\n", "[machine]", "[[design]]", "cpus", "4", "{", "}", ",", "'", "\"", "design.",
        "1979-05-27", "\\u12", "[", "]", "\xff", "memory", "-", "."));
    std::string text;
    for (const std::string& part : parts) text += part;
    const auto scenario = read_sample(text, "x");
    RC_ASSERT(scenario || !scenario.error().message.empty());
}

TEST(Quantity, IsAWholeNumberAndAUnit) {
    static constexpr std::array kUnits{UnitName{"B", 1}, UnitName{"KiB", 1024}};
    EXPECT_EQ(parse_quantity("16 KiB", kUnits), 16384U);
    EXPECT_EQ(parse_quantity("16KiB", kUnits), 16384U);
    EXPECT_EQ(parse_quantity("0 B", kUnits), 0U);
    EXPECT_EQ(parse_quantity("18014398509481983 KiB", kUnits), 18014398509481983U * 1024);
    for (const char* text : {"", "KiB", "16", "16 kib", "-1 B", "1.5 KiB", "16 KiB ", " 16 KiB",
                             "18014398509481984 KiB", "99999999999999999999 B"}) {
        EXPECT_EQ(parse_quantity(text, kUnits), std::nullopt) << text;
    }
}

} // namespace
} // namespace ksl::sim
