// SPDX-License-Identifier: MIT
#include "core/memory/fragmentation.h"

namespace ksl::core {

ContiguousPages contiguous_pages(const Zone& zone, Order order) {
    ContiguousPages info;
    for (unsigned at = 0; at < kOrders; ++at) {
        const std::uint64_t blocks = zone.free_blocks[at];
        info.free_blocks += blocks;
        info.free_pages += blocks << at;
        if (at >= order.raw()) info.suitable_blocks += blocks << (at - order.raw());
    }
    return info;
}

int fragmentation_index(const Zone& zone, Order order) {
    const ContiguousPages info = contiguous_pages(zone, order);
    if (info.free_blocks == 0) return 0;
    if (info.suitable_blocks != 0) return -1000;
    const std::uint64_t needed = 1000 + info.free_pages * 1000 / order.frames();
    return 1000 - static_cast<int>(needed / info.free_blocks);
}

int unusable_free_index(const Zone& zone, Order order) {
    const ContiguousPages info = contiguous_pages(zone, order);
    if (info.free_pages == 0) return 1000;
    const std::uint64_t usable = info.suitable_blocks << order.raw();
    return static_cast<int>((info.free_pages - usable) * 1000 / info.free_pages);
}

} // namespace ksl::core
