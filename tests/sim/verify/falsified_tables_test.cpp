// SPDX-License-Identifier: MIT
//
// Falsified answers about page tables: oracle rows, leaves, dump lines, counters.
#include "tests/sim/verify/spoiled_capture.h"
#include "tests/test_name.h"

namespace ksl::sim {
namespace {

using testing::differing_parts;
using testing::SpoiledCapture;

std::string replaced(std::string text, const std::string& what, const std::string& by) {
    const std::size_t at = text.find(what);
    if (at != std::string::npos) text.replace(at, what.size(), by);
    return text;
}
/// Another digit in the field.
std::string with_field_changed(const std::string& row, std::size_t field) {
    std::vector<std::string> fields = testing::fields_of(row);
    if (fields.size() <= field || fields[3] != "OK" || fields[field].empty()) return row;
    char& digit = fields[field].back();
    digit = digit == '0' ? '1' : '0';
    return testing::row_of(fields);
}

struct Falsified {
    const char* capture;
    const char* file;
    const char* part;
    std::function<std::string(const std::string&)> change;
};
class FalsifiedTables : public ::testing::TestWithParam<Falsified> {};

TEST_P(FalsifiedTables, AreFoundOneByOne) {
    core::Random random{31};
    for (const std::size_t count : {1U, 3U}) {
        const SpoiledCapture capture{GetParam().capture};
        capture.edit_lines(GetParam().file, count, random, GetParam().change);
        EXPECT_EQ(differing_parts(capture.folder()), GetParam().part + (" " + std::to_string(count)));
    }
}

constexpr const char* kMachine = "6.1/mmu-y-128M";

INSTANTIATE_TEST_SUITE_P(
    Kinds, FalsifiedTables,
    ::testing::Values(
        Falsified{kMachine, "oracle.csv", "walks", [](const auto& row) { return with_field_changed(row, 4); }},
        Falsified{kMachine, "oracle.csv", "walks", [](const auto& row) { return with_field_changed(row, 7); }},
        Falsified{kMachine, "oracle.csv", "walks", [](const auto& row) { return with_field_changed(row, 9); }},
        Falsified{kMachine, "oracle.csv", "walks",
                  [](const auto& row) { return replaced(row, ",NOT_PRESENT,", ",NONCANONICAL,"); }},
        Falsified{kMachine, "info_tlb.txt.gz", "leaves", [](const auto& row) { return replaced(row, " X", " -"); }},
        Falsified{kMachine, "page_tables_kernel.txt", "dump",
                  [](const auto& row) { return replaced(row, " RW ", " ro "); }},
        Falsified{"6.1/snapshot-vmap-y-2G-2cpu", "during.page_tables_kernel.txt", "dump",
                  [](const auto& row) { return row.contains("0xffff8") ? replaced(row, "GLB", "   ") : row; }},
        Falsified{"2016/snapshot-4.9-vmap-y-512M", "during.page_tables_kernel.txt", "dump",
                  [](const auto& row) { return row.contains("0xffffc900") ? replaced(row, " RW ", " ro ") : row; }}),
    [](const auto& test) {
        return ksl::testing::as_test_name(test.index, std::string{test.param.file} + " " + test.param.part);
    });

TEST(FalsifiedTables, ACounterOfMeminfoIsADifference) {
    const SpoiledCapture capture{kMachine};
    capture.replace("meminfo.txt", "DirectMap2M:      ", "DirectMap2M:     1");
    EXPECT_EQ(differing_parts(capture.folder()), "direct_map 1");
}

/// Lines of a dump, chosen at random, deleted, with another right, or with another range.
TEST(FalsifiedTables, LinesOfADumpAreFoundOneByOneWhateverIsWrongWithThem) {
    core::Random random{37};
    const auto is_line = [](const std::string& row) { return row.starts_with("0x"); };
    const auto deleted = [&](const std::string& row) { return is_line(row) ? "" : row; };
    const auto writable = [&](const std::string& row) {
        return is_line(row)
                   ? replaced(row, row.contains(" RW ") ? " RW " : " ro ", row.contains(" RW ") ? " ro " : " RW ")
                   : row;
    };
    const auto elsewhere = [&](std::string row) {
        if (is_line(row)) row[13] = row[13] == '1' ? '2' : '1';
        return row;
    };
    for (const auto& [capture_name, dump] :
         {std::pair{kMachine, "page_tables_kernel.txt"},
          std::pair{"6.1/snapshot-vmap-y-512M-1cpu", "during.page_tables_kernel.txt"},
          std::pair{"2016/snapshot-4.9-vmap-y-512M", "during.page_tables_kernel.txt"}}) {
        for (const std::function<std::string(const std::string&)>& change :
             {std::function<std::string(const std::string&)>{deleted}, {writable}, {elsewhere}}) {
            const SpoiledCapture capture{capture_name};
            capture.edit_lines(dump, 3, random, change);
            EXPECT_EQ(differing_parts(capture.folder()), "dump 3") << capture_name;
        }
    }
}

TEST(FalsifiedTables, ADumpWithoutOneOfItsHeadingsIsOneClearError) {
    for (const char* heading : {"---[ Vmemmap ]---", "---[ Low Kernel Mapping ]---", "---[ End Modules ]---"}) {
        const SpoiledCapture capture{kMachine};
        capture.replace("page_tables_kernel.txt", heading, "---[ Something ]---");
        const auto verified = verify_capture(capture.folder());
        ASSERT_FALSE(verified);
        EXPECT_TRUE(to_string(verified.error()).contains(heading)) << to_string(verified.error());
    }
}

TEST(FalsifiedTables, ALineThatIsMissingIsADifference) {
    const SpoiledCapture capture{kMachine};
    const std::string dump = capture.read("page_tables_kernel.txt");
    const std::size_t at = dump.find("\n0xffff8880") + 1;
    capture.write("page_tables_kernel.txt", dump.substr(0, at) + dump.substr(dump.find('\n', at) + 1));
    EXPECT_EQ(differing_parts(capture.folder()), "dump 1");
}

} // namespace
} // namespace ksl::sim
