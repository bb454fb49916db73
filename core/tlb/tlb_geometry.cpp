// SPDX-License-Identifier: MIT
#include "core/tlb/tlb_geometry.h"

#include <string_view>

namespace ksl::core {

namespace {

std::string check_shape(std::string_view what, std::uint16_t entries, std::uint16_t ways) {
    const ArrayShape shape{.entries = entries, .ways = ways};
    if (entries == 0) return std::string{what} + " has no entries";
    if (ways == 0) return std::string{what} + " has no ways";
    if (ways > ArrayShape::kMostWays)
        return std::string{what} + " has more than " + std::to_string(ArrayShape::kMostWays) + " ways";
    if (entries % ways != 0)
        return std::string{what} + ": " + std::to_string(entries) + " entries are not a multiple of " +
               std::to_string(ways) + " ways";
    if (!shape.is_valid())
        return std::string{what} + ": " + std::to_string(entries / ways) + " sets are not a power of two";
    return "";
}

std::string check_level(std::string_view what, const std::vector<TlbArrayGeometry>& arrays) {
    std::uint8_t held = 0;
    for (const TlbArrayGeometry& array : arrays) {
        if (std::string wrong = check_shape(what, array.entries, array.ways); !wrong.empty()) return wrong;
        if (array.holds.is_empty()) return std::string{what} + " holds no page size";
        if ((held & array.holds.bits()) != 0) return std::string{what} + " has two arrays for one page size";
        held |= array.holds.bits();
        for (std::uint16_t most : array.most_ways) {
            if (most > array.ways) return std::string{what} + " limits large pages to more ways than it has";
        }
    }
    return "";
}

} // namespace

std::string TlbGeometry::check() const {
    if (load.empty()) return "there is no first-level data TLB";
    if (fetch.empty()) return "there is no first-level instruction TLB";
    const std::array<std::pair<std::string_view, const std::vector<TlbArrayGeometry>*>, 5> levels{{
        {"the first-level data TLB", &load},
        {"the first-level store TLB", &store},
        {"the first-level instruction TLB", &fetch},
        {"the second-level TLB", &second},
        {"the second-level instruction TLB", &second_fetch},
    }};
    for (const auto& [what, arrays] : levels) {
        if (std::string wrong = check_level(what, *arrays); !wrong.empty()) return wrong;
    }
    for (std::size_t i = 0; i < walk_caches.size(); ++i) {
        const WalkCacheGeometry& cache = walk_caches[i];
        if (cache.entries == 0) continue;
        const std::string what = "the paging-structure cache of the " + std::string{name_of(static_cast<Level>(i + 2))};
        if (std::string wrong = check_shape(what, cache.entries, cache.ways); !wrong.empty()) return wrong;
    }
    return "";
}

} // namespace ksl::core
