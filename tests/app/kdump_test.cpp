// SPDX-License-Identifier: MIT
//
// Compressed dumps of a real kernel with a randomised layout, against what the emulator answered on the running
// machine.
#include "tests/app/program.h"
#include "tests/test_name.h"

#include <gtest/gtest.h>

#include <sstream>

namespace ksl {
namespace {

using ksl::testing::contents_of;
using ksl::testing::run;

const std::filesystem::path kDumps{KSL_TEST_DATA "/crash_dumps"};

std::vector<std::vector<std::string>> rows_of(const std::string& text) {
    std::vector<std::vector<std::string>> rows;
    std::istringstream lines{text};
    for (std::string line; std::getline(lines, line);) {
        std::istringstream fields{line};
        rows.emplace_back();
        for (std::string field; std::getline(fields, field, ',');) rows.back().push_back(field);
    }
    return rows;
}

class KdumpTest : public ::testing::TestWithParam<const char*> {
protected:
    void SetUp() override {
        if (run({"import", file_}).err.find("built without libkdumpfile") != std::string::npos)
            GTEST_SKIP() << "built without libkdumpfile";
    }
    const std::string file_ = kDumps / GetParam();
};

TEST_P(KdumpTest, EveryTranslationIsTheEmulators) {
    const std::string answers = kDumps / "answers.csv";
    const auto ran = run({"walk", "--from", file_, "--batch", answers});
    ASSERT_EQ(ran.code, 0) << ran.err;
    const auto recorded = rows_of(contents_of(answers));
    const auto engine = rows_of(ran.out);
    ASSERT_EQ(engine.size(), recorded.size());
    std::size_t mapped = 0;
    for (std::size_t i = 1; i < recorded.size(); ++i) {
        const std::string found = engine[i].at(1) == "OK" ? engine[i].at(2) : "Unmapped";
        EXPECT_EQ(found, recorded[i].at(1)) << recorded[i].at(0);
        mapped += found == "Unmapped" ? 0U : 1U;
    }
    EXPECT_GT(mapped, 1500U);
}

TEST_P(KdumpTest, ImportTellsRegistersAndKernel) {
    const auto ran = run({"import", file_});
    ASSERT_EQ(ran.code, 0) << ran.err;
    EXPECT_NE(ran.out.find("6.1.0-56-amd64"), std::string::npos) << ran.out;
    EXPECT_NE(ran.out.find("0x3b37'8000"), std::string::npos) << ran.out;
}

/// The bases that this boot drew stand nowhere in the dump; its page tables show them.
TEST_P(KdumpTest, TheDumpOfItsTablesHasTheRandomisedRegions) {
    const auto ran = run({"walk", "--dump-tables", "--from", file_});
    ASSERT_EQ(ran.code, 0) << ran.err;
    for (const char* section :
         {"---[ Low Kernel Mapping ]---\n0xffff88e9c0000000-", "---[ vmalloc() Area ]---\n0xffffcb0680000000-",
          "---[ Vmemmap ]---\n0xfffff73800000000-"}) {
        EXPECT_NE(ran.out.find(section), std::string::npos) << section;
    }
}

INSTANTIATE_TEST_SUITE_P(Forms, KdumpTest,
                         ::testing::Values("zlib.kdump", "lzo.kdump", "snappy.kdump", "flattened.kdump"),
                         [](const auto& test) { return ksl::testing::as_test_name(test.param); });

TEST(FlattenedDump, OneThatIsCutOffGivesOneLine) {
    const std::string whole = contents_of(kDumps / "flattened.kdump");
    const sim::testing::Scratch scratch;
    for (const std::size_t size : {100U, 4096U, 4100U, 30000U, 100000U}) {
        const auto ran = run({"import", scratch.write("vmcore", whole.substr(0, size))});
        EXPECT_EQ(ran.code, 2);
        EXPECT_EQ(ran.error_lines(), 1) << ran.err;
    }
}

} // namespace
} // namespace ksl
