// SPDX-License-Identifier: MIT
#include "sim/import/capture_events.h"
#include "sim/import/read_file.h"
#include "tests/sim/import/captures.h"
#include "tests/sim/import/scratch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <map>
#include <set>
#include <string>

namespace ksl::sim::capture {
namespace {

using core::Pfn;
using core::VirtAddr;
using core::VirtRange;
using ::testing::HasSubstr;

const std::string kHeader = "index,time_s,context,pid,event,pfn,order,migratetype,gfp,path,a,b,c,d\n";

EventLog parsed(const std::string& rows) {
    auto log = parse_events_csv("events.csv", kHeader + rows);
    EXPECT_TRUE(log) << to_string(log.error());
    return log ? *log : EventLog{};
}

std::string error_of(const std::string& rows) {
    const auto log = parse_events_csv("events.csv", kHeader + rows);
    return log ? "no error" : to_string(log.error());
}

std::map<std::string, std::size_t> count_kinds(const EventLog& log) {
    std::map<std::string, std::size_t> counts;
    for (const Event& event : log.events) {
        counts["index " + std::to_string(event.body.index())] += 1;
    }
    return counts;
}

TEST(CaptureEvents, EveryRowOfEveryCaptureIsUnderstood) {
    // Rows of the files, counted without our reader: zcat events.csv.gz | tail -n +2 | wc -l, or of the kernel's text,
    // where a capture has nothing else: zstdcat trace.txt.zst | grep -c '\['.
    const std::map<std::string, std::size_t> rows{
        {"2016/replay-4.7-512M", 44548},
        {"2016/replay-4.9-vmap-n-512M", 45670},
        {"2016/replay-4.9-vmap-y-512M", 106610},
        {"2016/replay-4.9-vmap-y-fragmented-192M", 84149},
        {"6.1/replay-fragmented-vmap-n-160M", 121539},
        {"6.1/replay-fragmented-vmap-n-192M", 312668},
        {"6.1/replay-fragmented-vmap-y-192M", 349973},
        {"6.1/replay-vmap-n-512M", 144337},
        {"6.1/replay-vmap-y-512M", 161689},
    };
    EXPECT_EQ(testing::replay_captures().size(), rows.size());
    for (const auto& [name, count] : rows) {
        const std::filesystem::path csv = testing::capture(name) / "events.csv.gz";
        const auto log = read_events(std::filesystem::exists(csv) ? csv : testing::capture(name) / "trace.txt.zst");
        ASSERT_TRUE(log) << to_string(log.error());
        EXPECT_EQ(log->events.size(), count) << name;
        EXPECT_EQ(log->events.back().index, count - 1) << name;
        for (const Event& event : log->events) ASSERT_FALSE(std::holds_alternative<OtherEvent>(event.body)) << name;
    }
}

TEST(CaptureEvents, KindsOfOneCaptureAreCountedAsInTheFile) {
    const auto log = read_events(testing::capture("6.1/replay-vmap-y-512M") / "events.csv.gz");
    ASSERT_TRUE(log);
    std::size_t bulk = 0;
    std::size_t single = 0;
    for (const Event& event : log->events) {
        if (const auto* alloc = std::get_if<PageAlloc>(&event.body)) ++(alloc->is_bulk ? bulk : single);
    }
    EXPECT_EQ(single, 31161U);
    EXPECT_EQ(bulk, 8676U);
    const auto counts = count_kinds(*log);
    const auto count = [&](const EventBody& body) { return counts.at("index " + std::to_string(body.index())); };
    EXPECT_EQ(count(PageFree{}), 39740U);
    EXPECT_EQ(count(VmapLazyFree{}), 2168U);
    EXPECT_EQ(count(StackFreeRcu{}), 2182U);
    EXPECT_EQ(count(Mark{}), 164U);
}

TEST(CaptureEvents, FieldsLandWhereTheyBelong) {
    const EventLog log =
        parsed("7,10.134450,dN...,40,mm_page_alloc_extfrag,25600,2,0,,,10,1,0,1\n"
               "8,10.134451,..s..,11,mm_page_alloc,8764,3,2,GFP_KERNEL|__GFP_ZERO,pcp,,,,\n"
               "9,10.2,.Nh2.,40,vmap_request,,,,,,0x5000,0x4000,0xffffc90000000000,0xffffe8ffffffffff\n"
               "10,10.3,.....,40,vmap_result_range,,,,,,0xffffc900000ec000,0xffffc900000f1000,,\n"
               "11,11,....3,40,new_task,,,,,,2680,0xffffc900009ec000,,\n"
               "12,12,.....,40,tracing_mark_write,,,,,,\"CKPT \"\"3\"\", with a comma\",,,\n"
               "13,13,d...,40,mm_page_free_batched,130388,0,,,announce,1,,,\n"
               "14,14,d...,40,mm_page_alloc_zone_locked,93184,0,1,,,1,,,\n");
    ASSERT_EQ(log.events.size(), 8U);
    EXPECT_EQ(log.events[0].body, EventBody(Fallback{Pfn{25600}, core::Order{2}, core::MigrateType::unmovable,
                                                     core::Order{10}, core::MigrateType::movable, false, true}));
    EXPECT_EQ(log.events[0].index, 7U);
    EXPECT_EQ(log.events[0].time, core::Nanoseconds{10'134'450'000});
    EXPECT_EQ(log.events[0].context, (Context{true, true, Context::Interrupt::none, 0, 0}));
    const auto& alloc = std::get<PageAlloc>(log.events[1].body);
    EXPECT_EQ(alloc.pfn, Pfn{8764});
    EXPECT_EQ(alloc.order, core::Order{3});
    EXPECT_EQ(alloc.type, core::MigrateType::reclaimable);
    EXPECT_EQ(alloc.path, PagePath::pcp);
    EXPECT_EQ(log.gfp_text(alloc.gfp), "GFP_KERNEL|__GFP_ZERO");
    EXPECT_EQ(log.events[1].context.interrupt, Context::Interrupt::soft);
    EXPECT_EQ(log.events[1].pid, 11U);
    EXPECT_EQ(log.events[2].body,
              EventBody(VmapRequest{core::Bytes{0x5000}, core::Bytes{0x4000},
                                    VirtRange{VirtAddr{0xffffc90000000000}, VirtAddr{0xffffe8ffffffffff}}}));
    EXPECT_EQ(log.events[2].time, core::Nanoseconds{10'200'000'000});
    EXPECT_EQ(log.events[2].context, (Context{false, true, Context::Interrupt::hard, 2, 0}));
    EXPECT_EQ(log.events[3].body,
              EventBody(VmapResultRange{VirtRange{VirtAddr{0xffffc900000ec000}, VirtAddr{0xffffc900000f1000}}}));
    EXPECT_EQ(log.events[4].body, EventBody(NewTask{2680, VirtAddr{0xffffc900009ec000}}));
    EXPECT_EQ(log.events[4].context.migrate_disable_depth, 3);
    EXPECT_EQ(log.text(std::get<Mark>(log.events[5].body).text), "CKPT \"3\", with a comma");
    EXPECT_EQ(log.events[6].body, EventBody(PageFreeBatched{Pfn{130388}, core::Order{0}, true, PagePath::announce}));
    EXPECT_EQ(log.events[7].body,
              EventBody(ZoneLockedAlloc{Pfn{93184}, core::Order{0}, core::MigrateType::movable, true}));
}

TEST(CaptureEvents, TheKernelsOwnTextGivesTheSameEventsAsTheRows) {
    const auto folder = testing::capture("2016/replay-4.7-512M");
    auto rows = read_events(folder / "events.csv.gz");
    const auto text = read_events(folder / "trace.txt.zst");
    ASSERT_TRUE(rows) << to_string(rows.error());
    ASSERT_TRUE(text) << to_string(text.error());
    ASSERT_EQ(rows->events.size(), text->events.size());
    EXPECT_EQ(text->left_out, 0U);
    for (std::size_t i = 0; i < rows->events.size(); ++i) {
        Event row = rows->events[i];
        std::visit(
            [](auto& body) { // the kernel does not print the path
                if constexpr (requires { body.path; }) body.path = PagePath::unknown;
            },
            row.body);
        ASSERT_EQ(row, text->events[i]) << "event " << i;
    }
    EXPECT_EQ(rows->texts, text->texts);
    EXPECT_EQ(rows->gfp_texts, text->gfp_texts);
}

TEST(CaptureEvents, BothFormsOfTheKernelsTextAreRead) {
    const auto log = parse_ftrace("trace.txt", R"(# tracer: nop
#
           <...>-40      [000] .....     8.494217: mm_page_free: page=ffffea00000db000 pfn=0x36c0 order=0
           <...>-41    [000] ....    11.290884: sched_process_fork: comm=work pid=41 child_comm=work child_pid=42
           <...>-41    [000] d...    11.290908: new_task: (wake_up_new_task+0x0/0x180) pid=42 stack=18446612132697882624 task=0xffff88001ea3c600
     a [0] b-c-1815  (   1815) [001] dNh1.    12.000001: sched_switch: prev_comm=x
     a [0] b-c-1815  (   1815) [001] dNh1.    12.000002: sched_process_exit: comm=a [0] pid=7 b pid=1815 prio=120
  kworker/0:1-15      [000] .....    12.000003: vmap_purge_enter: (__purge_vmap_area_lazy+0x0/0x6d0) start=0xffffffffffffffff end=0x0
           <...>-41    [000]    12.000004: tracing_mark_write: pid=1 in a mark
)");
    ASSERT_TRUE(log) << to_string(log.error());
    ASSERT_EQ(log->events.size(), 6U);
    EXPECT_EQ(log->left_out, 1U);
    EXPECT_EQ(log->events[0].body, EventBody(PageFree{Pfn{0x36c0}, core::Order{0}, PagePath::unknown}));
    EXPECT_EQ(log->events[1].body, EventBody(TaskForked{41, 42}));
    EXPECT_EQ(log->events[2].body, EventBody(NewTask{42, VirtAddr{18446612132697882624U}}));
    EXPECT_EQ(log->events[3].body, EventBody(TaskExited{1815}));
    EXPECT_EQ(log->events[3].index, 4U) << "left-out events keep their place";
    EXPECT_EQ(log->events[3].cpu, core::CpuId{1});
    EXPECT_EQ(log->events[3].context, (Context{true, true, Context::Interrupt::hard, 1, 0}));
    EXPECT_EQ(log->events[4].body, EventBody(VmapPurgeEnter{UINT64_MAX, 0}));
    EXPECT_EQ(log->text(std::get<Mark>(log->events[5].body).text), "pid=1 in a mark");
}

TEST(CaptureEvents, UnknownKindsAreKeptByName) {
    const EventLog log = parsed("0,1,....,1,mm_something,1,2,3,,,x,,,\n1,1,....,1,mm_something,,,,,,,,,\n");
    ASSERT_EQ(log.events.size(), 2U);
    EXPECT_EQ(log.text(std::get<OtherEvent>(log.events[0].body).name), "mm_something");
    EXPECT_EQ(log.events[0].body, log.events[1].body);
}

TEST(CaptureEvents, EachFaultIsNamedWithItsLine) {
    const std::string good = "0,1.5,....,1,mm_page_free,5,0,,,buddy,,,,\n";
    const auto after_good = [&](const std::string& row) { return error_of(good + row); };
    EXPECT_EQ(after_good("1,1.5,....,1,mm_page_free,5x,0,,,buddy,,,,\n"),
              "events.csv:3: pfn is \"5x\"; a number from 0 to 1099511627775 is needed");
    EXPECT_THAT(after_good("1,1.5,....,1,mm_page_free,,0,,,buddy,,,,\n"), HasSubstr(":3: pfn is missing"));
    EXPECT_THAT(after_good("1,1.5,....,1,mm_page_free,99999999999999999999,0,,,buddy,,,,\n"), HasSubstr("pfn is"));
    EXPECT_THAT(after_good("1,1.5,....,1,mm_page_free,-5,0,,,buddy,,,,\n"), HasSubstr("pfn is \"-5\""));
    EXPECT_THAT(after_good("1,1.5,....,1,mm_page_free,5,11,,,buddy,,,,\n"), HasSubstr("order is \"11\""));
    EXPECT_THAT(after_good("1,1.5,....,1,mm_page_free,5,1,,,sideways,,,,\n"), HasSubstr("path is \"sideways\""));
    EXPECT_THAT(after_good("1,1.5,....,1,mm_page_alloc,5,1,4,,pcp,,,,\n"), HasSubstr("migratetype is \"4\""));
    EXPECT_THAT(after_good("1,1.5,..,1,mm_page_free,5,1,,,buddy,,,,\n"), HasSubstr("context is \"..\""));
    EXPECT_THAT(after_good("1,1.5,..q.,1,mm_page_free,5,1,,,buddy,,,,\n"), HasSubstr("interrupt flag"));
    EXPECT_THAT(after_good("1,1.5e3,....,1,mm_page_free,5,1,,,buddy,,,,\n"), HasSubstr("time is \"1.5e3\""));
    EXPECT_THAT(after_good("1,1.5,....,1,mm_page_free,5,1\n"), HasSubstr(":3: has 7 fields; 14 are needed"));
    EXPECT_THAT(after_good("1,1.5,....,1,mm_page_free,5,1,,,buddy,,,,,\n"), HasSubstr("has 15 fields"));
    EXPECT_THAT(after_good("2,1.5,....,1,mm_page_free,5,1,,,buddy,,,,\n"), HasSubstr("index 2 follows 0"));
    EXPECT_THAT(after_good("1,1.5,....,1,vmap_result_range,,,,,,0x5000,0x5000,,\n"), HasSubstr("is empty"));
    EXPECT_THAT(after_good("1,1.5,....,1,mm_page_free,5,0,,,buddy,,,,"), HasSubstr(":3: the last line does not end"));
    EXPECT_THAT(to_string(parse_events_csv("e.csv", "").error()), HasSubstr("e.csv:1: is empty"));
    EXPECT_THAT(to_string(parse_events_csv("e.csv", "pfn,order\n").error()), HasSubstr("e.csv:1: the header is not"));
}

TEST(CaptureEvents, FaultsOfTheKernelsTextAreNamedWithTheirLine) {
    const auto error = [](const std::string& text) {
        const auto log = parse_ftrace("t", text);
        return log ? "no error" : to_string(log.error());
    };
    EXPECT_THAT(error("#\nhello world\n"), HasSubstr("t:2: is not a line of a trace"));
    EXPECT_THAT(error("CPU:0 [LOST 34 EVENTS]\n"), HasSubstr("t:1: the kernel lost events here"));
    EXPECT_THAT(error(" a-1 [000] .... 1.0: mm_page_free: page=0 order=0\n"), HasSubstr("t:1: pfn is missing"));
    EXPECT_THAT(error(" a-1 [000] .... 1.0: mm_page_free: pfn=1 order=0"),
                HasSubstr("t:1: the last line does not end"));
    EXPECT_THAT(error(""), HasSubstr("t:1: is empty"));
}

TEST(CaptureEvents, AsManyNamesAsRowsAreRefused) {
    std::string rows;
    for (int i = 0; i < 5000; ++i) rows += std::to_string(i) + ",1,....,1,kind" + std::to_string(i) + ",,,,,,,,,\n";
    EXPECT_THAT(error_of(rows), HasSubstr("more than 4096 kinds of events"));
}

RC_GTEST_PROP(CaptureEventsProperty, DamageIsAnErrorOrATraceButNeverACrash, ()) {
    static const std::string kWhole = [] {
        const auto text = read_file(testing::capture("2016/replay-4.9-vmap-y-512M") / "events.csv.gz");
        return text->substr(0, 60'000);
    }();
    std::string text = kWhole;
    const auto edits = *rc::gen::inRange(1, 4);
    for (int i = 0; i < edits; ++i) {
        const auto at = *rc::gen::inRange<std::size_t>(0, text.size());
        const auto what = *rc::gen::element<std::string>("", ",", "\n", "0x", "-", "99999999999999999999", "\xff", "|");
        text.replace(at, *rc::gen::inRange<std::size_t>(0, 5), what);
    }
    const auto log = parse_events_csv("e.csv", text);
    if (!log) RC_ASSERT(log.error().line > 0 && !log.error().message.empty());
    const auto trace = parse_ftrace("t.txt", text);
    RC_ASSERT(!trace && trace.error().line > 0 && !trace.error().message.empty());
}

TEST(GfpFlags, AreWholeWords) {
    EXPECT_TRUE(has_gfp_flag("GFP_KERNEL|__GFP_ZERO", "__GFP_ZERO"));
    EXPECT_TRUE(has_gfp_flag("GFP_KERNEL|__GFP_ZERO", "GFP_KERNEL"));
    EXPECT_FALSE(has_gfp_flag("GFP_KERNEL_ACCOUNT|__GFP_ZERO", "GFP_KERNEL"));
    EXPECT_FALSE(has_gfp_flag("", "GFP_KERNEL"));
}

} // namespace
} // namespace ksl::sim::capture
