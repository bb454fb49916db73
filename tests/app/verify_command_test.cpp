// SPDX-License-Identifier: MIT
#include "tests/app/program.h"

#include <nlohmann/json.hpp>

namespace ksl {
namespace {

using ksl::testing::captures;
using ksl::testing::contents_of;
using ksl::testing::copy_of;
using ksl::testing::run;
using sim::testing::Scratch;

constexpr const char* kMachine = "6.1/mmu-y-4G";

TEST(VerifyCommand, ExactCapturesGiveZero) {
    const auto ran = run({"verify", captures() / "2016", "--json"});
    EXPECT_EQ(ran.code, 0) << ran.err;
    const auto json = nlohmann::json::parse(ran.out);
    EXPECT_EQ(json.at("schema"), "kstacklab.verify/1");
    ASSERT_EQ(json.at("captures").size(), 18U);
    for (const auto& capture : json.at("captures")) {
        if (capture.at("capture") != "replay-4.9-vmap-y-512M") continue;
        // The figures of the capture's own reference replay.
        EXPECT_EQ(capture.at("allocations"), (nlohmann::json{{"exact", 21705}, {"total", 21705}}));
        EXPECT_EQ(capture.at("drains"), (nlohmann::json{{"exact", 12927}, {"total", 12927}}));
        EXPECT_EQ(capture.at("vmalloc"), (nlohmann::json{{"exact", 2052}, {"total", 2052}}));
        EXPECT_EQ(capture.at("stack_cache"), (nlohmann::json{{"exact", 2522}, {"total", 2522}}));
    }
}

TEST(VerifyCommand, ADifferenceIsNamedAndGivesOne) {
    const Scratch scratch;
    const auto folder = copy_of(kMachine, scratch);
    std::string oracle = contents_of(folder / "oracle.csv");
    const std::size_t row = oracle.find(",OK,0x") + 6;
    oracle[row] = oracle[row] == '1' ? '2' : '1';
    std::ofstream{folder / "oracle.csv", std::ios::binary} << oracle;
    const auto ran = run({"verify", folder});
    EXPECT_EQ(ran.code, 1);
    EXPECT_NE(ran.out.find("mmu-y-4G: walks: oracle.csv:"), std::string::npos) << ran.out;
    EXPECT_NE(ran.out.find("1 differ"), std::string::npos);
}

TEST(VerifyCommand, ABrokenCaptureIsNamedTheOthersAreJudgedAndTheCodeIsTwo) {
    const Scratch scratch;
    const auto broken = copy_of(kMachine, scratch);
    std::filesystem::resize_file(broken / "table_pages.bin.gz", 5000);
    const auto ran = run({"verify", broken, captures() / "6.1/mmu-n-128M", "--json"});
    EXPECT_EQ(ran.code, 2);
    EXPECT_EQ(ran.error_lines(), 1);
    EXPECT_NE(ran.err.find("table_pages.bin.gz"), std::string::npos) << ran.err;
    EXPECT_EQ(nlohmann::json::parse(ran.out).at("captures").size(), 1U);
}

TEST(VerifyCommand, WhatCouldNotBeReadIsNotCalledExact) {
    const Scratch scratch;
    const auto broken = copy_of(kMachine, scratch);
    std::filesystem::resize_file(broken / "table_pages.bin.gz", 5000);
    const auto alone = run({"verify", broken});
    EXPECT_EQ(alone.code, 2);
    EXPECT_EQ(alone.out.find("exact:"), std::string::npos) << alone.out;
    EXPECT_EQ(alone.out.find("all exact"), std::string::npos) << alone.out;
    EXPECT_NE(alone.out.find("1 capture not readable"), std::string::npos) << alone.out;
    const auto both = run({"verify", broken, captures() / "6.1/mmu-n-128M"});
    EXPECT_NE(both.out.find("all exact; 1 capture not readable"), std::string::npos) << both.out;
}

TEST(VerifyCommand, MarkdownIsAPageWithTheResults) {
    const Scratch scratch;
    const auto page = scratch.path("fidelity.md");
    const auto ran = run({"verify", captures() / kMachine, "--markdown", page});
    EXPECT_EQ(ran.code, 0) << ran.err;
    const std::string text = contents_of(page);
    EXPECT_NE(text.find("| walks | 2,205 of 2,205 |"), std::string::npos) << text;
    EXPECT_NE(text.find("NUMA"), std::string::npos);
    EXPECT_EQ(text.find("{{"), std::string::npos);
    EXPECT_EQ(run({"verify", captures() / kMachine, "--markdown", "/nowhere/page.md"}).code, 3);
}

TEST(VerifyCommand, TheFidelityPageOfTheProjectIsWhatVerifyWrites) {
    const Scratch scratch;
    const auto page = scratch.path("fidelity.md");
    ASSERT_EQ(run({"verify", captures(), "--markdown", page}).code, 0);
    EXPECT_EQ(contents_of(page), contents_of(std::filesystem::path{KSL_SOURCE_DIR} / "docs/fidelity.md"));
}

TEST(ReplayCommand, OneCaptureAsJsonHasTheParts) {
    const auto ran = run({"replay", captures() / "2016/replay-4.7-512M", "--json"});
    EXPECT_EQ(ran.code, 0) << ran.err;
    const auto json = nlohmann::json::parse(ran.out);
    EXPECT_EQ(json.at("capture"), "replay-4.7-512M");
    EXPECT_EQ(json.at("allocations"), (nlohmann::json{{"exact", 9262}, {"total", 9262}}));
    EXPECT_EQ(json.at("states_compared"), 9);
    EXPECT_EQ(json.at("zone_choices").at("undetermined").at(0).at("reason"), "when a CPU reports its counters");
}

TEST(ReplayCommand, WhatIsNoReplayIsRefused) {
    for (const std::string& folder : {(captures() / kMachine).string(), std::string{"/nowhere"}}) {
        const auto ran = run({"replay", folder});
        EXPECT_EQ(ran.code, 2);
        EXPECT_EQ(ran.error_lines(), 1) << ran.err;
    }
}

/// Every file of a capture cut short or spoiled: one line, code 2, or a difference; never anything else.
TEST(ReplayCommand, DamagedFilesGiveOneLine) {
    const Scratch scratch;
    const auto folder = copy_of("2016/replay-4.7-512M", scratch);
    for (const char* name : {"state_00.json.gz", "state_04.json.gz", "events.csv.gz"}) {
        const std::string whole = contents_of(folder / name);
        for (const std::size_t size : {std::size_t{0}, std::size_t{10}, whole.size() / 2, whole.size() - 3}) {
            std::ofstream{folder / name, std::ios::binary} << whole.substr(0, size);
            const auto ran = run({"replay", folder});
            EXPECT_EQ(ran.code, 2) << name << " " << size;
            EXPECT_EQ(ran.error_lines(), 1) << ran.err;
        }
        std::ofstream{folder / name, std::ios::binary} << whole;
    }
    EXPECT_EQ(run({"replay", folder}).code, 0);
}

TEST(ImportCommand, KnowsEachFormatByItsContents) {
    struct Expected {
        const char* file;
        const char* format;
        const char* key;
    };
    const std::string moment = "6.1/snapshot-vmap-y-512M-1cpu/during.";
    for (const auto& [file, format, key] :
         {Expected{"buddyinfo.txt", "buddyinfo", "free_bytes"},
          Expected{"pagetypeinfo.txt", "pagetypeinfo", "pageblocks"},
          Expected{"zoneinfo.txt", "zoneinfo", "managed_bytes"}, Expected{"vmallocinfo.txt", "vmallocinfo", "stacks"},
          Expected{"meminfo.txt", "meminfo", "direct_map_2m_bytes"},
          Expected{"page_tables_kernel.txt", "page-table dump", "mapped_bytes"},
          Expected{"state.json.gz", "state", "tasks"}}) {
        const auto ran = run({"import", captures() / (moment + file), "--json"});
        ASSERT_EQ(ran.code, 0) << ran.err;
        const auto json = nlohmann::json::parse(ran.out);
        EXPECT_EQ(json.at("format"), format);
        EXPECT_GT(json.at(key), 0) << file;
    }
    const auto stacks = nlohmann::json::parse(run({"import", captures() / (moment + "vmallocinfo.txt"), "--json"}).out);
    EXPECT_EQ(stacks.at("stacks"), 226) << "200 threads, and those that were there before";
}

TEST(ImportCommand, ACaptureIsSummedUpAsText) {
    const auto ran = run({"import", captures() / "2016/replay-4.7-512M"});
    EXPECT_EQ(ran.code, 0);
    EXPECT_NE(ran.out.find("recorded states     10\n  trace events        44,548\n"), std::string::npos) << ran.out;
}

/// The purge of the vmalloc area is seen: pages wait until a little over 32 MiB of them do, then none.
TEST(ImportCommand, ARecordedStateIsARow) {
    const auto ran = run({"import", captures() / "2016/replay-4.9-vmap-y-512M", "--json"});
    const auto rows = nlohmann::json::parse(ran.out).at("rows");
    ASSERT_EQ(rows.size(), 17U);
    EXPECT_EQ(rows[12].at("areas"), 1592);
    EXPECT_GT(rows[12].at("lazy_bytes"), 29 << 20);
    EXPECT_LT(rows[13].at("lazy_bytes"), 1 << 20);
    for (const auto& row : rows) {
        EXPECT_LE(row.at("stack_block_bytes"), row.at("free_bytes"));
        EXPECT_LE(row.at("cached_stacks"), 2);
        EXPECT_GE(row.at("tasks"), 24);
    }
}

TEST(ImportCommand, WhatNobodyKnowsIsRefusedInOneLine) {
    const Scratch scratch;
    for (const auto& file :
         {scratch.write("a.txt", "hello\nworld\n"), scratch.write("empty", ""), scratch.path("nothing"),
          scratch.write("b.gz", "\037\213 no"), scratch.write("c", "Node 0, zone DMA 1 2 x\n")}) {
        const auto ran = run({"import", file});
        EXPECT_EQ(ran.code, 2) << file;
        EXPECT_EQ(ran.error_lines(), 1) << ran.err;
        EXPECT_EQ(ran.out, "");
    }
}

} // namespace
} // namespace ksl
