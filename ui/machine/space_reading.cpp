// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/machine/space_reading.h"

#include "ui/machine/stack_reading.h"

#include <algorithm>
#include <optional>

namespace ksl::ui {

using core::Bytes;
using core::Machine;
using core::Region;
using core::StackId;
using core::TaskId;
using core::VirtAddr;
using core::VirtRange;

namespace {

/// The last byte of the address space has no address after it: ranges end one page before.
constexpr VirtAddr kLastPage{~std::uint64_t{0} - core::kPageBytes + 1};

VirtRange window_of(const Machine& machine, Region& region) {
    const core::KernelLayout& layout = machine.state().memory.layout;
    switch (machine.config().design.backing) {
    case core::Backing::direct_map: {
        region = Region::direct_map;
        const VirtAddr lowest = layout.direct_map().lowest;
        return {lowest, lowest + bytes_of(machine.state().memory.contents.frames())};
    }
    case core::Backing::pid_slot: {
        const VirtRange slots = machine.state().stacks.pid_slots().range();
        region = layout.classify(slots.lowest);
        return slots;
    }
    case core::Backing::vmap:
    case core::Backing::vmap_lowmem_alias:
    case core::Backing::dynamic: break;
    }
    region = Region::vmalloc;
    return layout.vmalloc();
}

void add_stacks(const Machine& machine, std::vector<SpaceArea>& areas) {
    const core::MachineState& state = machine.state();
    const core::StackTable& stacks = state.stacks.stacks();
    std::vector<StackId> cached = cached_stacks(machine);
    std::ranges::sort(cached);
    for (std::uint32_t id = 0; id < stacks.limit(); ++id) {
        const StackId stack{id};
        if (!stacks.is_live(stack)) continue;
        SpaceArea area{.range = state.stacks.area(stack, state.memory),
                       .usable = {},
                       .use = AreaUse::dead_stack,
                       .stack = stack,
                       .task = TaskId{stacks[stack].task}};
        const VirtAddr lowest = state.stacks.lowest(stack, state.memory);
        area.usable = {lowest, lowest + machine.config().design.stack_bytes()};
        if (std::ranges::binary_search(cached, stack)) {
            area.use = AreaUse::cached_stack;
        } else if (state.tasks.is_live(area.task) && state.tasks[area.task].stack == stack) {
            area.use = AreaUse::stack;
        }
        areas.push_back(area);
    }
}

void add_other_areas(const Machine& machine, std::vector<SpaceArea>& areas) {
    const core::VmapAllocator& vmap = machine.state().memory.vmap;
    std::ranges::sort(areas, {}, [](const SpaceArea& area) { return area.range.lowest; });
    const std::size_t stacks = areas.size();
    const auto is_stack = [&](VirtRange range) {
        const auto end = areas.begin() + static_cast<std::ptrdiff_t>(stacks);
        const auto found = std::ranges::lower_bound(areas.begin(), end, range.lowest, {},
                                                    [](const SpaceArea& area) { return area.range.lowest; });
        return found != end && found->range.lowest == range.lowest;
    };
    vmap.for_each_area([&](core::AreaId id) {
        const VirtRange range = vmap.range(id);
        if (vmap.kind(id) != core::AreaKind::busy || is_stack(range)) return;
        areas.push_back({.range = range,
                         .usable = {range.lowest, range.top - Bytes{core::kPageBytes}},
                         .use = AreaUse::other,
                         .stack = {},
                         .task = {}});
    });
    vmap.for_each_pending([&](core::AreaId id) {
        areas.push_back({.range = vmap.range(id), .usable = {}, .use = AreaUse::freed_lazily, .stack = {}, .task = {}});
    });
}

} // namespace

std::size_t SpaceReading::count(AreaUse use) const {
    return static_cast<std::size_t>(std::ranges::count(areas, use, &SpaceArea::use));
}

const SpaceArea* SpaceReading::find(VirtAddr at) const {
    const auto after = std::ranges::upper_bound(areas, at, {}, [](const SpaceArea& area) { return area.range.lowest; });
    if (after == areas.begin() || !(after - 1)->range.contains(at)) return nullptr;
    return &*(after - 1);
}

VirtRange SpaceReading::extent() const {
    if (areas.empty()) return {};
    return {areas.front().range.lowest, areas.back().range.top};
}

std::vector<KernelRegion> kernel_regions(const core::KernelLayout& layout) {
    std::vector<KernelRegion> named;
    for (unsigned i = 0; i < core::kRegions; ++i) {
        const auto kind = static_cast<Region>(i);
        const auto range = layout.range_of(kind);
        if (range && range->lowest >= layout.geometry().kernel_half()) named.push_back({.kind = kind, .range = *range});
    }
    std::ranges::sort(named, {}, [](const KernelRegion& region) { return region.range.lowest; });
    std::vector<KernelRegion> all;
    VirtAddr at = layout.geometry().kernel_half();
    const auto add_hole_to = [&](VirtAddr lowest) {
        if (at < lowest) all.push_back({.kind = Region::hole, .range = {at, lowest}});
    };
    for (const KernelRegion& region : named) {
        add_hole_to(region.range.lowest);
        // A region that ends with the address space wraps to zero.
        const VirtAddr top = region.range.top.raw() == 0 ? kLastPage : region.range.top;
        if (top <= at) continue;
        all.push_back({.kind = region.kind, .range = {std::max(at, region.range.lowest), top}});
        at = top;
    }
    add_hole_to(kLastPage);
    return all;
}

SpaceReading read_space(const Machine& machine) {
    SpaceReading reading;
    reading.regions = kernel_regions(machine.state().memory.layout);
    reading.window_range = window_of(machine, reading.window);
    add_stacks(machine, reading.areas);
    if (reading.window == Region::vmalloc) add_other_areas(machine, reading.areas);
    std::ranges::sort(reading.areas, {}, [](const SpaceArea& area) { return area.range.lowest; });
    reading.lazy_pages = machine.state().memory.vmap.lazy_pages();
    reading.lazy_limit = machine.state().memory.vmap.lazy_limit();
    return reading;
}

} // namespace ksl::ui
