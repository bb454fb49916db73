// SPDX-License-Identifier: MIT
#include "core/memory/claim.h"

#include "core/memory/buddy.h"

#include <algorithm>
#include <utility>

namespace ksl::core {

namespace {

using Node = FrameTable::Node;

void leave_page_list(PageState& state, Node node) {
    const unsigned order = state.frames.order(node);
    for (PageLists& lists : state.page_lists) {
        for (unsigned type = 0; type < kPcpMigrateTypes; ++type) {
            const unsigned index = state.page_list_index(order, static_cast<MigrateType>(type));
            if (!state.page_rings.remove(lists.first_ring + index, node)) continue;
            lists.count -= 1U << order;
            return;
        }
    }
}

/// Frees [lowest, top) of a block that was just taken off its list: the largest aligned blocks, upper ones first.
void put_back(PageState& state, Zone& zone, SilentEffects& fx, Node lowest, Node top, MigrateType type) {
    Buddy<SilentEffects> buddy(state, zone, fx);
    while (lowest < top) {
        unsigned order = 0;
        while (order < kMaxOrder.raw() && top - (Node{2} << order) >= lowest && (top & ((Node{2} << order) - 1)) == 0)
            ++order;
        top -= Node{1} << order;
        buddy.put(top, order, type, ListEnd::head);
    }
}

void take_out(PageState& state, FrameTable::Block block, Node lowest, Node top) {
    const auto node = static_cast<Node>(block.first.raw());
    const Node end = node + static_cast<Node>(block.order.frames());
    const MigrateType type = state.frames.type(node);
    Zone& zone = state.zone(zone_of(block.first));
    SilentEffects fx(CpuId{0});
    if (block.state == BlockState::page_list) {
        leave_page_list(state, node);
    } else {
        Buddy<SilentEffects> buddy(state, zone, fx);
        buddy.remove(node, block.order.raw());
        buddy.count_free(-static_cast<std::int64_t>(block.order.frames()));
    }
    state.frames.clear_block(node);
    put_back(state, zone, fx, node, std::clamp(lowest, node, end), type);
    put_back(state, zone, fx, std::clamp(top, node, end), end, type);
}

} // namespace

void claim(PageState& state, Pfn block, Order order, MigrateType type, FrameUse use) {
    const auto lowest = static_cast<Node>(block.raw());
    const Node top = lowest + static_cast<Node>(order.frames());
    for (Node frame = lowest; frame < top; ++frame) {
        const std::optional<FrameTable::Block> found = state.frames.block_of(Pfn{frame});
        if (found && (found->state == BlockState::free || found->state == BlockState::page_list))
            take_out(state, *found, lowest, top);
        if (state.frames.state(frame) == BlockState::lru) {
            state.frames.unlink(frame);
            --state.zone(zone_of(block)).lru_pages;
        }
        state.frames.clear_block(frame);
    }
    state.frames.set_block(lowest, BlockState::in_use, order.raw(), type, use);
}

void unclaim_to_page_list(PageState& state, CpuId cpu, Pfn block, Order order, MigrateType remembered) {
    const auto node = static_cast<Node>(block.raw());
    const MigrateType type = remembered == MigrateType::highatomic ? MigrateType::movable : remembered;
    const ZoneId zone = zone_of(block);
    state.frames.set_block(node, BlockState::page_list, order.raw(), remembered);
    PageLists& lists = state.lists_of(cpu, zone);
    state.page_rings.push_front(lists.first_ring + state.page_list_index(order.raw(), type), node);
    lists.count += static_cast<std::uint32_t>(order.frames());
}

void unclaim_to_buddy(PageState& state, CpuId cpu, Pfn block, Order order, MigrateType type) {
    SilentEffects fx(cpu);
    Buddy<SilentEffects>(state, state.zone(zone_of(block)), fx).put(static_cast<Node>(block.raw()), order.raw(), type);
}

} // namespace ksl::core
