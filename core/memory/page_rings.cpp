// SPDX-License-Identifier: MIT
#include "core/memory/page_rings.h"

namespace ksl::core {

PageRings::PageRings(std::size_t rings) : rings_(rings), slots_(rings * kFirstSlots) {
    for (std::size_t i = 0; i < rings; ++i) {
        rings_[i].first = static_cast<std::uint32_t>(i * kFirstSlots);
        rings_[i].mask = kFirstSlots - 1;
    }
}

void PageRings::grow(std::size_t ring) {
    const Ring old = rings_[ring];
    Ring grown{
        .first = static_cast<std::uint32_t>(slots_.size()), .mask = old.mask * 2 + 1, .head = 0, .size = old.size};
    slots_.resize(slots_.size() + grown.mask + 1);
    for (std::uint32_t position = 0; position < old.size; ++position) {
        slots_.mut(slot(grown, position)) = slots_[slot(old, position)];
    }
    rings_[ring] = grown;
}

bool PageRings::remove(std::size_t ring, Node node) {
    Ring& from = rings_[ring];
    std::uint32_t position = 0;
    while (position < from.size && at(ring, position) != node) ++position;
    if (position == from.size) return false;
    for (; position + 1 < from.size; ++position) slots_.mut(slot(from, position)) = slots_[slot(from, position + 1)];
    --from.size;
    return true;
}

} // namespace ksl::core
