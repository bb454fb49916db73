// SPDX-License-Identifier: MIT
//
// The state of a kernel out of its memory image, against another program's reading of the same memory and against what
// the kernel itself said.
#include "core/types/random.h"
#include "sim/import/dump/dump_state.h"
#include "sim/import/import_summary.h"
#include "sim/import/proc_buddyinfo.h"
#include "sim/import/proc_vmallocinfo.h"
#include "sim/import/proc_zoneinfo.h"
#include "tests/sim/import/unpacked_dump.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <sstream>

namespace ksl::sim {
namespace {

using testing::UnpackedDump;

std::string error_of(const UnpackedDump& dump) {
    const auto kernel = read_dumped_kernel(dump.core());
    return kernel ? "none" : kernel.error().message;
}

constexpr const char* kDebian = "debian-6.1-numa-900M-2cpu";

DumpedKernel read_kernel(const UnpackedDump& dump) {
    auto kernel = read_dumped_kernel(dump.core());
    EXPECT_TRUE(kernel) << to_string(kernel.error());
    return kernel.value_or(DumpedKernel{});
}

std::string name_of(const ::testing::TestParamInfo<const char*>& test) {
    std::string name = test.param;
    std::ranges::replace_if(name, [](char c) { return c == '-' || c == '.'; }, '_');
    return name;
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

INSTANTIATE_TEST_SUITE_P(Designs, KernelDump, ::testing::Values("vmap-y-128M", "vmap-n-256M-2cpu"), name_of);

class KernelDumpAreas : public ::testing::TestWithParam<const char*> {};

TEST_P(KernelDumpAreas, AreThoseThatTheKernelListed) {
    const UnpackedDump dump{GetParam()};
    const capture::VmapState vmap = read_kernel(dump).state.vmap;
    auto listed = proc::parse_vmallocinfo("vmallocinfo.txt", dump.read("vmallocinfo.txt"));
    ASSERT_TRUE(listed) << to_string(listed.error());
    std::vector<core::VirtRange> unpurged;
    std::erase_if(*listed, [&](const proc::VmallocArea& area) {
        if (area.use == proc::VmallocUse::unpurged) unpurged.push_back(area.range);
        return area.use == proc::VmallocUse::unpurged;
    });
    EXPECT_EQ(vmap.purge_pending, unpurged);
    std::ranges::sort(*listed, {}, [](const auto& area) { return area.range.lowest; });
    ASSERT_EQ(vmap.areas.size(), listed->size());
    for (std::size_t i = 0; i < vmap.areas.size(); ++i) {
        const proc::VmallocArea& theirs = (*listed)[i];
        EXPECT_EQ(vmap.areas[i].range, theirs.range);
        ASSERT_TRUE(vmap.areas[i].user);
        EXPECT_EQ(vmap.areas[i].user->caller, theirs.caller.substr(0, theirs.caller.find('+')));
        EXPECT_EQ(vmap.areas[i].user->page_count, theirs.pages.value_or(0));
        EXPECT_EQ(vmap.areas[i].user->phys, theirs.phys.value_or(core::PhysAddr{0}));
    }
}

INSTANTIATE_TEST_SUITE_P(Designs, KernelDumpAreas, ::testing::Values("vmap-y-128M", "vmap-n-256M-2cpu", kDebian),
                         name_of);

class KernelDumpFree : public ::testing::TestWithParam<const char*> {};

TEST_P(KernelDumpFree, BlocksAreAsManyAsTheKernelCounted) {
    const UnpackedDump dump{GetParam()};
    const auto zones = read_kernel(dump).state.buddy.value_or(capture::BuddyState{}).zones;
    const auto counted = proc::parse_buddyinfo("buddyinfo.txt", dump.read("buddyinfo.txt"));
    ASSERT_TRUE(counted) << to_string(counted.error());
    ASSERT_EQ(zones.size(), counted->size());
    for (std::size_t i = 0; i < zones.size(); ++i) {
        std::vector<std::uint64_t> blocks(core::kOrders);
        for (const capture::BlockList& list : zones[i].free_lists) blocks[list.order.raw()] += list.pfns.size();
        EXPECT_EQ(blocks, (*counted)[i].free_blocks);
    }
}

INSTANTIATE_TEST_SUITE_P(Designs, KernelDumpFree, ::testing::Values("vmap-n-256M-2cpu", kDebian), name_of);

/// A kernel as a distribution builds it: randomised layout, page-table isolation, two nodes, lists for huge pages, five
/// migrate types; its structures out of BTF.
class DistributionKernelDump : public ::testing::Test {
protected:
    const UnpackedDump dump_{kDebian};
    const DumpedKernel kernel_ = read_kernel(dump_);
    const std::vector<capture::ZoneState> zones_ = kernel_.state.buddy.value_or(capture::BuddyState{}).zones;
};

TEST_F(DistributionKernelDump, HasBlocksOfTheTypesThatTheKernelCounted) {
    const auto counted = proc::parse_pagetypeinfo("pagetypeinfo.txt", dump_.read("pagetypeinfo.txt"));
    ASSERT_TRUE(counted) << to_string(counted.error());
    const std::size_t types = counted->types.size();
    ASSERT_EQ(types, core::kMigrateTypes + 1); // Isolate, of which there is nothing
    ASSERT_EQ(counted->free.size(), zones_.size() * types);
    ASSERT_EQ(counted->pageblocks.size(), zones_.size());
    for (std::size_t i = 0; i < zones_.size(); ++i) {
        std::vector<std::vector<std::uint64_t>> free(types, std::vector<std::uint64_t>(core::kOrders));
        for (const capture::BlockList& list : zones_[i].free_lists)
            free.at(static_cast<std::size_t>(list.type))[list.order.raw()] += list.pfns.size();
        for (std::size_t type = 0; type < types; ++type)
            EXPECT_EQ(free[type], counted->free[i * types + type].free_blocks) << i << ' ' << counted->types[type];
        std::vector<std::uint64_t> pageblocks(types);
        for (const core::MigrateType type : zones_[i].pageblock_types) ++pageblocks[static_cast<std::size_t>(type)];
        EXPECT_EQ(pageblocks, counted->pageblocks[i].blocks);
    }
}

TEST_F(DistributionKernelDump, HasTheZonesThatTheKernelShowed) {
    auto shown = proc::parse_zoneinfo("zoneinfo.txt", dump_.read("zoneinfo.txt"));
    ASSERT_TRUE(shown) << to_string(shown.error());
    std::erase_if(*shown, [](const proc::ZoneInfo& zone) { return zone.present == core::Pages{0}; });
    ASSERT_EQ(shown->size(), zones_.size());
    for (std::size_t i = 0; i < zones_.size(); ++i) {
        const proc::ZoneInfo& theirs = (*shown)[i];
        const capture::ZoneState& zone = zones_[i];
        EXPECT_EQ(zone.start, theirs.start);
        EXPECT_EQ(zone.spanned, theirs.spanned);
        EXPECT_EQ(zone.present, theirs.present);
        EXPECT_EQ(zone.managed, theirs.managed);
        EXPECT_EQ(zone.free, theirs.free);
        EXPECT_EQ(zone.watermarks, (std::array{theirs.min, theirs.low, theirs.high}));
        EXPECT_EQ(zone.lowmem_reserve, theirs.protection);
        ASSERT_EQ(zone.pcp.size(), theirs.pagesets.size());
        for (std::size_t cpu = 0; cpu < zone.pcp.size(); ++cpu) {
            const capture::PcpState& lists = zone.pcp[cpu];
            EXPECT_EQ(lists.high, theirs.pagesets[cpu].high);
            EXPECT_EQ(lists.batch, theirs.pagesets[cpu].batch);
            // Between its text and its stop the kernel took or gave back some pages, but no batch.
            EXPECT_NEAR(lists.count, theirs.pagesets[cpu].count, lists.batch - 1.0);
            std::uint64_t pages = 0;
            for (const capture::BlockList& list : lists.lists) pages += list.pfns.size() << list.order.raw();
            EXPECT_EQ(pages, lists.count);
        }
    }
}

TEST_F(DistributionKernelDump, HasTheThreadsThatTheKernelListed) {
    std::istringstream listed{dump_.read("threads.txt")};
    for (const capture::TaskState& task : kernel_.state.tasks.tasks) {
        std::uint32_t tgid = 0;
        std::uint32_t pid = 0;
        std::string name;
        ASSERT_TRUE(listed >> tgid >> pid >> name);
        EXPECT_EQ(task.tgid, tgid);
        EXPECT_EQ(task.pid, pid);
        // Of kernel threads the kernel shows names longer than comm, and what a worker does ("kworker/0:0-events").
        EXPECT_TRUE(name.starts_with(task.comm)) << name << ' ' << task.comm;
        EXPECT_TRUE(name == task.comm || task.comm.size() == 15 || task.comm.starts_with("kworker/")) << name;
        EXPECT_TRUE(task.stack.contains(task.saved_sp)) << name;
        EXPECT_EQ(task.end_magic, 0x57AC'6E9DU) << name;
    }
    EXPECT_TRUE((listed >> std::ws).eof());
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
    dump.write("kallsyms.txt", "0000000000000000 D init_task\n");
    EXPECT_EQ(error_of(dump), "has zeros for addresses; read /proc/kallsyms as root, with kptr_restrict=1");
    for (const char* elsewhere : {"ffffffff81a12a40", "ffffffffa1a11a40"}) {
        dump.write("kallsyms.txt", std::string{elsewhere} + " D init_task\n");
        EXPECT_EQ(error_of(dump), "has no first task at 0x" + std::string{elsewhere} +
                                      ", where the symbols beside it say; they must be of the same boot, "
                                      "structure_offsets.json of the same kernel");
    }
    dump.remove("kallsyms.txt");
    const auto summary = import_file(dump.core());
    ASSERT_TRUE(summary) << to_string(summary.error());
    EXPECT_TRUE(summary->rows.rows.empty());
    const auto phys_base = std::ranges::find(summary->facts, "phys_base", &ImportFact::key);
    ASSERT_NE(phys_base, summary->facts.end());
    EXPECT_EQ(phys_base->value, Cell{}) << "a dump without VMCOREINFO does not tell";
}

TEST(KernelDumpErrors, NameTheEraOfAKernelThatKeepsItsStateElsewhere) {
    const UnpackedDump dump{"vmap-y-128M"};
    dump.remove("kallsyms.txt.gz");
    dump.write("kallsyms.txt", "ffffffff81a11a40 D vmap_nodes\n");
    EXPECT_EQ(error_of(dump), "keeps its vmalloc areas by node: a kernel from 6.9 on; 5.14 to 6.8 are known");
    dump.write("kallsyms.txt", "ffffffff81ace390 D vmap_area_list\n");
    EXPECT_EQ(error_of(dump), "has no tree of free ranges: a kernel before 5.2; 5.14 to 6.8 are known");
    dump.write("structure_offsets.json", R"({"structures": {"zone": {"pageset": 96}}})");
    dump.write("kallsyms.txt", "ffffffff81ace390 D vmap_area_list\nffffffff81ace370 d free_vmap_area_list\n");
    EXPECT_EQ(error_of(dump), "has page lists of single pages only: a kernel before 5.14; 5.14 to 6.8 are known");
}

/// Whatever the dump's memory says, the answer is a state or one sentence.
class KernelDumpDamaged : public ::testing::TestWithParam<const char*> {};

TEST_P(KernelDumpDamaged, MemoryIsNoCrash) {
    const UnpackedDump dump{GetParam()};
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

INSTANTIATE_TEST_SUITE_P(Designs, KernelDumpDamaged, ::testing::Values("vmap-n-256M-2cpu", kDebian), name_of);

} // namespace
} // namespace ksl::sim
