// SPDX-License-Identifier: MIT
//
// Where a real machine's memory lies, and which of it never reaches the page allocator.
#include "core/effects/kernel_data.h"
#include "sim/scenario/real_memory.h"
#include "sim/text/numbers.h"

#include <fmt/format.h>

#include <algorithm>
#include <ranges>

namespace ksl::sim {

namespace {

using core::FrameRange;
using core::MemoryKind;
using core::MemoryMap;
using core::Pages;
using core::Pfn;
using core::ZoneId;

constexpr std::uint64_t kLargestBlock = core::kMaxOrder.frames();
constexpr std::uint64_t kLargePageFrames = 512;
constexpr Pfn kVideoHole{0x9f};
constexpr Pfn kOneMiB{0x100};

std::uint64_t round_up(std::uint64_t frames) {
    return (frames + kLargestBlock - 1) / kLargestBlock * kLargestBlock;
}

/// Whole pages of RAM; the kernel gives frame 0 to the BIOS.
MemoryMap map_from(const std::vector<proc::Resource>& iomem) {
    MemoryMap map;
    for (const core::PhysRange& range : proc::system_ram(iomem)) {
        const std::uint64_t lowest = (range.lowest.raw() + core::kPageBytes - 1) / core::kPageBytes;
        const std::uint64_t top = range.top.raw() / core::kPageBytes;
        map.add({Pfn{std::max<std::uint64_t>(lowest, 1)}, Pfn{std::max(lowest, top)}}, MemoryKind::usable);
    }
    return map;
}

/// Without iomem: each zone's memory from its start on, but for the hole under 1 MiB that every PC has.
MemoryMap map_from(const RealZones& zones) {
    MemoryMap map;
    for (const ZonePiece& piece : zones.pieces) {
        const Pfn top = piece.start + piece.spanned;
        const bool has_video_hole =
            piece.start < kVideoHole && top > kOneMiB && piece.present < piece.spanned && piece.present > top - kOneMiB;
        if (has_video_hole) {
            const Pages low = std::min(piece.present - (top - kOneMiB), kVideoHole - piece.start);
            map.add({piece.start, piece.start + low}, MemoryKind::usable);
            map.add({kOneMiB, kOneMiB + (piece.present - low)}, MemoryKind::usable);
        } else {
            map.add({piece.start, piece.start + piece.present}, MemoryKind::usable);
        }
    }
    return map;
}

bool agrees(const MemoryMap& map, const RealZones& zones) {
    return std::ranges::all_of(std::array{ZoneId::dma, ZoneId::dma32, ZoneId::normal},
                               [&](ZoneId id) { return map.extent(id).present == zones.present(id); });
}

/// What the simulated kernel takes for itself, at most: page structs (64 bytes a frame, 2 MiB a section of 128 MiB),
/// page tables for a direct map of 4 KiB pages, per-CPU areas.
Pages needed_by_kernel(const MemoryMap& map, unsigned cpus) {
    const std::uint64_t frames = map.frames().count();
    const std::uint64_t sections = frames / (kLargePageFrames * 64) + map.ranges().size() + 4;
    const std::uint64_t tables = frames / kLargePageFrames + frames / (kLargePageFrames * kLargePageFrames) + 512;
    const std::uint64_t per_cpu = core::KernelData::kPerCpuBytes.count() * cpus / core::kPageBytes;
    return Pages{(sections + 2) * kLargePageFrames + tables + per_cpu};
}

/// Whole largest blocks at the top of a zone's highest range that could be the kernel's; empty if the zone needs them
/// for its free blocks, or reserves less.
FrameRange room_for_kernel(const MemoryMap& map, const core::CountedZone& zone, Pages needed) {
    if (zone.reserved < needed) return {};
    std::uint64_t whole = 0;
    FrameRange highest;
    for (const core::MemoryRange& range : map.ranges()) {
        const FrameRange limits = core::frames_of(zone.id);
        const std::uint64_t lowest = std::max(range.frames.lowest, limits.lowest).raw();
        const std::uint64_t top = std::min(range.frames.top, limits.top).raw();
        if (lowest >= top) continue;
        const FrameRange inside{Pfn{round_up(lowest)}, Pfn{top / kLargestBlock * kLargestBlock}};
        if (inside.lowest >= inside.top) continue;
        whole += inside.size().count() / kLargestBlock;
        highest = inside;
    }
    if (highest.size() < needed) return {};
    // Smaller free blocks need twice their size at most, as no two of them may be buddies.
    std::uint64_t wanted = round_up(needed.count()) / kLargestBlock;
    std::uint64_t smaller = 0;
    for (unsigned order = 0; order < core::kOrders; ++order) {
        for (const std::uint32_t count : zone.free_blocks[order]) {
            if (order == core::kMaxOrder.raw())
                wanted += count;
            else
                smaller += std::uint64_t{count} << order;
        }
    }
    wanted += 2 * smaller / kLargestBlock + core::kOrders;
    return wanted <= whole ? FrameRange{highest.top - needed, highest.top} : FrameRange{};
}

/// The simulated kernel's own memory: at the top of the highest zone that can spare it, where memblock would take it;
/// otherwise behind the last frame, so that all that was counted keeps its room.
void make_room_for_kernel(MemoryMap& map, std::vector<core::CountedZone>& zones, unsigned cpus,
                          std::vector<std::string>& warnings) {
    const Pages needed{round_up((needed_by_kernel(map, cpus) + Pages{kLargePageFrames}).count())};
    for (core::CountedZone& zone : zones | std::views::reverse) {
        const FrameRange room = room_for_kernel(map, zone, needed);
        if (room.is_empty()) continue;
        map.add(room, MemoryKind::reserved);
        zone.reserved -= needed;
        return;
    }
    const Pfn lowest{round_up(map.frames().count())};
    map.add({lowest, lowest + needed}, MemoryKind::reserved);
    warnings.push_back(
        fmt::format("{} of reserved memory is added behind the last frame, for the simulated kernel's own "
                    "tables",
                    bytes_text(core::bytes_of(needed))));
}

} // namespace

MemoryMap real_memory_map(const RealZones& zones, const std::optional<std::vector<proc::Resource>>& iomem,
                          unsigned cpus, std::vector<core::CountedZone>& counted, std::vector<std::string>& warnings) {
    MemoryMap map = iomem ? map_from(*iomem) : MemoryMap{};
    if (iomem && !agrees(map, zones))
        warnings.emplace_back("iomem and zoneinfo disagree on what memory there is; zoneinfo is followed");
    if (!iomem || !agrees(map, zones)) map = map_from(zones);
    for (core::CountedZone& zone : counted) zone.reserved = zones.present(zone.id) - zones.managed(zone.id);
    make_room_for_kernel(map, counted, cpus, warnings);
    return map;
}

} // namespace ksl::sim
