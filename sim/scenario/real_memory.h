// SPDX-License-Identifier: MIT
//
// From the parsed files of /proc to zones, counts and a memory map. For use in sim/scenario only.
#pragma once

#include "core/memory/counted_state.h"
#include "core/memory/memory_map.h"
#include "sim/base/error.h"
#include "sim/import/proc_buddyinfo.h"
#include "sim/import/proc_iomem.h"
#include "sim/import/proc_zoneinfo.h"

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace ksl::sim {

/// A piece of a zone: one node's share of it.
struct ZonePiece {
    core::ZoneId id{};
    core::Pfn start;
    core::Pages spanned;
    core::Pages present;
    core::Pages managed;
};

/// What zoneinfo says of the machine, zones and nodes put together.
struct RealZones {
    std::vector<ZonePiece> pieces;
    std::uint32_t min_free_kib = 0;
    std::vector<std::string> warnings;

    [[nodiscard]] core::Pages present(core::ZoneId id) const;
    [[nodiscard]] core::Pages managed(core::ZoneId id) const;
};

[[nodiscard]] Result<RealZones> real_zones(const std::string& file, const std::vector<proc::ZoneInfo>& zones);

/// Free blocks by zone, types guessed. `zones` says which zones must be there.
[[nodiscard]] Result<std::vector<core::CountedZone>> counted_zones(const std::string& file, const RealZones& zones,
                                                                   const std::vector<proc::BuddyZone>& buddy);
/// Replaces guessed types by counted ones.
[[nodiscard]] Result<void> count_types(const std::string& file, const proc::PageTypes& types,
                                       std::vector<core::CountedZone>& zones, std::vector<std::string>& warnings);

/// RAM from iomem, or from the zones alone where that is missing or disagrees. What the zones do not manage becomes
/// `reserved` of `counted`, but for the simulated kernel's own memory, which the map reserves.
[[nodiscard]] core::MemoryMap real_memory_map(const RealZones& zones,
                                              const std::optional<std::vector<proc::Resource>>& iomem, unsigned cpus,
                                              std::vector<core::CountedZone>& counted,
                                              std::vector<std::string>& warnings);

} // namespace ksl::sim
