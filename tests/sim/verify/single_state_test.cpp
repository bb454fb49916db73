// SPDX-License-Identifier: MIT
//
// States of captures without a trace: what they say more than once must agree, and one false figure is one difference.
#include "tests/sim/verify/spoiled_capture.h"
#include "tests/test_name.h"

#include <nlohmann/json.hpp>

namespace ksl::sim {
namespace {

using Json = nlohmann::json;
using testing::differing_parts;
using testing::SpoiledCapture;

constexpr const char* kMachine = "6.1/mmu-y-128M";
constexpr const char* kNew = "6.1/snapshot-vmap-y-512M-1cpu";
constexpr const char* kOld = "2016/snapshot-4.7-512M";

struct FalseFigure {
    const char* capture;
    const char* file;
    const char* place;
    std::uint64_t more;
    const char* part;
};
void PrintTo(const FalseFigure& figure, std::ostream* out) {
    *out << figure.capture << figure.place;
}

void add_to(Json& number, std::uint64_t more) {
    if (number.is_boolean()) {
        number = !number.get<bool>();
    } else if (number.is_string()) {
        std::ostringstream text;
        text << "0x" << std::hex << std::stoull(number.get<std::string>(), nullptr, 16) + more;
        number = text.str();
    } else {
        number = number.get<std::uint64_t>() + more;
    }
}

class FalseStateFigures : public ::testing::TestWithParam<FalseFigure> {};

TEST_P(FalseStateFigures, AreOneDifferenceEach) {
    const FalseFigure& figure = GetParam();
    const SpoiledCapture capture{figure.capture};
    Json state = Json::parse(capture.read(figure.file));
    add_to(state.at(Json::json_pointer{figure.place}), figure.more);
    capture.write(figure.file, state.dump());
    EXPECT_EQ(differing_parts(capture.folder()), figure.part + std::string{" 1"});
}

INSTANTIATE_TEST_SUITE_P(
    Places, FalseStateFigures,
    ::testing::Values(FalseFigure{kMachine, "state.json", "/tasks/thread_size", 4096, "states"},
                      FalseFigure{kMachine, "state.json", "/vmap/busy/20/start", 4096, "states"},
                      FalseFigure{kMachine, "state.json", "/vmap/busy/20/end", 4096, "states"},
                      FalseFigure{kMachine, "state.json", "/vmap/busy/20/vm_size", 4, "areas"},
                      FalseFigure{kMachine, "state.json", "/vmap/busy/20/page_pfns/1", 8, "areas"},
                      FalseFigure{kMachine, "state.json", "/vmap/busy/20/nr_pages", 1, "areas"},
                      FalseFigure{kMachine, "state.json", "/vmap/free/7/start", 4096, "states"},
                      FalseFigure{kMachine, "state.json", "/vmap/purge_pending/0/end", 4096, "states"},
                      FalseFigure{kMachine, "state.json", "/vmap/vmap_lazy_nr_pages", 1, "states"},
                      FalseFigure{kMachine, "state.json", "/tasks/tasks/9/vm_struct/pfns/2", 1, "areas"},
                      FalseFigure{kMachine, "state.json", "/tasks/tasks/9/stack_base", 0x8000, "stack_layout"},
                      FalseFigure{kNew, "during.state.json.gz", "/buddy/zones/1/managed_pages", 1, "states"},
                      FalseFigure{kNew, "during.state.json.gz", "/buddy/zones/1/nr_free_by_order/3", 1, "states"},
                      FalseFigure{kNew, "during.state.json.gz", "/buddy/zones/1/vm_stat_NR_FREE_PAGES", 1, "states"},
                      FalseFigure{kNew, "during.state.json.gz", "/buddy/zones/1/pcp/0/count", 1, "states"},
                      FalseFigure{kNew, "during.state.json.gz", "/buddy/zones/1/pcp/0/lists/4/migratetype", 1,
                                  "states"},
                      FalseFigure{kNew, "during.state.json.gz", "/buddy/zones/1/watermark/2", 1, "states"},
                      FalseFigure{kOld, "before.state.json.gz", "/vmap/purge_list_newest_first/0/end", 4096, "states"},
                      FalseFigure{kOld, "before.state.json.gz", "/vmap/page_offset_base", 4096, "states"},
                      FalseFigure{kOld, "before.state.json.gz", "/tasks/thread_info_in_task", 0, "states"}),
    [](const auto& test) { return ksl::testing::as_test_name(test.index, test.param.place); });

TEST(FalseStates, AListUnderAnotherOrderIsOneDifference) {
    const SpoiledCapture capture{kNew};
    Json state = Json::parse(capture.read("during.state.json.gz"));
    for (Json& list : state["buddy"]["zones"][1]["free_lists"]) {
        if (list["pfns"].size() < 3) continue;
        list["order"] = list["order"].get<unsigned>() == 0 ? 1 : list["order"].get<unsigned>() - 1;
        break;
    }
    capture.write("during.state.json.gz", state.dump());
    EXPECT_EQ(differing_parts(capture.folder()), "states 1");
}

} // namespace
} // namespace ksl::sim
