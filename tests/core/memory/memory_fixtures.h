// SPDX-License-Identifier: MIT
//
// Small memories for the tests of the page allocator.
#pragma once

#include "core/memory/boot_state.h"
#include "core/memory/page_allocator.h"

#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

namespace ksl::core::testing {

/// Usable frames [lowest, top), nothing else.
inline MemoryMap one_range(std::uint64_t lowest, std::uint64_t top) {
    MemoryMap map;
    map.add({.lowest = Pfn{lowest}, .top = Pfn{top}}, MemoryKind::usable);
    return map;
}

/// 16 MiB of DMA32: four blocks of order 10.
inline MemoryMap four_blocks() {
    return one_range(4096, 8192);
}

inline PageAllocator booted(const MemoryMap& map, const PageRules& rules, unsigned cpus = 1) {
    return PageAllocator{booted_state(map, rules, cpus)};
}

inline std::vector<std::uint64_t> free_list(const PageAllocator& allocator, ZoneId zone, unsigned order,
                                            MigrateType type = MigrateType::movable) {
    const FrameTable& frames = allocator.state().frames;
    std::vector<std::uint64_t> list;
    for (auto node = frames.next(frames.sentinel(PageState::free_list(zone, order, type))); frames.is_frame(node);
         node = frames.next(node)) {
        list.push_back(node);
    }
    return list;
}

inline std::vector<std::uint64_t> page_list(const PageAllocator& allocator, ZoneId zone, unsigned order,
                                            MigrateType type = MigrateType::movable, CpuId cpu = CpuId{0}) {
    const PageState& state = allocator.state();
    const std::size_t ring = state.lists_of(cpu, zone).first_ring + state.page_list_index(order, type);
    std::vector<std::uint64_t> list;
    for (std::uint32_t i = 0; i < state.page_rings.size(ring); ++i) list.push_back(state.page_rings.at(ring, i));
    return list;
}

inline Pfn take(PageAllocator& allocator, unsigned order, Gfp gfp = gfp::kUserMovable) {
    Effects fx;
    const auto block = allocator.allocate({.order = Order{order}, .gfp = gfp}, fx);
    EXPECT_TRUE(block.has_value());
    return block.value_or(Pfn{0});
}

inline void give(PageAllocator& allocator, Pfn block, unsigned order, FreePath path = FreePath::page_list) {
    Effects fx;
    allocator.free(block, Order{order}, fx, path);
}

/// Keeps every event.
class EventLog final : public EventSink {
public:
    void on_event(const Event& event) override { events.push_back(event); }

    template <class Body>
    [[nodiscard]] std::vector<Body> all() const {
        std::vector<Body> found;
        for (const Event& event : events) {
            if (const auto* body = std::get_if<Body>(&event.body)) found.push_back(*body);
        }
        return found;
    }

    std::vector<Event> events;
};

inline Effects reporting_to(EventSink& sink, CpuId cpu = CpuId{0}) {
    return Effects{nullptr, nullptr, &sink, EventLevel::micro, cpu, Cycles{0}, {}};
}

} // namespace ksl::core::testing
