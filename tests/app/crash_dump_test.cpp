// SPDX-License-Identifier: MIT
#include "tests/app/elf_core.h"
#include "tests/app/program.h"

#include <nlohmann/json.hpp>

namespace ksl {
namespace {

using ksl::testing::captures;
using ksl::testing::run;
using sim::testing::Scratch;

class CrashDumpTest : public ::testing::Test {
protected:
    void SetUp() override {
        auto read = sim::read_table_pages(captures() / "6.1/mmu-y-4G");
        ASSERT_TRUE(read) << to_string(read.error());
        machine_ = std::move(*read);
    }
    const std::string oracle_ = captures() / "6.1/mmu-y-4G/oracle.csv";
    sim::TablePagesCapture machine_;
    Scratch scratch_;
};

TEST_F(CrashDumpTest, AWalkThroughItAnswersAsTheTablesDo) {
    const auto core = scratch_.write("vmcore", testing::elf_core_of(machine_));
    const auto from_core = run({"walk", "--from", core, "--batch", oracle_});
    EXPECT_EQ(from_core.code, 0) << from_core.err;
    EXPECT_EQ(from_core.out, run({"walk", "--from", captures() / "6.1/mmu-y-4G", "--batch", oracle_}).out);
}

TEST_F(CrashDumpTest, WithoutRegistersTheKernelsOwnTablesAreWalked) {
    // The process's own top table stands in for the kernel's: their direct maps are the same.
    testing::CoreParts parts{.registers = false};
    parts.swapper_pg_dir = 0xffffffff80000000 + machine_.registers.cr3;
    const auto core = scratch_.write("vmcore", testing::elf_core_of(machine_, parts));
    const auto ran = run({"walk", "0xffff888000001234", "--from", core});
    EXPECT_NE(ran.out.find("=>    physical address 0x1234,"), std::string::npos) << ran.out << ran.err;
}

TEST_F(CrashDumpTest, ImportSaysWhatIsInIt) {
    const auto core = scratch_.write("vmcore", testing::elf_core_of(machine_));
    const auto ran = run({"import", core, "--json"});
    ASSERT_EQ(ran.code, 0) << ran.err;
    const auto json = nlohmann::json::parse(ran.out);
    EXPECT_EQ(json.at("format"), "crash dump, ELF core");
    EXPECT_EQ(json.at("kernel"), "6.1.192");
    EXPECT_EQ(json.at("table_pages"), machine_.pages.size());
    EXPECT_EQ(json.at("memory_bytes"), machine_.pages.size() * 4096);
    EXPECT_EQ(json.at("cpus"), 1);
}

TEST_F(CrashDumpTest, ADumpThatDoesNotTellWhereItsTablesAreIsRefused) {
    const auto core =
        scratch_.write("vmcore", testing::elf_core_of(machine_, {.registers = false, .vmcoreinfo = false}));
    const auto ran = run({"walk", "0x1000", "--from", core});
    EXPECT_EQ(ran.code, 2);
    EXPECT_NE(ran.err.find("neither registers of a processor nor VMCOREINFO"), std::string::npos) << ran.err;
}

TEST_F(CrashDumpTest, TruncatedAndSpoiledDumpsGiveOneLine) {
    const std::string whole = testing::elf_core_of(machine_);
    std::vector<std::string> spoiled;
    for (const std::size_t size : {20U, 63U, 200U, 5000U}) spoiled.push_back(whole.substr(0, size));
    for (std::size_t at = 16; at < 1200; at += 7) {
        spoiled.push_back(whole);
        spoiled.back()[at] = static_cast<char>(spoiled.back()[at] ^ 0x5a);
    }
    for (const std::string& bytes : spoiled) {
        const auto ran = run({"walk", "0xffff888000001234", "--from", scratch_.write("vmcore", bytes)});
        EXPECT_TRUE(ran.code == 0 || ran.code == 2) << ran.err;
        EXPECT_EQ(ran.error_lines(), ran.code == 0 ? 0 : 1) << ran.err;
    }
}

TEST_F(CrashDumpTest, ACompressedDumpThatIsDamagedGivesOneLine) {
    const auto file = scratch_.write("vmcore", "KDUMP   " + std::string(5000, '\3'));
    const auto ran = run({"import", file});
    EXPECT_EQ(ran.code, 2);
    EXPECT_EQ(ran.error_lines(), 1) << ran.err;
}

} // namespace
} // namespace ksl
