// SPDX-License-Identifier: MIT
#include "core/memory/memory_map.h"

#include <algorithm>
#include <functional>
#include <limits>

namespace ksl::core {

namespace {

constexpr Pfn kNoTop{std::numeric_limits<std::uint32_t>::max()};

FrameRange common(FrameRange a, FrameRange b) {
    return {.lowest = std::max(a.lowest, b.lowest), .top = std::min(a.top, b.top)};
}

} // namespace

FrameRange frames_of(ZoneId zone) {
    const auto index = static_cast<std::size_t>(zone);
    return {.lowest = kZoneLowest[index], .top = index + 1 < kZones ? kZoneLowest[index + 1] : kNoTop};
}

void MemoryMap::add(FrameRange frames, MemoryKind kind) {
    if (frames.is_empty()) return;
    std::vector<MemoryRange> result;
    const auto append = [&](FrameRange range, MemoryKind of) {
        if (range.is_empty()) return;
        if (!result.empty() && result.back().kind == of && result.back().frames.top == range.lowest)
            result.back().frames.top = range.top;
        else
            result.push_back({.frames = range, .kind = of});
    };
    bool is_added = false;
    for (const MemoryRange& old : ranges_) {
        append({.lowest = old.frames.lowest, .top = std::min(old.frames.top, frames.lowest)}, old.kind);
        if (!is_added && old.frames.top > frames.lowest) {
            append(frames, kind);
            is_added = true;
        }
        append({.lowest = std::max(old.frames.lowest, frames.top), .top = old.frames.top}, old.kind);
    }
    if (!is_added) append(frames, kind);
    ranges_ = std::move(result);
}

const MemoryRange* MemoryMap::find(Pfn frame) const {
    const auto after = std::ranges::upper_bound(ranges_, frame, std::ranges::less{},
                                                [](const MemoryRange& range) { return range.frames.lowest; });
    if (after == ranges_.begin()) return nullptr;
    const MemoryRange& range = *std::prev(after);
    return range.frames.contains(frame) ? &range : nullptr;
}

ZoneExtent MemoryMap::extent(ZoneId zone) const {
    ZoneExtent extent;
    bool is_first = true;
    for (const MemoryRange& range : ranges_) {
        const FrameRange inside = common(range.frames, frames_of(zone));
        if (inside.is_empty()) continue;
        if (is_first) extent.spanned.lowest = inside.lowest;
        is_first = false;
        extent.spanned.top = inside.top;
        extent.present += inside.size();
        if (range.kind == MemoryKind::usable) extent.managed += inside.size();
    }
    return extent;
}

MemoryMap MemoryMap::pc(Bytes size, Bytes low_limit) {
    constexpr Pfn kVideoHole{0x9f};
    constexpr Pfn kOneMiB{0x100};
    constexpr Pages kFirmwareTables{32};
    MemoryMap map;
    const Bytes low = std::min(size, low_limit);
    const Pfn low_top = frame_of(PhysAddr{low.count()}) - kFirmwareTables;
    map.add({.lowest = Pfn{1}, .top = std::min(kVideoHole, low_top)}, MemoryKind::usable);
    map.add({.lowest = kOneMiB, .top = low_top}, MemoryKind::usable);
    const Pfn high = kZoneLowest[static_cast<std::size_t>(ZoneId::normal)];
    map.add({.lowest = high, .top = high + Pages{(size - low).count() >> kPageShift}}, MemoryKind::usable);
    return map;
}

} // namespace ksl::core
