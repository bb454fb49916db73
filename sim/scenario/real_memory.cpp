// SPDX-License-Identifier: MIT
#include "sim/scenario/real_memory.h"

#include "sim/scenario/scenario.h"
#include "sim/text/numbers.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <set>
#include <string_view>

namespace ksl::sim {

namespace {

using core::Pages;
using core::Pfn;
using core::ZoneId;

std::string_view name_of(ZoneId id) {
    return core::kZoneNames[static_cast<std::size_t>(id)];
}

/// DMA, DMA32, Normal by name; Movable by where it begins.
std::optional<ZoneId> zone_id(std::string_view name, Pfn start) {
    for (std::size_t i = 0; i < core::kZones; ++i) {
        if (name == core::kZoneNames[i]) return static_cast<ZoneId>(i);
    }
    return name == "Movable" ? std::optional{core::zone_of(start)} : std::nullopt;
}

Result<ZonePiece> read_piece(const std::string& file, const proc::ZoneInfo& zone) {
    if (!zone.start) return fail(file, 0, fmt::format("zone {} has memory but no start_pfn", zone.zone));
    const auto id = zone_id(zone.zone, *zone.start);
    if (!id)
        return fail(file, 0,
                    fmt::format("zone {} is not known; the zones of x86-64, DMA, DMA32, Normal and Movable, would be "
                                "right",
                                zone.zone));
    const core::FrameRange allowed = core::frames_of(*id);
    if (*zone.start < allowed.lowest || *zone.start + zone.spanned > allowed.top)
        return fail(file, 0,
                    fmt::format("zone {} takes frames {} to {}; on x86-64 it lies from {} to {}", zone.zone,
                                zone.start->raw(), (*zone.start + zone.spanned).raw() - 1, allowed.lowest.raw(),
                                allowed.top.raw() - 1));
    if (zone.present > zone.spanned || zone.managed > zone.present)
        return fail(file, 0,
                    fmt::format("zone {} has {} pages managed of {} present of {} spanned; each at most the next would "
                                "be right",
                                zone.zone, zone.managed.count(), zone.present.count(), zone.spanned.count()));
    return ZonePiece{*id, *zone.start, zone.spanned, zone.present, zone.managed};
}

core::CountedZone* find_zone(std::vector<core::CountedZone>& zones, ZoneId id) {
    const auto found = std::ranges::find(zones, id, &core::CountedZone::id);
    return found == zones.end() ? nullptr : &*found;
}

/// The zone of a row; rows of zones without memory have none.
core::CountedZone* zone_of_row(std::vector<core::CountedZone>& zones, std::string_view name) {
    const bool is_movable = name == "Movable";
    for (std::size_t i = core::kZones; i-- > 0;) {
        // Movable lies at the top of memory.
        if (!is_movable && name != core::kZoneNames[i]) continue;
        if (core::CountedZone* zone = find_zone(zones, static_cast<ZoneId>(i))) return zone;
    }
    return nullptr;
}

std::uint64_t pages_in(const core::BlockCounts& blocks) {
    std::uint64_t pages = 0;
    for (unsigned order = 0; order < core::kOrders; ++order) {
        for (const std::uint32_t count : blocks[order]) pages += std::uint64_t{count} << order;
    }
    return pages;
}

Result<void> check_orders(const std::string& file, std::size_t orders) {
    if (orders == core::kOrders) return {};
    return fail(file, 0,
                fmt::format("shows {} orders; {} (0 to {}), as x86-64 kernels have them, would be right", orders,
                            core::kOrders, core::kOrders - 1));
}

/// Migrate type of a row; types that the engine does not have count as movable, which their memory is.
core::MigrateType migrate_type(std::string_view name) {
    if (name == "Unmovable") return core::MigrateType::unmovable;
    if (name == "Reclaimable") return core::MigrateType::reclaimable;
    if (name == "HighAtomic") return core::MigrateType::highatomic;
    return core::MigrateType::movable;
}

} // namespace

Pages RealZones::present(ZoneId id) const {
    Pages sum;
    for (const ZonePiece& piece : pieces) {
        if (piece.id == id) sum += piece.present;
    }
    return sum;
}

Pages RealZones::managed(ZoneId id) const {
    Pages sum;
    for (const ZonePiece& piece : pieces) {
        if (piece.id == id) sum += piece.managed;
    }
    return sum;
}

Result<RealZones> real_zones(const std::string& file, const std::vector<proc::ZoneInfo>& zones) {
    RealZones real;
    std::set<std::uint32_t> nodes;
    Pages min;
    for (const proc::ZoneInfo& zone : zones) {
        if (zone.managed == Pages{0}) continue;
        KSL_TRY_ASSIGN(piece, read_piece(file, zone));
        real.pieces.push_back(piece);
        nodes.insert(zone.node);
        min += zone.min - std::min(zone.boost.value_or(Pages{0}), zone.min);
        if (zone.zone == "Movable")
            real.warnings.emplace_back(
                fmt::format("{}: zone Movable is treated as part of {}", file, name_of(piece.id)));
    }
    if (real.pieces.empty()) return fail(file, 0, "has no zone with memory; DMA, DMA32, Normal would be right");
    if (nodes.size() > 1)
        real.warnings.emplace_back(fmt::format("{}: {} memory nodes are treated as one", file, nodes.size()));
    std::ranges::sort(real.pieces, {}, &ZonePiece::start);
    const Pfn top = real.pieces.back().start + real.pieces.back().spanned;
    if (core::bytes_of(top - Pfn{0}) > kMostMemory)
        return fail(file, 0,
                    fmt::format("the last frame lies at {}; up to {} can be simulated",
                                bytes_text(core::bytes_of(top - Pfn{0})), bytes_text(kMostMemory)));
    real.min_free_kib = static_cast<std::uint32_t>(min.count() * core::kPageBytes / 1024);
    return real;
}

Result<std::vector<core::CountedZone>> counted_zones(const std::string& file, const RealZones& zones,
                                                     const std::vector<proc::BuddyZone>& buddy) {
    KSL_TRY(check_orders(file, buddy.front().free_blocks.size()));
    std::vector<core::CountedZone> counted;
    std::vector<std::array<std::uint32_t, core::kOrders>> sums;
    for (const ZonePiece& piece : zones.pieces) {
        if (find_zone(counted, piece.id) == nullptr)
            counted.push_back({.id = piece.id, .free_blocks = {}, .pageblocks = std::nullopt, .reserved = {}});
    }
    sums.resize(counted.size());
    std::vector<bool> seen(counted.size());
    for (const proc::BuddyZone& row : buddy) {
        core::CountedZone* zone = zone_of_row(counted, row.zone);
        if (zone == nullptr) continue; // no memory there
        const auto index = static_cast<std::size_t>(zone - counted.data());
        seen[index] = true;
        for (unsigned order = 0; order < core::kOrders; ++order) {
            const std::uint64_t most = zones.managed(zone->id).count() >> order;
            const std::uint64_t sum = sums[index][order] + row.free_blocks[order];
            if (row.free_blocks[order] > most || sum > most)
                return fail(file, 0,
                            fmt::format("zone {} has {} free blocks of order {}; it has room for {}", name_of(zone->id),
                                        row.free_blocks[order], order, most));
            sums[index][order] = static_cast<std::uint32_t>(sum);
        }
    }
    for (std::size_t i = 0; i < counted.size(); ++i) {
        if (!seen[i])
            return fail(file, 0,
                        fmt::format("has no line for zone {}, which zoneinfo has; all of the file would be "
                                    "right",
                                    name_of(counted[i].id)));
        counted[i].free_blocks = core::guess_types(sums[i]);
        const std::uint64_t free = pages_in(counted[i].free_blocks);
        const std::uint64_t managed = zones.managed(counted[i].id).count();
        if (free > managed)
            return fail(file, 0,
                        fmt::format("zone {} has {} free pages, but manages {} by zoneinfo; files of the same machine "
                                    "and moment would be right",
                                    name_of(counted[i].id), free, managed));
    }
    return counted;
}

Result<void> count_types(const std::string& file, const proc::PageTypes& types, std::vector<core::CountedZone>& zones,
                         std::vector<std::string>& warnings) {
    std::vector<core::BlockCounts> counts(zones.size());
    for (const proc::TypedFreeBlocks& row : types.free) {
        KSL_TRY(check_orders(file, row.free_blocks.size()));
        core::CountedZone* zone = zone_of_row(zones, row.zone);
        if (zone == nullptr) continue;
        const auto index = static_cast<std::size_t>(zone - zones.data());
        if (row.is_lower_bound) {
            warnings.push_back(
                fmt::format("{}: the kernel stopped counting in zone {}; migrate types are guessed", file, row.zone));
            return {};
        }
        for (unsigned order = 0; order < core::kOrders; ++order) {
            std::uint32_t& count = counts[index][order][static_cast<std::size_t>(migrate_type(row.type))];
            const std::uint64_t sum = count + row.free_blocks[order];
            if (sum > std::numeric_limits<std::uint32_t>::max())
                return fail(file, 0,
                            fmt::format("zone {} has {} free blocks of order {}; no machine has so many", row.zone,
                                        row.free_blocks[order], order));
            count = static_cast<std::uint32_t>(sum);
        }
    }
    for (std::size_t i = 0; i < zones.size(); ++i) {
        if (pages_in(zones[i].free_blocks) != 0 && pages_in(counts[i]) == 0)
            return fail(file, 0,
                        fmt::format("shows no free memory in zone {}, where buddyinfo does; all of the file "
                                    "would be right",
                                    name_of(zones[i].id)));
        zones[i].free_blocks = counts[i];
    }
    if (types.pages_per_block != core::kPageblockFrames) {
        warnings.push_back(fmt::format("{}: pageblocks have {} pages there and {} here; their types are guessed", file,
                                       types.pages_per_block, core::kPageblockFrames));
        return {};
    }
    for (const proc::TypedPageblocks& row : types.pageblocks) {
        core::CountedZone* zone = zone_of_row(zones, row.zone);
        if (zone == nullptr) continue;
        if (!zone->pageblocks) zone->pageblocks.emplace();
        for (std::size_t i = 0; i < row.blocks.size(); ++i)
            (*zone->pageblocks)[static_cast<std::size_t>(migrate_type(types.types[i]))] +=
                static_cast<std::uint32_t>(std::min<std::uint64_t>(row.blocks[i], 1U << 30));
    }
    return {};
}

} // namespace ksl::sim
