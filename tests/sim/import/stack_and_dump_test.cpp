// SPDX-License-Identifier: MIT
//
// Stack-usage files, stack traces and page-table dumps of the captures.
#include "sim/import/capture_state.h"
#include "sim/import/page_table_dump.h"
#include "sim/import/read_file.h"
#include "sim/import/stack_usage.h"
#include "tests/sim/import/captures.h"
#include "tests/sim/support/results.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <map>
#include <set>
#include <string>

namespace ksl::sim {
namespace {

using core::Bytes;
using core::VirtAddr;
using sim::testing::error_of;
using sim::testing::text_of;
using sim::testing::value_of;
using ::testing::HasSubstr;

std::vector<FunctionStack> all_functions() {
    std::vector<FunctionStack> all;
    for (const auto& file : testing::files_of(testing::capture("callchains/su"), "", ".su")) {
        const auto functions = value_of(parse_stack_usage(file.string(), text_of(file)));
        all.insert(all.end(), functions.begin(), functions.end());
    }
    return all;
}

std::map<std::string, std::vector<TracedFrame>> all_traces() {
    std::map<std::string, std::vector<TracedFrame>> all;
    for (const auto& file : testing::files_of(testing::capture("callchains/traces"), "", ".txt")) {
        all[file.filename().string()] = value_of(parse_stack_trace(file.string(), text_of(file)));
    }
    return all;
}

TEST(StackUsage, EveryRowOfTheSamplesIsRead) {
    const auto functions = all_functions();
    // Counted with cut -f3 *.su | sort | uniq -c.
    EXPECT_EQ(functions.size(), 579U);
    EXPECT_EQ(std::ranges::count(functions, FrameKind::fixed, &FunctionStack::kind), 520);
    EXPECT_EQ(std::ranges::count(functions, FrameKind::bounded, &FunctionStack::kind), 59);
    const auto found = std::ranges::find(functions, "blk_account_io_done", &FunctionStack::function);
    ASSERT_NE(found, functions.end());
    EXPECT_EQ(*found, (FunctionStack{"block/blk-mq.c", 979, 20, "blk_account_io_done", Bytes{40}, FrameKind::fixed}));
}

TEST(StackTrace, TheSampleIsReadAsItStands) {
    const auto frames =
        value_of(parse_stack_trace("t", text_of(testing::capture("callchains/traces") / "forkexec.txt")));
    ASSERT_EQ(frames.size(), 13U);
    EXPECT_EQ(frames[3],
              (TracedFrame{Bytes{2480}, Bytes{368}, "mas_spanning_rebalance.isra.0", Bytes{0x122b}, Bytes{0x1e20}}));
    EXPECT_EQ(frames.back().depth, Bytes{176});
}

TEST(StackTrace, EveryTraceIsReadAndFramesAreThoseOfTheCompiler) {
    const auto traces = all_traces();
    EXPECT_EQ(traces.size(), 46U);
    std::map<std::string, std::set<std::uint64_t>> known;
    for (const FunctionStack& function : all_functions()) {
        if (function.kind == FrameKind::fixed) known[function.function].insert(function.bytes.count());
    }
    std::size_t compared = 0;
    std::size_t equal = 0;
    for (const auto& [name, frames] : traces) {
        for (std::size_t i = 1; i < frames.size(); ++i) { // row 0 is the tracer's own
            const auto found = known.find(frames[i].function);
            if (found == known.end()) continue;
            ++compared;
            equal += found->second.contains(frames[i].size.count()) ? 1U : 0U;
        }
    }
    EXPECT_GT(compared, 100U);
    EXPECT_GE(static_cast<double>(equal), 0.9 * static_cast<double>(compared)) << equal << " of " << compared;
}

TEST(StackUsage, FaultsAreNamedWithTheirLine) {
    EXPECT_THAT(error_of(parse_stack_usage("s.su", "a.c:1:2:f\t8\tstatic\na.c:1:f\t8\tstatic\n")),
                HasSubstr("s.su:2: is not a line of a stack-usage file"));
    EXPECT_THAT(error_of(parse_stack_usage("s.su", "a.c:1:2:f\t8k\tstatic\n")),
                HasSubstr("s.su:1: the size is \"8k\""));
    EXPECT_THAT(error_of(parse_stack_usage("s.su", "a.c:1:2:f\t8\telastic\n")), HasSubstr("the kind is \"elastic\""));
    const auto cpp = parse_stack_usage("s.su", "/a:b/c.cc:10:20:int ns::f(int)\t4096\tdynamic\n");
    ASSERT_TRUE(cpp);
    EXPECT_EQ(cpp->at(0), (FunctionStack{"/a:b/c.cc", 10, 20, "int ns::f(int)", Bytes{4096}, FrameKind::dynamic}));
}

TEST(StackTrace, FaultsAreNamedWithTheirLine) {
    const std::string head = "        Depth    Size   Location    (2 entries)\n        -----    ----   --------\n";
    const std::string first = "  0)      300     100   f+0x5/0x40\n";
    const std::string second = "  1)      200     200   g+0x5/0x40\n";
    EXPECT_TRUE(parse_stack_trace("t", head + first + second));
    EXPECT_THAT(error_of(parse_stack_trace("t", head + first)), HasSubstr("has 1 rows; the header says 2"));
    EXPECT_THAT(error_of(parse_stack_trace("t", head + second)), HasSubstr("t:3: row 1 stands where row 0 is needed"));
    EXPECT_THAT(error_of(parse_stack_trace("t", head + first + "  1)      199     199   g+0x5/0x40\n")),
                HasSubstr("row 0 has depth 300 and size 100; the depth below it is 199"));
    EXPECT_THAT(error_of(parse_stack_trace("t", head + "  0)      300     100   f\n")),
                HasSubstr("the location is \"f\""));
    EXPECT_THAT(error_of(parse_stack_trace("t", "#\n#  Stack tracer disabled\n")), HasSubstr("was not active"));
    EXPECT_THAT(error_of(parse_stack_trace("t", "")), HasSubstr("is empty"));
}

std::vector<std::filesystem::path> all_dumps() {
    std::vector<std::filesystem::path> dumps;
    for (const char* kind : {"snapshot-", "mmu-"}) {
        for (const auto& folder : testing::captures_of_kind(kind)) {
            const auto files = testing::files_of(folder, "", "page_tables_kernel.txt");
            dumps.insert(dumps.end(), files.begin(), files.end());
        }
    }
    return dumps;
}

TEST(PageTableDump, EveryDumpCoversTheAddressSpaceWithoutGaps) {
    const auto dumps = all_dumps();
    EXPECT_EQ(dumps.size(), 24U);
    for (const auto& file : dumps) {
        const PageTableDump dump = value_of(parse_page_table_dump(file.string(), text_of(file)));
        ASSERT_NE(dump.area("vmalloc() Area"), nullptr) << file;
        EXPECT_EQ(dump.area("vmalloc() Area")->ranges.front().lowest, VirtAddr{0xffffc90000000000});
        EXPECT_EQ(dump.areas.back().ranges.back().last, VirtAddr{UINT64_MAX});
    }
}

TEST(PageTableDump, FlagsAreThoseOfTheText) {
    const auto file = testing::capture("2016/snapshot-4.9-vmap-y-512M") / "during.page_tables_kernel.txt";
    const PageTableDump dump = value_of(parse_page_table_dump("d", text_of(file)));
    const DumpedRange* code = dump.find(VirtAddr{0xffffffff81000010});
    ASSERT_NE(code, nullptr);
    EXPECT_EQ(code->level, DumpLevel::pmd);
    EXPECT_TRUE(code->mapped->is_executable && code->mapped->is_large && code->mapped->is_global);
    EXPECT_FALSE(code->mapped->is_writable);
    const DumpedRange* hpet = dump.find(VirtAddr{0xffffc90000000fff});
    ASSERT_NE(hpet, nullptr);
    EXPECT_TRUE(hpet->mapped->cache_disabled && hpet->mapped->is_writable);
    EXPECT_FALSE(hpet->mapped->is_executable);
    EXPECT_FALSE(dump.find(VirtAddr{0xffffc90000001000})->mapped.has_value()) << "its guard";
    EXPECT_EQ(dump.find(VirtAddr{0xffffffffff7fc000})->mapped->write_through, true);
    EXPECT_EQ(dump.find(VirtAddr{UINT64_MAX})->level, DumpLevel::pmd);
}

/// Facts of the captures: with vmapped stacks the pages round every stack are unmapped, with contiguous ones mapped.
TEST(PageTableDump, StacksHaveGuardsWhereTheKernelMapsThem) {
    std::size_t stacks = 0;
    for (const auto& folder : testing::captures_of_kind("snapshot-")) {
        const auto state = value_of(capture::read_state(folder / "during.state.json.gz"));
        const auto dump = value_of(parse_page_table_dump("d", text_of(folder / "during.page_tables_kernel.txt")));
        for (const capture::TaskState& task : state.tasks.tasks) {
            if (task.pid == 0) continue; // the boot task's stack is part of the kernel image
            const bool is_vmapped = task.area.has_value();
            ++stacks;
            EXPECT_TRUE(dump.find(task.stack.lowest)->mapped.has_value());
            EXPECT_TRUE(dump.find(task.stack.top - Bytes{1})->mapped.has_value());
            EXPECT_EQ(dump.find(task.stack.lowest - Bytes{1})->mapped.has_value(), !is_vmapped) << folder << task.pid;
            EXPECT_EQ(dump.find(task.stack.top)->mapped.has_value(), !is_vmapped) << folder << task.pid;
        }
    }
    EXPECT_GT(stacks, 1400U);
}

TEST(PageTableDump, FaultsAreNamedWithTheirLine) {
    const std::string good =
        "---[ User Space ]---\n0x0000000000000000-0xffff800000000000    16777088T       pgd\n"
        "---[ Kernel Space ]---\n0xffff800000000000-0x0000000000000000         128T  RW GLB NX pgd\n";
    EXPECT_TRUE(parse_page_table_dump("d", good));
    const auto after = [&](const std::string& from, const std::string& to) {
        std::string text = good;
        text.replace(text.find(from), from.size(), to);
        return error_of(parse_page_table_dump("d", text));
    };
    EXPECT_THAT(after("128T", "127T"), HasSubstr("d:4: the size is"));
    EXPECT_THAT(after("128T", "128Q"), HasSubstr("d:4: the size is \"128Q\""));
    EXPECT_THAT(after("GLB", "GLOB"), HasSubstr("\"GLOB\" is not a flag"));
    EXPECT_THAT(after(" NX pgd", " NX pgg"), HasSubstr("\"pgg\" is not a flag"));
    EXPECT_THAT(after("---[ Kernel Space ]---", "---[ Kernel Space"), HasSubstr("d:3: is not the name of an area"));
    EXPECT_THAT(after("0xffff800000000000-0x0000000000000000         128T",
                      "0xffff880000000000-0x0000000000000000         120T"),
                HasSubstr("d:4: begins at 0xffff880000000000; the range before ends at 0xffff800000000000"));
    EXPECT_THAT(error_of(parse_page_table_dump("d", good.substr(0, good.find("---[ Kernel")))), HasSubstr("truncated"));
    EXPECT_THAT(error_of(parse_page_table_dump("d", "")), HasSubstr("truncated"));
}

RC_GTEST_PROP(StackAndDumpProperty, DamageIsAnErrorOrAValueButNeverACrash, ()) {
    static const std::vector<std::string> kWhole = {
        text_of(testing::capture("callchains/su") / "mm_vmscan.su"),
        text_of(testing::capture("callchains/traces") / "boot.txt"),
        text_of(testing::capture("6.1/snapshot-vmap-n-512M-1cpu") / "during.page_tables_kernel.txt")};
    std::string text = *rc::gen::elementOf(kWhole);
    for (int i = *rc::gen::inRange(1, 4); i > 0; --i) {
        const auto at = *rc::gen::inRange<std::size_t>(0, text.size());
        const auto what =
            *rc::gen::element<std::string>("", "\n", "\t", ":", "0x", "99999999999999999999", "\xff", "-", ")");
        text.replace(at, *rc::gen::inRange<std::size_t>(0, 6), what);
    }
    const auto fine = [](const auto& result) { return result.has_value() || !result.error().message.empty(); };
    RC_ASSERT(fine(parse_stack_usage("f", text)));
    RC_ASSERT(fine(parse_stack_trace("f", text)));
    RC_ASSERT(fine(parse_page_table_dump("f", text)));
}

} // namespace
} // namespace ksl::sim
