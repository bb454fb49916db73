// SPDX-License-Identifier: MIT
#include "core/memory/boot_state.h"

#include "core/memory/buddy.h"

#include <algorithm>
#include <bit>

namespace ksl::core {

namespace {

/// The largest block that begins at `frame` and fits below `top`.
unsigned order_at(std::uint64_t frame, std::uint64_t top) {
    const auto aligned = frame == 0 ? kMaxOrder.raw() : static_cast<unsigned>(std::countr_zero(frame));
    const auto fitting = static_cast<unsigned>(std::bit_width(top - frame)) - 1;
    return std::min({aligned, fitting, kMaxOrder.raw()});
}

} // namespace

PageState booted_state(const MemoryMap& memory, const PageRules& rules, unsigned cpus, std::uint32_t min_free_kib) {
    PageState state(memory, rules, cpus);
    SilentEffects fx(CpuId{0});
    const auto end = rules.boot_to == ListEnd::tail ? std::optional{ListEnd::tail} : std::nullopt;
    for (const MemoryRange& range : state.map.ranges()) {
        if (range.kind != MemoryKind::usable) continue;
        const std::uint64_t top = range.frames.top.raw();
        for (std::uint64_t frame = range.frames.lowest.raw(); frame < top;) {
            const unsigned order = order_at(frame, top);
            Zone& zone = state.zone(zone_of(Pfn{frame}));
            Buddy<SilentEffects>(state, zone, fx)
                .put(static_cast<FrameTable::Node>(frame), order, MigrateType::movable, end);
            frame += std::uint64_t{1} << order;
        }
    }
    apply_defaults(state, min_free_kib);
    return state;
}

} // namespace ksl::core
