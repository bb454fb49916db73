// SPDX-License-Identifier: MIT
#include "tests/app/program.h"
#include "tests/oracle/captures.h"
#include "tests/test_name.h"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>
#include <sstream>

namespace ksl {
namespace {

using ksl::testing::captures;
using ksl::testing::contents_of;
using ksl::testing::run;
using sim::testing::Scratch;

/// The columns that walk --batch prints, cut out of an oracle's text without our reader.
std::string expected_answers(const std::string& oracle) {
    std::string expected;
    std::istringstream lines{oracle};
    for (std::string line; std::getline(lines, line);) {
        std::size_t from = line.find(',');
        expected += line.substr(0, from);
        from = line.find(',', from + 1);
        from = line.find(',', from + 1);
        expected += line.substr(from) + "\n";
    }
    return expected;
}

class WalkBatch : public ::testing::TestWithParam<std::filesystem::path> {};

TEST_P(WalkBatch, AnswersEveryOracleRowByteByByte) {
    const std::string oracle = GetParam() / "oracle.csv";
    const auto ran = run({"walk", "--from", GetParam(), "--batch", oracle});
    EXPECT_EQ(ran.code, 0);
    EXPECT_EQ(ran.err, "");
    EXPECT_EQ(ran.out, expected_answers(contents_of(oracle)));
}

INSTANTIATE_TEST_SUITE_P(Machines, WalkBatch, ::testing::ValuesIn(ksl::testing::capture_folders({"mmu-"})),
                         [](const auto& test) { return ksl::testing::name_of_capture(test.param); });

const std::string kMachine = captures() / "6.1/mmu-y-128M";

TEST(WalkCommand, OnlyTheColumnVaIsRead) {
    const Scratch scratch;
    const auto file = scratch.write("a.csv", "note,va\n\"a, b\",0xffff888004a5e6a7\nx,4096\n");
    const auto ran = run({"walk", "--from", kMachine, "--batch", file});
    EXPECT_EQ(ran.code, 0) << ran.err;
    EXPECT_EQ(ran.out, "va,result,physical_address,page_size,leaf_level,leaf_entry,user,writable,no_execute,global,"
                       "accessed,dirty\n"
                       "0xffff888004a5e6a7,OK,0x4a5e6a7,2097152,2,0x8000000004a001e3,0,1,1,1,1,1\n"
                       "0x1000,NOT_PRESENT,,,1,0x0,,,,,,\n");
}

TEST(WalkCommand, OneAddressIsExplainedEntryByEntry) {
    const auto ran = run({"walk", "0xffffc90000010000", "--from", kMachine});
    EXPECT_EQ(ran.code, 0);
    EXPECT_EQ(ran.out,
              "0xffff'c900'0001'0000  (vmalloc)\n"
              "CR3   0x22a7000: 4 levels\n"
              "PML4  entry 402 of the table at 0x22a7000 is 0x0000000002000067 -> table at 0x2000000\n"
              "      present, writable, user, accessed\n"
              "PDPT  entry   0 of the table at 0x2000000 is 0x00000000020b3067 -> table at 0x20b3000\n"
              "      present, writable, user, accessed\n"
              "PD    entry   0 of the table at 0x20b3000 is 0x00000000020b4067 -> table at 0x20b4000\n"
              "      present, writable, user, accessed\n"
              "PT    entry  16 of the table at 0x20b4000 is 0x80000000020ce163 -> 4 KiB page at 0x20ce000\n"
              "      present, writable, supervisor only, accessed, dirty, global, not executable\n"
              "=>    physical address 0x20ce000, in a 4 KiB page: supervisor only, writable, not executable, global\n"
              "      user read #PF(0x5), user write #PF(0x7), user fetch #PF(0x15), kernel read yes, kernel write yes, "
              "kernel fetch #PF(0x11)\n");
}

TEST(WalkCommand, AnAddressMayBeWrittenAsTheKernelPrintsIt) {
    EXPECT_EQ(run({"walk", "ffffc90000010000", "--from", kMachine}).out,
              run({"walk", "0xffffc90000010000", "--from", kMachine}).out);
}

TEST(WalkCommand, JsonHasEveryEntryAndTheOutcome) {
    const auto ran = run({"walk", "0xffff888004a5e6a7", "--from", kMachine, "--json"});
    ASSERT_EQ(ran.code, 0);
    const auto json = nlohmann::json::parse(ran.out);
    EXPECT_EQ(json.at("schema"), "kstacklab.walk/1");
    EXPECT_EQ(json.at("entries").size(), 3U) << "a 2 MiB page is found at the third table";
    EXPECT_EQ(json.at("entries").back().at("entry"), "0x8000000004a001e3");
    EXPECT_EQ(json.at("entries").back().at("fields").at("PS"), 1);
    EXPECT_EQ(json.at("outcome").at("physical_address"), "0x4a5e6a7");
    EXPECT_EQ(json.at("accesses").at(2).at("error_code"), "0x15") << "a user's fetch: present, user, fetch";
}

TEST(WalkCommand, AWalkThatEndsEarlySaysWhere) {
    const auto hole = run({"walk", "0xffff88a0d752e7a6", "--from", kMachine});
    EXPECT_NE(hole.out.find("the walk ends at the PDPT entry, which is not present"), std::string::npos) << hole.out;
    const auto wild = run({"walk", "0x52b4249ef3cf4682", "--from", kMachine});
    EXPECT_NE(wild.out.find("not canonical: bits 63 to 47"), std::string::npos) << wild.out;
    EXPECT_EQ(wild.code, 0);
}

/// The lines of one section of a dump.
std::vector<std::string> section(const std::string& dump, const std::string& name) {
    std::vector<std::string> lines;
    std::istringstream all{dump};
    bool is_inside = false;
    for (std::string line; std::getline(all, line);) {
        if (line.starts_with("---["))
            is_inside = line == "---[ " + name + " ]---";
        else if (is_inside)
            lines.push_back(line);
    }
    return lines;
}

TEST(WalkCommand, DumpBuildsTheDirectMapAsTheKernelPrintedIt) {
    for (const auto& folder : ksl::testing::capture_folders({"mmu-", "snapshot-"})) {
        const bool has_moments = std::filesystem::exists(folder / "before.iomem.txt");
        const auto ran = run({"walk", "--dump", "--from", folder});
        ASSERT_EQ(ran.code, 0) << ran.err;
        const std::string theirs =
            contents_of(folder / (has_moments ? "before.page_tables_kernel.txt" : "page_tables_kernel.txt"));
        for (const char* name : {"Low Kernel Mapping", "Vmemmap", "High Kernel Mapping", "Modules"}) {
            EXPECT_FALSE(section(theirs, name).empty());
            EXPECT_EQ(section(ran.out, name), section(theirs, name)) << folder << " " << name;
        }
    }
}

TEST(WalkCommand, DumpOfTheCapturedTablesHasEverySection) {
    const auto ran = run({"walk", "--dump-tables", "--from", kMachine});
    const std::string theirs = contents_of(captures() / "6.1/mmu-y-128M/page_tables_kernel.txt");
    for (const char* name : {"Low Kernel Mapping", "CPU entry Area", "Fixmap Area", "End Modules"}) {
        EXPECT_EQ(section(ran.out, name), section(theirs, name)) << name;
    }
}

struct Wrong {
    std::vector<std::string> arguments;
    std::string says;
};
void PrintTo(const Wrong& wrong, std::ostream* out) {
    *out << wrong.says;
}
class WrongWalk : public ::testing::TestWithParam<Wrong> {};

TEST_P(WrongWalk, IsOneLineAndExitCodeTwo) {
    const auto ran = run(GetParam().arguments);
    EXPECT_EQ(ran.code, 2);
    EXPECT_EQ(ran.out, "");
    EXPECT_EQ(ran.error_lines(), 1);
    EXPECT_NE(ran.err.find(GetParam().says), std::string::npos) << ran.err;
}

INSTANTIATE_TEST_SUITE_P(
    CommandLines, WrongWalk,
    ::testing::Values(Wrong{{"walk", "--from", kMachine}, "needs one of ADDRESS"},
                      Wrong{{"walk", "0x1", "--dump", "--from", kMachine}, "needs one of ADDRESS"},
                      Wrong{{"walk", "0x1"}, "walk needs --from CAPTURE or --scenario NAME"},
                      Wrong{{"walk", "zebra", "--from", kMachine}, "is no address"},
                      Wrong{{"walk", "0x1", "--from", "/nowhere"}, "does not exist"},
                      Wrong{{"walk", "0x1", "--from", captures() / "2016/cost-4.7"}, "has no page tables to walk"},
                      Wrong{{"walk", "--batch", captures() / "2016/cost-4.7/null.csv", "--from", kMachine},
                            "no column \"va\""},
                      Wrong{{"walk", "--batch", "/nowhere.csv", "--from", kMachine}, "/nowhere.csv"},
                      Wrong{{"walk", "--dump", "--at", "during", "--from", kMachine}, "has no moment \"during\""}),
    [](const auto& test) { return ksl::testing::as_test_name(test.index, test.param.says); });

TEST(WalkCommand, WalksAScenariosMachineFromItsStackPointer) {
    const auto mapped = run({"walk", "stack", "--scenario", "shell", "--design", "linux-4.9"});
    EXPECT_EQ(mapped.code, 0) << mapped.err;
    EXPECT_THAT(mapped.out, ::testing::HasSubstr("(vmalloc)"));
    EXPECT_THAT(mapped.out, ::testing::HasSubstr("in a 4 KiB page: supervisor only, writable, not executable"));
    const auto contiguous = run({"walk", "stack", "--scenario", "shell", "--design", "linux-4.9-contiguous"});
    EXPECT_EQ(contiguous.code, 0) << contiguous.err;
    EXPECT_THAT(contiguous.out, ::testing::HasSubstr("(direct map)"));
    EXPECT_EQ(run({"walk", "stack", "--scenario", "shell", "--design", "linux-4.9"}).out, mapped.out);
}

TEST(WalkCommand, SaysWhatAScenarioDoesNotHave) {
    const auto design = run({"walk", "stack", "--scenario", "shell", "--design", "linux-9"});
    EXPECT_EQ(design.code, 2);
    EXPECT_THAT(design.err, ::testing::HasSubstr("has no design \"linux-9\"; one of linux-4.9-contiguous"));
    const auto cpu = run({"walk", "stack", "--scenario", "shell", "--cpu", "64"});
    EXPECT_EQ(cpu.code, 2);
    EXPECT_THAT(cpu.err, ::testing::HasSubstr("would be right"));
    const auto neither = run({"walk", "0x1000"});
    EXPECT_EQ(neither.code, 2);
    EXPECT_THAT(neither.err, ::testing::HasSubstr("--from CAPTURE or --scenario NAME"));
}

} // namespace
} // namespace ksl
