// SPDX-License-Identifier: MIT
//
// The state of a kernel out of its memory image, against another program's reading of the same memory and against what
// the kernel itself said.
#include "core/types/random.h"
#include "sim/import/dump/dump_state.h"
#include "sim/import/import_summary.h"
#include "sim/import/proc_buddyinfo.h"
#include "sim/import/proc_vmallocinfo.h"
#include "tests/sim/import/unpacked_dump.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace ksl::sim {
namespace {

using testing::UnpackedDump;

std::string error_of(const UnpackedDump& dump) {
    const auto kernel = read_dumped_kernel(dump.core());
    return kernel ? "none" : kernel.error().message;
}

class KernelDump : public ::testing::TestWithParam<const char*> {};

TEST_P(KernelDump, IsReadAsAnotherProgramReadIt) {
    const UnpackedDump dump{GetParam()};
    const auto kernel = read_dumped_kernel(dump.core());
    ASSERT_TRUE(kernel) << to_string(kernel.error());
    const auto expected = capture::parse_state("state.json", dump.read("state.json.gz"));
    ASSERT_TRUE(expected) << to_string(expected.error());
    EXPECT_TRUE(kernel->state.buddy == expected->buddy);
    EXPECT_TRUE(kernel->state.vmap == expected->vmap);
    EXPECT_TRUE(kernel->state.tasks == expected->tasks);
}

TEST_P(KernelDump, HasTheAreasThatTheKernelListed) {
    const UnpackedDump dump{GetParam()};
    const auto kernel = read_dumped_kernel(dump.core());
    ASSERT_TRUE(kernel) << to_string(kernel.error());
    auto listed = proc::parse_vmallocinfo("vmallocinfo.txt", dump.read("vmallocinfo.txt"));
    ASSERT_TRUE(listed) << to_string(listed.error());
    std::ranges::sort(*listed, {}, [](const auto& area) { return area.range.lowest; });
    const auto& areas = kernel->state.vmap.areas;
    ASSERT_EQ(areas.size(), listed->size());
    for (std::size_t i = 0; i < areas.size(); ++i) {
        const proc::VmallocArea& theirs = (*listed)[i];
        EXPECT_EQ(areas[i].range, theirs.range);
        ASSERT_TRUE(areas[i].user);
        EXPECT_EQ(areas[i].user->caller, theirs.caller.substr(0, theirs.caller.find('+')));
        EXPECT_EQ(areas[i].user->page_count, theirs.pages.value_or(0));
        EXPECT_EQ(areas[i].user->phys, theirs.phys.value_or(core::PhysAddr{0}));
    }
}

INSTANTIATE_TEST_SUITE_P(Designs, KernelDump, ::testing::Values("vmap-y-128M", "vmap-n-256M-2cpu"),
                         [](const auto& test) { return test.index == 0 ? "Vmapped" : "Contiguous"; });

TEST(KernelDumpFree, BlocksAreAsManyAsTheKernelCounted) {
    const UnpackedDump dump{"vmap-n-256M-2cpu"};
    const auto kernel = read_dumped_kernel(dump.core());
    ASSERT_TRUE(kernel) << to_string(kernel.error());
    const auto counted = proc::parse_buddyinfo("buddyinfo.txt", dump.read("buddyinfo.txt"));
    ASSERT_TRUE(counted) << to_string(counted.error());
    const auto& zones = kernel->state.buddy.value().zones;
    ASSERT_EQ(zones.size(), counted->size());
    for (std::size_t i = 0; i < zones.size(); ++i) {
        std::vector<std::uint64_t> blocks(core::kOrders);
        for (const capture::BlockList& list : zones[i].free_lists) blocks[list.order.raw()] += list.pfns.size();
        EXPECT_EQ(blocks, (*counted)[i].free_blocks);
    }
}

TEST(KernelDumpStacks, AreUsedNoDeeperThanTheyAreAndNoLessThanNow) {
    const UnpackedDump dump{"vmap-y-128M"};
    const auto kernel = read_dumped_kernel(dump.core());
    ASSERT_TRUE(kernel) << to_string(kernel.error());
    const auto& tasks = kernel->state.tasks.tasks;
    ASSERT_EQ(kernel->deepest.size(), tasks.size());
    for (std::size_t i = 0; i < tasks.size(); ++i) {
        EXPECT_LT(kernel->deepest[i], tasks[i].stack.size());
        ASSERT_TRUE(tasks[i].stack.contains(tasks[i].saved_sp));
        EXPECT_GE(kernel->deepest[i], tasks[i].stack.top - tasks[i].saved_sp) << tasks[i].comm;
    }
}

TEST(KernelDumpErrors, SayWhatIsMissing) {
    const UnpackedDump dump{"vmap-y-128M"};
    EXPECT_EQ(error_of(dump), "none");
    const std::string offsets = dump.read("structure_offsets.json");
    dump.write("structure_offsets.json", R"({"structures": {}})");
    EXPECT_EQ(error_of(dump), "needs nr_zones of struct pglist_data; structure_offsets.json beside it has none");
    dump.write("structure_offsets.json", "[]");
    EXPECT_NE(error_of(dump), "none");
    dump.write("structure_offsets.json", offsets);
    dump.remove("kallsyms.txt.gz");
    dump.write("kallsyms.txt", "ffffffff81a11a40 D init_task\n");
    EXPECT_EQ(error_of(dump),
              "needs the address of min_free_kbytes; the symbols beside it have none (is CONFIG_KALLSYMS_ALL "
              "on?)");
    dump.write("kallsyms.txt", "ffffffff81a11a40 D init_task\nwhatever\n");
    EXPECT_EQ(error_of(dump), "is no symbol; \"ADDRESS TYPE NAME\" is needed, as in /proc/kallsyms");
    dump.remove("kallsyms.txt");
    const auto summary = import_file(dump.core());
    ASSERT_TRUE(summary) << to_string(summary.error());
    EXPECT_TRUE(summary->rows.rows.empty());
}

/// Whatever the dump's memory says, the answer is a state or one sentence.
TEST(KernelDumpErrors, DamagedMemoryIsNoCrash) {
    const UnpackedDump dump{"vmap-n-256M-2cpu"};
    const std::string good = dump.read("core.elf.gz");
    core::Random random{7};
    std::size_t refused = 0;
    for (int i = 0; i < 40; ++i) {
        std::string bad = good;
        for (int words = 0; words < 400;) { // a word that is not zero gets the value of another one
            const std::size_t to = random.below(bad.size() / 8) * 8;
            const std::size_t from = random.below(bad.size() / 8) * 8;
            if (bad.compare(to, 8, std::string(8, '\0')) == 0) continue;
            bad.replace(to, 8, good, from, 8);
            ++words;
        }
        dump.write("core.elf", bad);
        refused += error_of(dump) == "none" ? 0U : 1U;
    }
    EXPECT_GT(refused, 0U);
}

} // namespace
} // namespace ksl::sim
