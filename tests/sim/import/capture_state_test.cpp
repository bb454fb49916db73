// SPDX-License-Identifier: MIT
#include "sim/import/capture_state.h"
#include "sim/import/read_file.h"
#include "tests/sim/import/captures.h"
#include "tests/sim/import/scratch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <string>

namespace ksl::sim::capture {
namespace {

using core::Bytes;
using core::Pages;
using core::Pfn;
using core::VirtAddr;
using core::VirtRange;
using ::testing::HasSubstr;

State state_of(const std::string& name) {
    auto state = read_state(testing::capture(name));
    EXPECT_TRUE(state) << to_string(state.error());
    return state ? *state : State{};
}

TEST(CaptureState, AStateOf2016IsReadAsItStandsInTheFile) {
    const State state = state_of("2016/replay-4.9-vmap-y-512M/state_03.json.gz");
    EXPECT_EQ(state.events_before, 19219U);
    ASSERT_EQ(state.buddy->zones.size(), 2U);
    const ZoneState& dma32 = state.buddy->zones[1];
    EXPECT_EQ(dma32.id, core::ZoneId::dma32);
    EXPECT_EQ(dma32.start, Pfn{4096});
    EXPECT_EQ(dma32.spanned, Pages{126944});
    EXPECT_EQ(dma32.managed, Pages{123627});
    EXPECT_EQ(dma32.watermarks, (std::array{Pages{686}, Pages{857}, Pages{1028}}));
    EXPECT_EQ(dma32.free, Pages{86659});
    EXPECT_EQ(dma32.free_blocks[0], 93U);
    EXPECT_EQ(dma32.free_lists.front().pfns.front(), Pfn{93732});
    ASSERT_EQ(dma32.pcp.size(), 1U);
    EXPECT_EQ(dma32.pcp[0].count, 166U);
    EXPECT_EQ(dma32.pcp[0].high, 186U);
    ASSERT_EQ(dma32.pcp[0].lists.size(), 3U);
    EXPECT_EQ(dma32.pcp[0].lists[0].pfns.front(), Pfn{93755});
    EXPECT_EQ(dma32.first_pageblock, Pfn{4096});
    EXPECT_EQ(dma32.pageblock_types.size(), 248U);

    EXPECT_FALSE(state.vmap.has_free_tree());
    ASSERT_EQ(state.vmap.areas.size(), 437U);
    EXPECT_EQ(state.vmap.areas[0].user->caller, "hpet_enable");
    EXPECT_EQ(state.vmap.areas[0].user->phys, core::PhysAddr{0xfed00000});
    EXPECT_EQ(state.vmap.purge_pending.size(), 364U);
    EXPECT_EQ(state.vmap.purge_pending.front(),
              (VirtRange{VirtAddr{0xffffc90000ae4000}, VirtAddr{0xffffc90000ae9000}}));
    EXPECT_EQ(state.vmap.cache, (AreaCacheState{VirtAddr{0xffffc90000d74000}, Bytes{0x3000},
                                                VirtAddr{0xffffc90000000000}, Bytes{0x4000}}));
    EXPECT_EQ(state.vmap.lazy_pages, Pages{1818});
    EXPECT_EQ(state.vmap.cached_stacks,
              (std::vector<CachedStacks>{{VirtAddr{0xffffc90000d74000}, VirtAddr{0xffffc90000b74000}}}));
    ASSERT_EQ(state.tasks.tasks.size(), 66U);
    const TaskState& last = state.tasks.tasks.back();
    EXPECT_EQ(last.comm, "work");
    EXPECT_EQ(last.stack, (VirtRange{VirtAddr{0xffffc9000099c000}, VirtAddr{0xffffc900009a0000}}));
    EXPECT_EQ(last.area->pages, (std::vector{Pfn{92231}, Pfn{92230}, Pfn{92229}, Pfn{92228}}));
    EXPECT_EQ(last.end_magic, 0x57ac6e9dU);
}

TEST(CaptureState, ThreadInfoOnTheStackHasItsFields) {
    const State state = state_of("2016/replay-4.7-512M/state_02.json.gz");
    EXPECT_FALSE(state.tasks.thread_info_in_task);
    EXPECT_EQ(state.tasks.sizeof_thread_info, Bytes{40});
    EXPECT_FALSE(state.vmap.cached_stacks.has_value());
    const TaskState& last = state.tasks.tasks.back();
    EXPECT_EQ(last.thread_info.address, last.stack.lowest);
    EXPECT_EQ(last.thread_info.addr_limit, 0x7ffffffff000U);
    EXPECT_EQ(last.thread_info.task, last.task_struct);
    EXPECT_EQ(last.end_magic_at, std::optional{last.stack.lowest + Bytes{40}});
    EXPECT_EQ(last.first_pfn, Pfn{93364});
}

TEST(CaptureState, AStateOf61IsReadAsItStandsInTheFile) {
    const State state = state_of("6.1/replay-vmap-y-512M/state_03.json.gz");
    EXPECT_EQ(state.events_before, 29318U);
    const ZoneState& dma32 = state.buddy->zones[1];
    EXPECT_EQ(dma32.watermarks, (std::array{Pages{683}, Pages{853}, Pages{1023}}));
    EXPECT_EQ(dma32.watermark_promo, Pages{1193});
    ASSERT_EQ(dma32.pcp[0].lists.size(), 12U);
    EXPECT_EQ(dma32.pcp[0].lists[0].pfns.size(), 706U);
    EXPECT_EQ(state.buddy->watermark_boost_factor, 15000U);
    EXPECT_TRUE(state.vmap.has_free_tree());
    EXPECT_EQ(state.vmap.areas.size(), 79U);
    EXPECT_EQ(state.vmap.free.size(), 527U);
    EXPECT_EQ(state.vmap.free.front(), (VirtRange{VirtAddr{1}, VirtAddr{0xffffc90000000000}}));
    EXPECT_EQ(state.vmap.purge_pending.size(), 453U);
    EXPECT_EQ(state.vmap.cached_stacks->at(0).at(0), VirtAddr{0xffffc9000106c000});
    EXPECT_EQ(state.tasks.tasks.front().thread_info.cpu, 0U);
}

TEST(CaptureState, WhatTheFormatsMayLeaveOutMayBeMissing) {
    const State mmu = state_of("6.1/mmu-y-128M/state.json");
    EXPECT_FALSE(mmu.buddy.has_value());
    EXPECT_FALSE(mmu.events_before.has_value());
    EXPECT_FALSE(mmu.tasks.tasks.empty());
}

void expect_consistent(const ZoneState& zone, const std::string& name) {
    Pages free;
    std::array<std::uint64_t, core::kOrders> blocks{};
    for (const BlockList& list : zone.free_lists) {
        EXPECT_FALSE(list.pfns.empty()) << name;
        blocks.at(list.order.raw()) += list.pfns.size();
        free += Pages{list.order.frames() * list.pfns.size()};
    }
    EXPECT_EQ(blocks, zone.free_blocks) << name;
    auto counted = static_cast<std::int64_t>(zone.free.count());
    for (const PcpState& pcp : zone.pcp) {
        counted += pcp.free_pages_diff;
        std::uint64_t pages = 0;
        for (const BlockList& list : pcp.lists) pages += list.order.frames() * list.pfns.size();
        EXPECT_EQ(pages, pcp.count) << name;
    }
    // 2016 does not record each CPU's part of the statistic, which may hide up to the threshold.
    if (zone.watermark_promo.count() != 0) {
        EXPECT_EQ(static_cast<std::int64_t>(free.count()), counted) << name;
    }
    EXPECT_EQ(zone.pageblock_types.size(),
              (zone.start.raw() + zone.spanned.count() - zone.first_pageblock.raw() + 511) / 512)
        << name;
}

void expect_consistent(const VmapState& vmap, const std::string& name) {
    Pages lazy;
    for (const VirtRange& range : vmap.purge_pending) lazy += core::pages_for(range.size());
    EXPECT_EQ(lazy, vmap.lazy_pages) << name;
    for (std::size_t i = 1; i < vmap.areas.size(); ++i) {
        EXPECT_LE(vmap.areas[i - 1].range.top, vmap.areas[i].range.lowest) << name;
    }
}

TEST(CaptureState, EveryStateOfEveryCaptureIsReadAndConsistentInItself) {
    std::size_t states = 0;
    for (const char* kind : {"replay-", "snapshot-"}) {
        for (const auto& folder : testing::captures_of_kind(kind)) {
            std::uint64_t events = 0;
            for (const auto& file : testing::files_of(folder, "", ".json.gz")) {
                const auto state = read_state(file);
                ASSERT_TRUE(state) << to_string(state.error());
                ++states;
                for (const ZoneState& zone : state->buddy->zones) expect_consistent(zone, file.string());
                expect_consistent(state->vmap, file.string());
                EXPECT_EQ(state->events_before.has_value(), std::string{kind} == "replay-");
                EXPECT_LE(events, state->events_before.value_or(0));
                events = state->events_before.value_or(0);
            }
        }
    }
    EXPECT_EQ(states, 132U);
}

std::string small_state() {
    return R"({"tasks": {"sizeof_task_struct": 6144, "sizeof_thread_info": 8, "thread_size": 16384, "tasks": []},
        "vmap": {"areas_in_tree": [{"start": "0x1000", "end": "0x3000"}],
                 "purge_list_newest_first": [], "free_vmap_cache_area_start": null, "cached_hole_size": "0x0",
                 "cached_vstart": "0x0", "cached_align": "0x1", "vmap_lazy_nr_pages": 0, "vmalloc_base": "0x1000",
                 "page_offset_base": "0x0", "vmemmap_base": "0x0", "cached_stacks": [[null, "0x8000"]]},
        "trace_events_before_this_state": 5})";
}

std::string error_after(const std::string& from, const std::string& to) {
    std::string json = small_state();
    const std::size_t at = json.find(from);
    EXPECT_NE(at, std::string::npos) << from;
    json.replace(at, from.size(), to);
    const auto state = parse_state("s.json", json);
    return state ? "no error" : to_string(state.error());
}

TEST(CaptureState, EachFaultIsNamedWithItsPlace) {
    ASSERT_TRUE(parse_state("s.json", small_state()));
    EXPECT_EQ(error_after("\"0x3000\"", "\"0x3000g\""),
              "s.json: vmap.areas_in_tree[0].end is \"0x3000g\"; a 64-bit number as text, like "
              "\"0xffffc90000000000\", is needed");
    EXPECT_THAT(error_after("\"0x3000\"", "\"0xfffffffffffffffff\""), HasSubstr("areas_in_tree[0].end is"));
    EXPECT_THAT(error_after("\"0x3000\"", "\"0x1000\""), HasSubstr("areas_in_tree[0] is an object; a range"));
    EXPECT_THAT(error_after("\"0x3000\"", "12288"), HasSubstr("areas_in_tree[0].end is 12288"));
    EXPECT_THAT(error_after("16384", "-1"), HasSubstr("tasks.thread_size is -1; a whole number from 0"));
    EXPECT_THAT(error_after("16384", "1e99"), HasSubstr("tasks.thread_size is 1e+99"));
    EXPECT_THAT(error_after("16384", "99999999999999999999999"), HasSubstr("tasks.thread_size is 9.99"));
    EXPECT_THAT(error_after("\"tasks\": []", "\"tasks\": {}"), HasSubstr("tasks.tasks is an object; an array"));
    EXPECT_THAT(error_after("\"thread_size\": 16384,", ""), HasSubstr("tasks.thread_size is missing"));
    EXPECT_THAT(error_after("[[null", "[[true"), HasSubstr("vmap.cached_stacks[0][0] is true"));
    EXPECT_THAT(error_after("\"vmap\"", "\"wmap\""), HasSubstr("vmap is missing"));
}

TEST(CaptureState, EveryTruncationIsOneError) {
    const std::string whole = small_state();
    for (std::size_t size = 0; size < whole.size(); ++size) {
        const auto state = parse_state("s.json", whole.substr(0, size));
        ASSERT_FALSE(state) << size;
        EXPECT_THAT(state.error().message, HasSubstr("is not JSON, or truncated, at byte"));
    }
}

TEST(CaptureState, DepthAndSizeAreLimited) {
    EXPECT_THAT(parse_state("s", std::string(1'000'000, '[')).error().message, HasSubstr("nested more than 32 deep"));
    std::string many = "[0";
    for (int i = 0; i < 4'000'000; ++i) many += ",0";
    EXPECT_THAT(parse_state("s", many + "]").error().message, HasSubstr("more than 4000000 values"));
}

RC_GTEST_PROP(CaptureStateProperty, DamageIsAnErrorOrAStateButNeverACrash, ()) {
    static const std::string kWhole = [] {
        return *read_file(testing::capture("6.1/replay-vmap-y-512M") / "state_00.json.gz");
    }();
    std::string text = kWhole;
    const auto at = *rc::gen::inRange<std::size_t>(0, text.size());
    const auto what = *rc::gen::element<std::string>("", "9", "-", "null", "\"", "[", "}", "1e400", "\xff", ",");
    text.replace(at, *rc::gen::inRange<std::size_t>(0, 8), what);
    const auto state = parse_state("s.json", text);
    if (!state) RC_ASSERT(!state.error().message.empty());
}

} // namespace
} // namespace ksl::sim::capture
