// SPDX-License-Identifier: MIT
//
// Each figure of a recorded state that the trace or the other figures determine: falsified, it is one difference.
#include "tests/sim/verify/false_figure.h"

namespace ksl::sim {
namespace {

using testing::add_to;
using testing::change;
using testing::differing_parts;
using testing::FalseFigure;
using testing::Json;
using testing::SpoiledCapture;

constexpr const char* k47 = "2016/replay-4.7-512M";
constexpr const char* k49 = "2016/replay-4.9-vmap-y-fragmented-192M";
constexpr const char* k61 = "6.1/replay-vmap-y-512M";

class FalseFigures : public ::testing::TestWithParam<FalseFigure> {};

TEST_P(FalseFigures, AreOneDifferenceEach) {
    const SpoiledCapture capture{GetParam().capture};
    for (const char* file : {"state_02.json.gz", "state_04.json.gz"}) {
        GetParam().put_into(capture, file);
    }
    EXPECT_EQ(differing_parts(capture.folder()), GetParam().part + std::string{" 2"});
}

INSTANTIATE_TEST_SUITE_P(Constants, FalseFigures,
                         ::testing::Values(FalseFigure{k49, "/buddy/zones/1/managed_pages", 1, "states"},
                                           FalseFigure{k49, "/buddy/zones/1/watermark_min_low_high/1", 4, "states"},
                                           FalseFigure{k49, "/buddy/zones/0/lowmem_reserve/1", 1, "states"},
                                           FalseFigure{k61, "/buddy/zones/1/pcp/0/high", 1, "states"},
                                           FalseFigure{k61, "/buddy/zones/1/pcp/0/batch", 1, "states"},
                                           FalseFigure{k61, "/buddy/zones/0/vm_stat_NR_FREE_PAGES", 1, "states"},
                                           FalseFigure{k61, "/buddy/watermark_boost_factor", 1, "states"},
                                           FalseFigure{k49, "/vmap/vmalloc_base", 4096, "states"},
                                           FalseFigure{k49, "/tasks/thread_size", 4096, "states"},
                                           FalseFigure{k49, "/ring/0/entries", 1, "states"},
                                           FalseFigure{k61, "/trace_events_before_this_state", 3, "states"}),
                         testing::name_of);

INSTANTIATE_TEST_SUITE_P(
    Tasks, FalseFigures,
    ::testing::Values(FalseFigure{k49, "/tasks/tasks/9/pid", 5000, "tasks"},
                      FalseFigure{k61, "/tasks/tasks/9/tgid", 1, "tasks"},
                      FalseFigure{k47, "/tasks/tasks/9/thread_info_fields/addr_limit", 4096, "tasks"},
                      FalseFigure{k47, "/tasks/tasks/9/thread_info_fields/cpu", 1, "tasks"},
                      FalseFigure{k61, "/tasks/tasks/9/thread_info_flags", 2, "tasks"},
                      FalseFigure{k47, "/tasks/tasks/9/thread_info_fields/task", 64, "stack_layout"},
                      FalseFigure{k49, "/tasks/tasks/9/stack_base", 4096, "stack_layout"},
                      FalseFigure{k61, "/tasks/tasks/9/stack_base", 4096, "stack_layout"},
                      FalseFigure{k47, "/tasks/tasks/9/stack_top", 16384, "stack_layout"},
                      FalseFigure{k61, "/tasks/tasks/9/saved_sp", 0x8000, "stack_layout"},
                      FalseFigure{k47, "/tasks/tasks/9/stack_first_pfn", 4, "stack_layout"},
                      FalseFigure{k61, "/tasks/tasks/9/vm_struct/size", 4096, "stack_layout"},
                      FalseFigure{k61, "/tasks/tasks/9/vm_struct/flags", 1, "stack_layout"},
                      FalseFigure{k61, "/tasks/tasks/9/vm_struct/pfns/2", 1, "areas"}),
    testing::name_of);

INSTANTIATE_TEST_SUITE_P(Areas, FalseFigures,
                         ::testing::Values(FalseFigure{k49, "/vmap/areas_in_tree/13/page_pfns/1", 1, "areas"},
                                           FalseFigure{k61, "/vmap/busy/60/page_pfns/3", 1, "areas"},
                                           FalseFigure{k61, "/vmap/busy/60/nr_pages", 1, "areas"},
                                           FalseFigure{k61, "/vmap/busy/60/vm_size", 4096, "areas"},
                                           FalseFigure{k61, "/vmap/busy/60/vm_addr", 4096, "areas"},
                                           FalseFigure{k61, "/vmap/busy/60/vm_flags", 4, "areas"},
                                           FalseFigure{k61, "/vmap/busy/2/phys", 4096, "areas"},
                                           FalseFigure{k61, "/vmap/busy/2/vm_flags", 1, "areas"},
                                           FalseFigure{k49, "/vmap/areas_in_tree/13/flags", 1, "areas"},
                                           FalseFigure{k61, "/vmap/busy/60/end", 4096, "states"},
                                           FalseFigure{k61, "/vmap/busy/60/start", 4096, "states"}),
                         testing::name_of);

TEST(FalsifiedStates, ACallerOfAnAreaIsOneDifference) {
    const SpoiledCapture capture{k61};
    change(capture, "state_05.json.gz", [](Json& state) { state["vmap"]["busy"][60]["caller"] = "somebody"; });
    EXPECT_EQ(differing_parts(capture.folder()), "areas 1");
}

TEST(FalsifiedStates, ATaskThatIsNotListedIsOneDifference) {
    const SpoiledCapture capture{k49};
    change(capture, "state_03.json.gz", [](Json& state) { state["tasks"]["tasks"].erase(12); });
    EXPECT_EQ(differing_parts(capture.folder()), "tasks 1");
}

TEST(FalsifiedStates, ATaskUnderAnotherTasksPidIsOneDifference) {
    const SpoiledCapture capture{k47};
    change(capture, "state_04.json.gz", [](Json& state) {
        Json& tasks = state["tasks"]["tasks"];
        tasks[5]["pid"] = tasks[4]["pid"];
    });
    EXPECT_EQ(differing_parts(capture.folder()), "tasks 1");
}

TEST(FalsifiedStates, EachWrongEntryOfAListAndEachWrongOrderIsOneDifference) {
    const SpoiledCapture capture{k49};
    change(capture, "state_03.json.gz", [](Json& state) {
        Json& areas = state["vmap"]["areas_in_tree"];
        for (const std::size_t at : {20U, 90U, 150U}) add_to(areas[at]["end"], 4096);
        for (Json& list : state["buddy"]["zones"][1]["free_lists"]) {
            Json& pfns = list["pfns"];
            if (pfns.size() < 40) continue;
            std::swap(pfns[3], pfns[30]);
            break;
        }
    });
    const auto verification = verify_capture(capture.folder());
    ASSERT_TRUE(verification);
    EXPECT_EQ(verification->part("states")->differing(), 4U) << differing_parts(*verification);
}

TEST(FalsifiedStates, AnAddressOfATasksAreaIsOneDifference) {
    for (const char* name : {k49, k61}) {
        const SpoiledCapture capture{name};
        change(capture, "state_03.json.gz", [](Json& state) {
            Json& tasks = state["tasks"]["tasks"];
            const Json other = tasks[20]["vm_struct"]["addr"];
            for (const std::size_t at : {9U, 40U}) tasks[at]["vm_struct"]["addr"] = other;
        });
        EXPECT_EQ(differing_parts(capture.folder()), "stack_layout 2") << name;
    }
}

/// A list that is called by another type: its blocks are there, under a wrong name.
TEST(FalsifiedStates, AListUnderAnotherNameIsOneDifference) {
    for (const char* key : {"order", "migratetype"}) {
        const SpoiledCapture capture{k49};
        change(capture, "state_03.json.gz", [&](Json& state) {
            Json& lists = state["buddy"]["zones"][1]["free_lists"];
            const std::uint64_t own = lists[2][key];
            lists[2][key] = own == 0 ? 1 : own - 1;
        });
        EXPECT_EQ(differing_parts(capture.folder()), "states 1") << key;
    }
}

TEST(FalsifiedStates, AnEmptyPageListUnderAnotherNameIsOneDifference) {
    const SpoiledCapture capture{k61};
    change(capture, "state_03.json.gz",
           [](Json& state) { state["buddy"]["zones"][0]["pcp"][0]["lists"][4]["migratetype"] = 0; });
    EXPECT_EQ(differing_parts(capture.folder()), "states 1");
}

TEST(FalsifiedStates, AMissingZoneCpuOrPageblockIsOneDifference) {
    const SpoiledCapture zone{k61};
    change(zone, "state_03.json.gz", [](Json& state) { state["buddy"]["zones"].erase(1); });
    EXPECT_EQ(differing_parts(zone.folder()), "states 1");
    const SpoiledCapture cpu{k61};
    change(cpu, "state_03.json.gz", [](Json& state) { state["buddy"]["zones"][1]["pcp"] = Json::array(); });
    EXPECT_EQ(differing_parts(cpu.folder()), "states 1");
    const SpoiledCapture block{k61};
    change(block, "state_03.json.gz",
           [](Json& state) { state["buddy"]["zones"][1]["pageblock_migratetypes"].erase(3); });
    EXPECT_EQ(differing_parts(block.folder()), "states 1");
}

/// Snapshots and machines have one state a moment: what its figures say of each other.
TEST(FalsifiedStates, AStackOfASnapshotIsOneDifference) {
    for (const auto& [name, file] :
         {std::pair{"6.1/mmu-y-128M", "state.json"}, std::pair{"6.1/snapshot-vmap-y-2G-2cpu", "during.state.json.gz"},
          std::pair{"2016/snapshot-4.7-512M", "after.state.json.gz"}}) {
        const SpoiledCapture capture{name};
        change(capture, file, [](Json& state) { add_to(state["tasks"]["tasks"][7]["stack_base"], 4096); });
        EXPECT_EQ(differing_parts(capture.folder()), "stack_layout 1") << name;
    }
}

} // namespace
} // namespace ksl::sim
