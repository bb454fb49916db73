// SPDX-License-Identifier: MIT
//
// The tables that our engine builds for a captured machine, from what the machine says about its memory and its kernel
// image, against the dump that its kernel printed.
//
// Not compared, because the engine does not build them: the CPU entry area and the fixmap (APIC, vsyscall), where
// firmware and drivers decide what is mapped.
#include "sim/import/boot_tables.h"
#include "sim/import/csv_fields.h"
#include "sim/import/read_file.h"
#include "tests/oracle/captures.h"
#include "tests/test_name.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <set>
#include <string>

namespace ksl::sim {
namespace {

class BootTables : public ::testing::TestWithParam<std::filesystem::path> {
protected:
    void SetUp() override {
        const auto config = read_boot_config(GetParam());
        ASSERT_TRUE(config) << to_string(config.error());
        auto built = build_boot_tables(*config);
        ASSERT_TRUE(built) << to_string(built.error());
        built_ = std::move(*built);
    }
    /// The moments that the folder has, as prefixes of file names.
    static std::vector<std::string> moments() {
        if (std::filesystem::exists(GetParam() / "before.iomem.txt")) return {"before.", "during.", "after."};
        return {""};
    }
    BuiltTables built_;
};

TEST_P(BootTables, DirectMapPageStructsAndImageAreLineByLineTheKernels) {
    for (const std::string& moment : moments()) {
        const auto checks = check_dump(built_, GetParam() / (moment + "page_tables_kernel.txt"));
        ASSERT_TRUE(checks) << to_string(checks.error());
        std::set<std::string> compared;
        for (const SectionCheck& check : *checks) {
            const std::set<std::string> built{"User Space", "Kernel Space",        "Low Kernel Mapping",
                                              "Vmemmap",    "High Kernel Mapping", "Modules"};
            if (!built.contains(check.name)) continue;
            compared.insert(check.name);
            EXPECT_GT(check.lines, 0U);
            EXPECT_EQ(check.exact, check.lines) << moment << check.name;
            EXPECT_THAT(check.missing, ::testing::IsEmpty()) << moment << check.name;
            EXPECT_THAT(check.unexpected, ::testing::IsEmpty()) << moment << check.name;
        }
        EXPECT_EQ(compared.size(), 6U);
    }
}

TEST_P(BootTables, MeminfoCountsDirectMapPagesAsWeDo) {
    const auto text = read_file(GetParam() / (moments().front() + "meminfo.txt"));
    ASSERT_TRUE(text) << to_string(text.error());
    std::map<std::string, std::uint64_t> kibibytes;
    for (std::string_view rest = *text; !rest.empty();) {
        const std::string_view line = take_line(rest);
        if (!line.starts_with("DirectMap")) continue;
        const std::size_t colon = line.find(':');
        const std::size_t digits = line.find_first_not_of(' ', colon + 1);
        const std::string_view value = line.substr(digits, line.find(' ', digits) - digits);
        kibibytes[std::string{line.substr(0, colon)}] = parse_number(value).value_or(0);
    }
    const core::DirectMapCounters& ours = built_.tables.direct_map.counters;
    EXPECT_EQ(ours.kibibytes(core::PageSize::small_4k), kibibytes.at("DirectMap4k"));
    EXPECT_EQ(ours.kibibytes(core::PageSize::large_2m), kibibytes.at("DirectMap2M"));
    EXPECT_EQ(ours.kibibytes(core::PageSize::huge_1g), kibibytes.at("DirectMap1G"));
}

/// The mapped lines of a dump's vmalloc section by start, with size, flags and level as printed.
std::map<std::string, std::string> mapped_vmalloc_lines(const std::vector<std::string>& lines) {
    std::map<std::string, std::string> mapped;
    for (const std::string& line : lines) {
        if (line.contains("NX") || line.contains(" x ")) mapped[line.substr(0, 37)] = line.substr(37);
    }
    return mapped;
}

/// The page tables and /proc/vmallocinfo are printed one after the other by programs that come and go: each has a
/// terminal, whose buffer of three pages n_tty_open() takes from vmalloc, and each is a task, whose stack of four pages
/// may be live in one listing and not in the other.
bool belongs_to_a_passing_program(const std::string& line) {
    return line.contains("  12K  ") || line.contains("  16K  ");
}

TEST_P(BootTables, VmallocAreasAreMappedLineByLineAsTheKernelDid) {
    std::vector<VmallocLine> mapped;
    core::Effects silent;
    for (const std::string& moment : moments()) {
        const auto areas = read_vmallocinfo(GetParam() / (moment + "vmallocinfo.txt"));
        ASSERT_TRUE(areas) << to_string(areas.error());
        // From moment to moment in the same tables, so that table pages of areas long gone are still there.
        core::Mapper mapper{built_.memory, built_.config.layout.geometry(), built_.tables.root,
                            built_.config.layout.direct_map().lowest};
        for (const VmallocLine& area : mapped) mapper.unmap(area.range, silent);
        const auto done = map_vmalloc_areas(built_, *areas);
        ASSERT_TRUE(done) << to_string(done.error());
        mapped = *areas;

        const auto checks = check_dump(built_, GetParam() / (moment + "page_tables_kernel.txt"));
        ASSERT_TRUE(checks) << to_string(checks.error());
        const auto vmalloc = std::ranges::find(*checks, "vmalloc() Area", &SectionCheck::name);
        ASSERT_NE(vmalloc, checks->end());
        EXPECT_GE(vmalloc->exact + 8, vmalloc->lines) << moment;
        for (const auto& [range, rest] : mapped_vmalloc_lines(vmalloc->missing))
            EXPECT_TRUE(belongs_to_a_passing_program(rest)) << moment << " theirs: " << range << rest;
        for (const auto& [range, rest] : mapped_vmalloc_lines(vmalloc->unexpected))
            EXPECT_TRUE(belongs_to_a_passing_program(rest)) << moment << " ours: " << range << rest;
        // Above the areas nothing is left to chance: tables preallocated (6.1) or not (4.x), up to the end of the
        // region.
        const auto ends_region = [&](const std::string& line) { return line.contains("pgd") || line.contains("pud"); };
        EXPECT_TRUE(std::ranges::none_of(vmalloc->missing, ends_region)) << moment;
        EXPECT_TRUE(std::ranges::none_of(vmalloc->unexpected, ends_region)) << moment;
    }
}

INSTANTIATE_TEST_SUITE_P(Machines, BootTables,
                         ::testing::ValuesIn(ksl::testing::capture_folders({"mmu-", "snapshot-"})),
                         [](const auto& test) { return ksl::testing::name_of_capture(test.param); });

} // namespace
} // namespace ksl::sim
