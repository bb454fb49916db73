// SPDX-License-Identifier: MIT
#include "core/memory/zone.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace ksl::core {

namespace {

constexpr std::uint64_t kKibPerPage = kPageBytes / 1024;

std::uint64_t integer_root(std::uint64_t value) {
    auto root = static_cast<std::uint64_t>(std::sqrt(static_cast<double>(value)));
    while (root * root > value) --root;
    while ((root + 1) * (root + 1) <= value) ++root;
    return root;
}

/// zone_batchsize; 0 for a zone of less than 4 MiB or so.
std::uint32_t raw_batch(std::uint64_t managed_pages, const PageRules& rules) {
    const std::uint64_t share = std::min<std::uint64_t>(managed_pages / 1024, rules.pcp_most_batch_pages);
    const std::uint64_t quarter = std::max<std::uint64_t>(share / 4, 1);
    return static_cast<std::uint32_t>(std::bit_floor(quarter + quarter / 2) - 1);
}

} // namespace

std::uint32_t default_min_free_kib(std::uint64_t managed_pages, const PageRules& rules) {
    const std::uint64_t root = integer_root(16 * managed_pages * kKibPerPage);
    return static_cast<std::uint32_t>(std::clamp<std::uint64_t>(root, 128, rules.most_min_free_kib));
}

void set_watermarks(std::span<Zone> zones, std::uint32_t min_free_kib, const PageRules& rules) {
    std::uint64_t all = 0;
    for (const Zone& zone : zones) all += zone.managed;
    if (all == 0) return;
    for (Zone& zone : zones) {
        const std::uint64_t min = min_free_kib / kKibPerPage * zone.managed / all;
        const std::uint64_t scaled = std::uint64_t{zone.managed} * rules.watermark_scale_factor / 10000;
        const std::uint64_t gap = std::max(min / 4, scaled);
        zone.watermark = {static_cast<std::int64_t>(min), static_cast<std::int64_t>(min + gap),
                          static_cast<std::int64_t>(min + 2 * gap)};
        zone.boost = 0;
    }
}

void set_lowmem_reserves(std::span<Zone> zones, const PageRules& rules) {
    for (std::size_t lower = 0; lower < zones.size(); ++lower) {
        std::uint64_t above = 0;
        for (std::size_t allowed = 0; allowed < zones.size(); ++allowed) {
            if (allowed > lower) above += zones[allowed].managed;
            zones[lower].lowmem_reserve[allowed] = static_cast<std::int64_t>(above / rules.lowmem_reserve_ratio[lower]);
        }
    }
}

std::uint32_t page_list_batch(std::uint64_t managed_pages, const PageRules& rules) {
    return std::max(raw_batch(managed_pages, rules), 1U);
}

std::uint32_t page_list_high(const Zone& zone, unsigned cpus, const PageRules& rules) {
    if (rules.pcp_high == PcpHighRule::six_batches) return 6 * raw_batch(zone.managed, rules);
    const auto share = static_cast<std::uint32_t>(zone.watermark[static_cast<std::size_t>(Watermark::low)]) / cpus;
    return std::max(share, 4 * page_list_batch(zone.managed, rules));
}

std::int32_t stat_threshold(std::uint64_t managed_pages, unsigned cpus) {
    constexpr unsigned kPagesPer128MiBShift = 27 - kPageShift;
    const auto memory = static_cast<std::int32_t>(std::bit_width(managed_pages >> kPagesPer128MiBShift));
    return std::min(2 * static_cast<std::int32_t>(std::bit_width(cpus)) * (1 + memory), 125);
}

} // namespace ksl::core
