// SPDX-License-Identifier: MIT
#include "sim/text/table.h"

#include <gtest/gtest.h>

namespace ksl::sim {
namespace {

Table example() {
    return {.columns = {{"design", "design", Unit::text},
                        {"clones", "clones", Unit::count},
                        {"p50_ns", "p50", Unit::nanoseconds},
                        {"ratio", "vs first", Unit::ratio}},
            .rows = {{std::string{"linux-4.7"}, std::uint64_t{100000}, std::uint64_t{1214}, 1.0},
                     {std::string{"größer, \"x\""}, std::int64_t{7}, std::monostate{}, 2.25}}};
}

TEST(Table, TextIsAlignedWhateverTheAlphabet) {
    EXPECT_EQ(to_text(example()), "design        clones      p50  vs first\n"
                                  "-----------  -------  -------  --------\n"
                                  "linux-4.7    100,000  1.21 µs     1.00×\n"
                                  "größer, \"x\"        7        -     2.25×\n");
}

TEST(Table, CsvHasKeysAndPlainNumbers) {
    EXPECT_EQ(to_csv(example()), "design,clones,p50_ns,ratio\n"
                                 "linux-4.7,100000,1214,1\n"
                                 "\"größer, \"\"x\"\"\",7,,2.25\n");
}

TEST(Table, JsonIsAnArrayOfObjectsInTheOrderOfTheColumns) {
    EXPECT_EQ(to_json(example()), "[\n"
                                  "{\"design\":\"linux-4.7\",\"clones\":100000,\"p50_ns\":1214,\"ratio\":1.0},\n"
                                  "{\"design\":\"größer, \\\"x\\\"\",\"clones\":7,\"p50_ns\":null,\"ratio\":2.25}\n"
                                  "]\n");
    EXPECT_EQ(to_json({}), "[]\n");
}

TEST(Table, JsonSurvivesBytesThatAreNotUtf8) {
    const Table table{.columns = {{"name", "name", Unit::text}}, .rows = {{std::string{"a\xff"}}}};
    EXPECT_EQ(to_json(table), "[\n{\"name\":\"a\xEF\xBF\xBD\"}\n]\n");
}

TEST(Table, EveryUnitHasItsText) {
    const Table table{.columns = {{"b", "b", Unit::bytes},
                                  {"h", "h", Unit::hex},
                                  {"s", "s", Unit::share},
                                  {"p", "p", Unit::plain},
                                  {"n", "n", Unit::nanoseconds}},
                      .rows = {{std::int64_t{4096}, ~std::uint64_t{0}, 0.25, std::int64_t{-3}, 1500.4}}};
    EXPECT_NE(to_text(table).find("4 KiB  0xffff'ffff'ffff'ffff  25.0 %  -3  1.50 µs\n"), std::string::npos);
}

} // namespace
} // namespace ksl::sim
