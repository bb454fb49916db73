// SPDX-License-Identifier: MIT
//
// Walker and MMU against QEMU's: random page tables and accesses really made by a machine that boots them. Compared:
// whether each access works, what it finds and so which physical address it has, vector, error code, CR2, and in the
// end every bit of every table and of all data. Where QEMU differs from the manual: qemu_quirks.h, docs/mmu-oracles.md.
//
// KSL_MMU_ORACLE_ACCESSES in the environment: how many accesses (default 1,000,000); KSL_MMU_ORACLE_SEED: the first
// seed.
#include "tests/oracle/guest_run.h"
#include "tests/oracle/mmu_reference.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <iostream>
#include <sstream>
#include <string>

namespace ksl::oracle {
namespace {

constexpr std::uint64_t kAccessesPerBoot = 500'000;
/// Of QEMU's own emulation, whatever processor it plays (TCG_PHYS_ADDR_BITS).
constexpr std::uint8_t kPhysicalBits = 40;

std::uint64_t number_from_environment(const char* name, std::uint64_t otherwise) {
    const char* text = std::getenv(name); // NOLINT(concurrency-mt-unsafe): one thread
    return text != nullptr ? std::strtoull(text, nullptr, 10) : otherwise;
}

std::string summary_of(const MmuProgram::Statistics& statistics) {
    std::ostringstream out;
    out << statistics.accesses << " accesses: " << statistics.successes << " worked (4K " << statistics.by_size[0]
        << ", 2M " << statistics.by_size[1] << ", 1G " << statistics.by_size[2] << "), " << statistics.page_faults
        << " page faults, " << statistics.non_canonical << " not canonical; " << statistics.left_out << " left out; "
        << statistics.changes_of_tables << " changes of tables; answered by first level, second level, walk:";
    for (std::uint64_t count : statistics.answered_from) out << ' ' << count;
    out << "; quirks:";
    for (std::uint64_t count : statistics.quirks) out << ' ' << count;
    out << "; error codes:";
    for (std::size_t code = 0; code < statistics.by_error_code.size(); ++code) {
        if (statistics.by_error_code[code] != 0)
            out << ' ' << std::hex << code << std::dec << '=' << statistics.by_error_code[code];
    }
    return out.str();
}

class QemuMmu : public ::testing::TestWithParam<core::Geometry> {
protected:
    void SetUp() override {
        if (const std::string missing = QemuGuest::missing(); !missing.empty()) GTEST_SKIP() << missing;
    }
    /// Runs the program and says where it went otherwise than the engine's answers.
    static Differences run(QemuGuest& guest, const MmuProgram& program) {
        put_into(guest, program);
        const auto problem = guest.run();
        EXPECT_FALSE(problem) << problem.value_or("");
        EXPECT_EQ(guest.header().physical_bits, kPhysicalBits);
        return problem ? Differences{} : compare(guest, program);
    }
};

TEST_P(QemuMmu, DoesWhatOurWalkerAndOurMmuSay) {
    const std::uint64_t wanted = number_from_environment("KSL_MMU_ORACLE_ACCESSES", 1'000'000) / 2;
    std::uint64_t seed = number_from_environment("KSL_MMU_ORACLE_SEED", 1);
    for (std::uint64_t done = 0; done < wanted; ++seed) {
        SCOPED_TRACE("seed " + std::to_string(seed));
        const std::uint64_t accesses = std::min(kAccessesPerBoot, wanted - done);
        const MmuProgram program = make_program(GetParam(), kPhysicalBits, seed, accesses);
        ASSERT_EQ(program.disagreement, "");
        QemuGuest guest;
        const Differences differences = run(guest, program);
        ASSERT_EQ(differences.count(), 0U) << ::testing::PrintToString(differences.first);
        ASSERT_FALSE(HasFailure());
        std::cout << "seed " << seed << ": " << summary_of(program.statistics) << "\n";
        done += accesses;
    }
}

TEST_P(QemuMmu, IsAskedEverythingThatTheManualTellsApart) {
    const MmuProgram program = make_program(GetParam(), kPhysicalBits, 5, 100'000);
    const MmuProgram::Statistics& statistics = program.statistics;
    // All error codes of accesses: P, W, U, RSVD, I and PK in every combination that exists.
    constexpr std::array<std::size_t, 22> kCodes{0x00, 0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x09, 0x0b, 0x0d,
                                                 0x0f, 0x10, 0x11, 0x14, 0x15, 0x19, 0x1d, 0x21, 0x23, 0x25, 0x27};
    for (const std::size_t code : kCodes) EXPECT_GT(statistics.by_error_code[code], 0U) << "error code " << code;
    EXPECT_THAT(statistics.by_size, ::testing::Each(::testing::Gt(200U)));
    EXPECT_THAT(statistics.answered_from, ::testing::Each(::testing::Gt(1000U)));
    EXPECT_THAT(statistics.quirks, ::testing::Each(::testing::Gt(0U)));
    EXPECT_GT(statistics.non_canonical, 1000U);
    EXPECT_GT(statistics.changes_of_tables, 500U);
    EXPECT_LT(statistics.left_out * 20, statistics.accesses);
}

TEST_P(QemuMmu, FalsifiedAnswersAreFoundEachOfThem) {
    MmuProgram program = make_program(GetParam(), kPhysicalBits, 6, 5'000);
    const auto worked = std::ranges::find_if(program.expected, [](const auto& result) { return result.value != 0; });
    const auto faulted = std::ranges::find_if(program.expected, [](const auto& result) { return result.vector == 14; });
    worked->value ^= 0x100;
    faulted->error_code ^= 1;
    const core::PhysAddr entry = kTablesAt + core::Bytes{5 * core::kPageBytes};
    program.tables_after.write(entry, program.tables_after.read(entry) ^ core::Pte::kAccessed.mask());
    program.data_after[core::PhysAddr{kWindowOffset}] ^= 0x100;
    QemuGuest guest;
    const Differences differences = run(guest, program);
    EXPECT_EQ(differences.results, 2U);
    EXPECT_EQ(differences.table_entries, 1U);
    EXPECT_EQ(differences.data_words, 1U);
}

/// QEMU reads zero, and so an absent entry, where a PC's bus floats; the engine does as the PC.
TEST_P(QemuMmu, ATableWhereThereIsNoMemoryIsAbsentToQemuAndMalformedToUs) {
    MmuProgram program;
    program.geometry = GetParam();
    core::Random random{1};
    RandomTableMaker maker{program.tables_before, program.geometry, kPhysicalBits, random};
    const RandomTables tables = maker.make();
    program.tables = maker.tables();
    const core::VirtAddr at{core::span_of(program.geometry.top()).count() * 7};
    const core::PhysAddr nowhere{std::uint64_t{1} << 37};
    program.tables_before.write(core::address_of(tables.root) + core::Bytes{7 * sizeof(std::uint64_t)},
                                0x27 | nowhere.raw());
    core::MmuConfig config;
    config.tlb.load = {{.entries = 64, .ways = 4, .holds = {core::PageSize::small_4k}}};
    config.tlb.fetch = config.tlb.load;
    config.features.physical_bits = kPhysicalBits;
    MmuReference reference{program, config};
    std::uint64_t cr4 = core::cr4::kPhysicalAddressExtension | core::cr4::kPageSizeExtension;
    if (program.geometry.top() == core::Level::pml5) cr4 |= core::cr4::kFiveLevel;
    reference.set_cr4(cr4);
    reference.load_cr3(tables.root);
    reference.access(at, core::Access::kernel(core::AccessKind::read));
    reference.finish();
    EXPECT_EQ(program.statistics.by_error_code[0x9], 1U);
    ASSERT_EQ(program.expected.back().error_code, 0x8U) << "without P, as QEMU has it";
    program.expected.back().error_code = 0;
    QemuGuest guest;
    const Differences differences = run(guest, program);
    EXPECT_EQ(differences.count(), 0U) << ::testing::PrintToString(differences.first);
}

INSTANTIATE_TEST_SUITE_P(Levels, QemuMmu, ::testing::Values(core::Geometry::four_level(), core::Geometry::five_level()),
                         [](const auto& test) { return test.param.levels() == 4 ? "Four" : "Five"; });

} // namespace
} // namespace ksl::oracle
