// SPDX-License-Identifier: MIT
#include "sim/verify/state_constants.h"

#include "core/memory/memory_map.h"

#include <fmt/format.h>

#include <algorithm>
#include <concepts>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>

namespace ksl::sim {

namespace {

// Figures of all kinds as one number.
std::uint64_t raw(std::integral auto value) {
    return static_cast<std::uint64_t>(value);
}
std::uint64_t raw(core::Bytes value) {
    return value.count();
}
std::uint64_t raw(core::Pages value) {
    return value.count();
}
std::uint64_t raw(core::Pfn value) {
    return value.raw();
}
std::uint64_t raw(core::VirtAddr value) {
    return value.raw();
}
std::uint64_t raw(core::CpuId value) {
    return value.raw();
}
template <class T>
void set(T& figure, std::uint64_t value) {
    if constexpr (std::integral<T>)
        figure = static_cast<T>(value);
    else if constexpr (std::same_as<T, core::CpuId>)
        figure = core::CpuId{static_cast<std::uint16_t>(value)};
    else
        figure = T{value};
}

template <class Visit>
void visit_zone(capture::ZoneState& zone, const Visit& visit) {
    const std::string name{core::kZoneNames[static_cast<std::size_t>(zone.id)]};
    visit(name + ": zone_start_pfn", zone.start);
    visit(name + ": spanned_pages", zone.spanned);
    visit(name + ": present_pages", zone.present);
    visit(name + ": managed_pages", zone.managed);
    for (std::size_t i = 0; i < zone.watermarks.size(); ++i)
        visit(fmt::format("{}: watermark {}", name, i), zone.watermarks[i]);
    visit(name + ": promotion watermark", zone.watermark_promo);
    for (std::size_t i = 0; i < zone.lowmem_reserve.size(); ++i)
        visit(fmt::format("{}: lowmem_reserve {}", name, i), zone.lowmem_reserve[i]);
    visit(name + ": pageblock_first_pfn", zone.first_pageblock);
    for (std::size_t i = 0; i < zone.pcp.size(); ++i) {
        visit(fmt::format("{}: number of CPU {}", name, i), zone.pcp[i].cpu);
        visit(fmt::format("{}: high of CPU {}", name, i), zone.pcp[i].high);
        visit(fmt::format("{}: batch of CPU {}", name, i), zone.pcp[i].batch);
    }
}

template <class Visit>
void visit_constants(capture::State& state, const Visit& visit) {
    visit("sizeof_task_struct", state.tasks.sizeof_task_struct);
    visit("sizeof_thread_info", state.tasks.sizeof_thread_info);
    visit("thread_size", state.tasks.thread_size);
    visit("thread_info_in_task", state.tasks.thread_info_in_task);
    visit("vmalloc_base", state.vmap.vmalloc_base);
    visit("page_offset_base", state.vmap.direct_map_base);
    visit("vmemmap_base", state.vmap.vmemmap_base);
    if (!state.buddy) return;
    visit("pageblock_order", state.buddy->pageblock_order);
    visit("min_free_kbytes", state.buddy->min_free_kib);
    const auto if_there = [&](const char* name, auto& figure) {
        if (figure) visit(name, *figure);
    };
    if_there("watermark_boost_factor", state.buddy->watermark_boost_factor);
    if_there("percpu_pagelist_high_fraction", state.buddy->pcp_high_fraction);
    if_there("page_group_by_mobility_disabled", state.buddy->grouping_by_mobility_disabled);
    for (capture::ZoneState& zone : state.buddy->zones) visit_zone(zone, visit);
}

/// What most states say; of several such, what is said first.
std::uint64_t most_frequent(const std::vector<std::uint64_t>& values) {
    return *std::ranges::max_element(values, [&](std::uint64_t a, std::uint64_t b) {
        return std::ranges::count(values, a) < std::ranges::count(values, b);
    });
}

/// Between the event of that index and the one before it; the trace's ends are pauses as well.
core::Nanoseconds pause_before(const std::vector<capture::Event>& events, std::uint64_t index) {
    constexpr core::Nanoseconds kForever{UINT64_MAX};
    const auto at = std::ranges::lower_bound(events, index, {}, &capture::Event::index);
    if (at == events.begin()) return kForever;
    if (at == events.end()) return events.back().index + 1 == index ? kForever : core::Nanoseconds{0};
    return at->time - std::prev(at)->time;
}

} // namespace

void settle_constants(std::vector<capture::State>& states, PartResult& part, const std::vector<std::string>& names) {
    std::map<std::string, std::vector<std::uint64_t>, std::less<>> said;
    for (capture::State& state : states) {
        visit_constants(state, [&](const std::string& name, auto& figure) { said[name].push_back(raw(figure)); });
    }
    for (std::size_t i = 0; i < states.size(); ++i) {
        visit_constants(states[i], [&](const std::string& name, auto& figure) {
            const std::uint64_t believed = most_frequent(said[name]);
            const std::uint64_t recorded = raw(figure);
            if (recorded == believed) {
                part.add_exact();
                return;
            }
            part.add_difference(
                {.event = states[i].events_before.value_or(0),
                 .where = fmt::format("{}: {}", i < names.size() ? names[i] : fmt::format("state_{:02}", i), name),
                 .recorded = fmt::format("{:#x}", recorded),
                 .engine = fmt::format("{:#x}", believed),
                 .around = {}});
            set(figure, believed);
        });
    }
}

void settle_moments(capture::Capture& capture, PartResult& part) {
    for (std::size_t i = 0; i < capture.states.size(); ++i) {
        capture::State& state = capture.states[i];
        if (!state.events_before || !state.ring_entries) continue;
        if (*state.events_before == *state.ring_entries) {
            part.add_exact();
            continue;
        }
        part.add_difference({.event = *state.events_before,
                             .where = fmt::format("state_{:02}: events before it", i),
                             .recorded = std::to_string(*state.events_before),
                             .engine = fmt::format("{} in the trace buffers", *state.ring_entries),
                             .around = {}});
        const std::vector<capture::Event>& events = capture.log.events;
        if (pause_before(events, *state.events_before) < pause_before(events, *state.ring_entries))
            state.events_before = state.ring_entries;
    }
}

} // namespace ksl::sim
