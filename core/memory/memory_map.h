// SPDX-License-Identifier: MIT
//
// What physical memory there is: ranges of frames that the page allocator manages, ranges that exist but were taken
// before it started (firmware tables, kernel image, array of page structs), holes between them; and the zones they fall
// into.
//
// Units:   frames of 4 KiB.
// Source:  zone borders: arch/x86/include/asm/dma.h, zone_sizes_init() of arch/x86/mm/init.c (4.7, 4.9, 6.1): ZONE_DMA
//          below 16 MiB, ZONE_DMA32 below 4 GiB, ZONE_NORMAL above. spanned, present, managed: struct zone in mmzone.h.
#pragma once

#include "core/events/memory_events.h"
#include "core/types/address.h"
#include "core/types/ids.h"

#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

namespace ksl::core {

inline constexpr std::array<Pfn, kZones> kZoneLowest{Pfn{0}, Pfn{4096}, Pfn{1U << 20}};
inline constexpr std::array<std::string_view, kZones> kZoneNames{"DMA", "DMA32", "Normal"};
// Borders between zones are borders between blocks of the largest order, so that no two buddies lie in different zones.
static_assert(kZoneLowest[1].raw() % kMaxOrder.frames() == 0 && kZoneLowest[2].raw() % kMaxOrder.frames() == 0);

[[nodiscard]] constexpr ZoneId zone_of(Pfn frame) {
    const unsigned above_dma = frame >= kZoneLowest[1] ? 1 : 0;
    const unsigned above_dma32 = frame >= kZoneLowest[2] ? 1 : 0;
    return static_cast<ZoneId>(above_dma + above_dma32);
}
/// The frames that can belong to a zone; Normal has no top.
[[nodiscard]] FrameRange frames_of(ZoneId zone);

enum class MemoryKind : std::uint8_t {
    usable,   ///< managed by the page allocator
    reserved, ///< exists, but never reaches the page allocator
};

struct MemoryRange {
    FrameRange frames;
    MemoryKind kind = MemoryKind::usable;
    friend bool operator==(const MemoryRange&, const MemoryRange&) = default;

    template <class Archive>
    void describe(Archive& archive) {
        archive(frames.lowest, frames.top, kind);
    }
};

struct ZoneExtent {
    FrameRange spanned; ///< first to last frame that exists, holes included
    Pages present;      ///< frames that exist
    Pages managed;      ///< frames that the page allocator manages
    friend bool operator==(const ZoneExtent&, const ZoneExtent&) = default;
};

class MemoryMap {
public:
    MemoryMap() = default;

    /// Adds memory. Where it overlaps memory that is there already, the later call decides: first the RAM, then what is
    /// reserved of it, as memblock is filled at boot.
    void add(FrameRange frames, MemoryKind kind);

    /// In ascending order, without overlap; neighbours of one kind are one range.
    [[nodiscard]] const std::vector<MemoryRange>& ranges() const { return ranges_; }
    /// One past the last frame that exists.
    [[nodiscard]] Pages frames() const { return ranges_.empty() ? Pages{0} : ranges_.back().frames.top - Pfn{0}; }
    /// The range around a frame; nullptr in a hole.
    [[nodiscard]] const MemoryRange* find(Pfn frame) const;
    [[nodiscard]] ZoneExtent extent(ZoneId zone) const;

    /// RAM of this size (1 MiB at least) as a PC's firmware reports it: frame 0, the hole at 640 KiB to 1 MiB and 128
    /// KiB of tables at the end of low memory absent, memory above `low_limit` moved to 4 GiB. The machines of the
    /// captures have exactly this map.
    [[nodiscard]] static MemoryMap pc(Bytes size, Bytes low_limit = Bytes{std::uint64_t{2} << 30});

    template <class Archive>
    void describe(Archive& archive) {
        archive(ranges_);
    }
    friend bool operator==(const MemoryMap&, const MemoryMap&) = default;

private:
    std::vector<MemoryRange> ranges_;
};

} // namespace ksl::core
