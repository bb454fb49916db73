// SPDX-License-Identifier: MIT
#include "core/vmalloc/vmap_nodes.h"

namespace ksl::core {

NodeIndex VmapNodes::pop_front(AreaPool& areas, SizePool& pool) {
    const NodeIndex area = pool.head;
    pool.head = areas.links(area).right();
    if (pool.head == kNoNode) {
        pool.tail = kNoNode;
    } else {
        areas.mut_links(pool.head).set_child(Side::left, kNoNode);
    }
    --pool.length;
    return area;
}

void VmapNodes::push_front(AreaPool& areas, SizePool& pool, NodeIndex area) {
    areas.mut_links(area).start(kNoNode);
    areas.mut_links(area).set_child(Side::right, pool.head);
    if (pool.head == kNoNode) {
        pool.tail = area;
    } else {
        areas.mut_links(pool.head).set_child(Side::left, area);
    }
    pool.head = area;
    ++pool.length;
}

void VmapNodes::push_back(AreaPool& areas, SizePool& pool, NodeIndex area) {
    areas.mut_links(area).start(kNoNode);
    areas.mut_links(area).set_child(Side::left, pool.tail);
    if (pool.tail == kNoNode) {
        pool.head = area;
    } else {
        areas.mut_links(pool.tail).set_child(Side::right, area);
    }
    pool.tail = area;
    ++pool.length;
}

NodeIndex VmapNodes::take(AreaPool& areas, std::uint32_t node, const AreaRequest& request) {
    const std::uint64_t pages = pages_for(request.size).count();
    if (pages > kPools) return kNoNode;
    const std::size_t at = index(node, static_cast<std::uint32_t>(pages - 1));
    if (pools_[at].length == 0) return kNoNode;
    SizePool& pool = pools_.mut(at);
    const NodeIndex area = pop_front(areas, pool);
    if (is_aligned(areas[area].range().lowest, request.align)) return area;
    push_back(areas, pool, area);
    return kNoNode;
}

bool VmapNodes::put(AreaPool& areas, std::uint32_t node, NodeIndex area) {
    const std::uint64_t pages = areas[area].pages().count();
    if (pages > kPools) return false;
    push_front(areas, pools_.mut(index(node, static_cast<std::uint32_t>(pages - 1))), area);
    return true;
}

NodeIndex VmapNodes::decay(AreaPool& areas, std::uint32_t node, std::uint32_t which, bool all) {
    const std::size_t at = index(node, which);
    if (pools_[at].length == 0) return kNoNode;
    SizePool& pool = pools_.mut(at);
    NodeIndex first = kNoNode;
    NodeIndex last = kNoNode;
    for (std::uint32_t left = all ? pool.length : pool.length / 4; left != 0; --left) {
        const NodeIndex area = pop_front(areas, pool);
        areas.mut_links(area).start(kNoNode);
        if (last == kNoNode) {
            first = area;
        } else {
            areas.mut_links(last).set_child(Side::right, area);
        }
        last = area;
    }
    return first;
}

bool VmapNodes::check_indices(const AreaPool& areas) const {
    if (pools_.size() != index(count(), 0)) return false;
    bool all_exist = true;
    for (std::uint32_t node = 0; node < count(); ++node) {
        all_exist &= areas.exists(busy(node)) && areas.exists(lazy(node));
        for (std::uint32_t pool = 0; pool < kPools; ++pool) all_exist &= areas.exists(first_pooled(node, pool));
    }
    return all_exist;
}

const char* VmapNodes::check_pools(const AreaPool& areas) const {
    for (std::uint32_t node = 0; node < count(); ++node) {
        for (std::uint32_t which = 0; which < kPools; ++which) {
            const SizePool& pool = pools_[index(node, which)];
            std::uint32_t length = 0;
            NodeIndex before = kNoNode;
            for (NodeIndex at = pool.head; at != kNoNode; at = areas.links(at).right()) {
                if (++length > pool.length) return "a pool is as long as it says";
                if (areas.links(at).left() != before) return "a pool is linked both ways";
                if (areas[at].kind() != AreaKind::pooled) return "what is in a pool is marked as pooled";
                if (areas[at].pages().count() != which + 1) return "a pool holds areas of one size";
                before = at;
            }
            if (length != pool.length || before != pool.tail) return "a pool is as long as it says";
        }
    }
    return "";
}

} // namespace ksl::core
