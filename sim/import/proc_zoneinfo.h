// SPDX-License-Identifier: MIT
//
// /proc/zoneinfo: sizes, watermarks, protection and per-CPU page lists of each zone.
//
// Source: zoneinfo_show_print, mm/vmstat.c of 4.7 to 6.13.
#pragma once

#include "core/types/address.h"
#include "sim/base/error.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ksl::sim::proc {

/// Counters by the kernel's names, in its order.
using Counters = std::vector<std::pair<std::string, std::uint64_t>>;

struct PageSet {
    std::uint32_t cpu = 0;
    std::uint32_t count = 0;
    std::uint32_t high = 0;
    std::uint32_t batch = 0;
    friend bool operator==(const PageSet&, const PageSet&) = default;
};

struct ZoneInfo {
    std::uint32_t node = 0;
    std::string zone;
    core::Pages free;
    std::optional<core::Pages> boost; ///< since 5.0
    core::Pages min;
    core::Pages low;
    core::Pages high;
    core::Pages spanned;
    core::Pages present;
    core::Pages managed;
    std::vector<core::Pages> protection; ///< lowmem_reserve, by the highest zone that a request may use
    std::vector<PageSet> pagesets;       ///< by CPU; none for a zone without memory
    std::optional<core::Pfn> start;      ///< none for a zone without memory
    Counters counters;                   ///< everything else that is a name and a number
    Counters node_counters;              ///< per-node statistics, shown with the node's first zone

    friend bool operator==(const ZoneInfo&, const ZoneInfo&) = default;
};

[[nodiscard]] Result<std::vector<ZoneInfo>> parse_zoneinfo(std::string file, std::string_view text);

} // namespace ksl::sim::proc
