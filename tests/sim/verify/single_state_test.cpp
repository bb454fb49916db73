// SPDX-License-Identifier: MIT
//
// States of captures without a trace: what they say more than once must agree, and one false figure is one difference.
#include "tests/sim/verify/false_figure.h"

namespace ksl::sim {
namespace {

using testing::change;
using testing::differing_parts;
using testing::FalseFigure;
using testing::Json;
using testing::SpoiledCapture;

constexpr const char* kMachine = "6.1/mmu-y-128M";
constexpr const char* kNew = "6.1/snapshot-vmap-y-512M-1cpu";
constexpr const char* kOld = "2016/snapshot-4.7-512M";

std::string state_file(const std::string& capture) {
    if (capture == kMachine) return "state.json";
    return capture == kNew ? "during.state.json.gz" : "before.state.json.gz";
}

class FalseStateFigures : public ::testing::TestWithParam<FalseFigure> {};

TEST_P(FalseStateFigures, AreOneDifferenceEach) {
    const SpoiledCapture capture{GetParam().capture};
    GetParam().put_into(capture, state_file(GetParam().capture));
    EXPECT_EQ(differing_parts(capture.folder()), GetParam().part + std::string{" 1"});
}

INSTANTIATE_TEST_SUITE_P(Places, FalseStateFigures,
                         ::testing::Values(FalseFigure{kMachine, "/tasks/thread_size", 4096, "states"},
                                           FalseFigure{kMachine, "/vmap/busy/20/start", 4096, "states"},
                                           FalseFigure{kMachine, "/vmap/busy/20/end", 4096, "states"},
                                           FalseFigure{kMachine, "/vmap/busy/20/vm_size", 4, "areas"},
                                           FalseFigure{kMachine, "/vmap/busy/20/page_pfns/1", 8, "areas"},
                                           FalseFigure{kMachine, "/vmap/busy/20/nr_pages", 1, "areas"},
                                           FalseFigure{kMachine, "/vmap/free/7/start", 4096, "states"},
                                           FalseFigure{kMachine, "/vmap/purge_pending/0/end", 4096, "states"},
                                           FalseFigure{kMachine, "/vmap/vmap_lazy_nr_pages", 1, "states"},
                                           FalseFigure{kMachine, "/tasks/tasks/9/vm_struct/pfns/2", 1, "areas"},
                                           FalseFigure{kMachine, "/tasks/tasks/9/stack_base", 0x8000, "stack_layout"},
                                           FalseFigure{kNew, "/buddy/zones/1/managed_pages", 1, "states"},
                                           FalseFigure{kNew, "/buddy/zones/1/nr_free_by_order/3", 1, "states"},
                                           FalseFigure{kNew, "/buddy/zones/1/vm_stat_NR_FREE_PAGES", 1, "states"},
                                           FalseFigure{kNew, "/buddy/zones/1/pcp/0/count", 1, "states"},
                                           FalseFigure{kNew, "/buddy/zones/1/pcp/0/lists/4/migratetype", 1, "states"},
                                           FalseFigure{kNew, "/buddy/zones/1/watermark/2", 1, "states"},
                                           FalseFigure{kOld, "/vmap/purge_list_newest_first/0/end", 4096, "states"},
                                           FalseFigure{kOld, "/vmap/page_offset_base", 4096, "states"},
                                           FalseFigure{kOld, "/tasks/thread_info_in_task", 0, "states"}),
                         testing::name_of);

TEST(FalseStates, AListUnderAnotherOrderIsOneDifference) {
    const SpoiledCapture capture{kNew};
    change(capture, state_file(kNew), [](Json& state) {
        for (Json& list : state["buddy"]["zones"][1]["free_lists"]) {
            if (list["pfns"].size() < 3) continue;
            list["order"] = list["order"].get<unsigned>() == 0 ? 1 : list["order"].get<unsigned>() - 1;
            break;
        }
    });
    EXPECT_EQ(differing_parts(capture.folder()), "states 1");
}

} // namespace
} // namespace ksl::sim
