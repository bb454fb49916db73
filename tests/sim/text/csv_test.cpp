// SPDX-License-Identifier: MIT
#include "sim/text/csv.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

namespace ksl::sim {
namespace {

using Fields = std::vector<std::string>;

RC_GTEST_PROP(Csv, ReadsBackWhatItWrote, (const std::vector<Fields>& table)) {
    std::string text;
    std::vector<Fields> expected;
    for (const Fields& fields : table) {
        append_csv_row(text, fields);
        // A line without a letter cannot be told from one empty field; both are left out.
        if (!fields.empty() && fields != Fields{""}) expected.push_back(fields);
    }
    const auto rows = parse_csv(text, "t.csv");
    RC_ASSERT(rows.has_value());
    std::vector<Fields> back;
    for (const CsvRow& row : *rows) back.push_back(row.fields);
    RC_ASSERT(back == expected);
}

TEST(Csv, AcceptsWindowsLineEndsAByteOrderMarkAndAMissingLastLineEnd) {
    const auto rows = parse_csv("\xEF\xBB\xBFva,note\r\n\r\n0x10,\"a\r\nb\"\r\n0x20,", "t.csv");
    ASSERT_TRUE(rows);
    ASSERT_EQ(rows->size(), 3U);
    EXPECT_EQ((*rows)[0].fields, (Fields{"va", "note"}));
    EXPECT_EQ((*rows)[1].fields, (Fields{"0x10", "a\r\nb"}));
    EXPECT_EQ((*rows)[1].line, 3);
    EXPECT_EQ((*rows)[2].fields, (Fields{"0x20", ""}));
    EXPECT_EQ((*rows)[2].line, 5);
}

TEST(Csv, NamesTheLineOfAQuoteWithoutAnEnd) {
    const auto rows = parse_csv("a\n\"b\nc\n", "t.csv");
    ASSERT_FALSE(rows);
    EXPECT_EQ(to_string(rows.error()), "t.csv:2: a field begins with a quote and has none at its end");
}

TEST(Csv, NamesTheLineOfTextBehindAQuotedField) {
    const auto rows = parse_csv("a\n\"b\"c\n", "t.csv");
    ASSERT_FALSE(rows);
    EXPECT_EQ(to_string(rows.error()), "t.csv:2: a field in quotes must end at a comma or at the end of its line");
}

} // namespace
} // namespace ksl::sim
