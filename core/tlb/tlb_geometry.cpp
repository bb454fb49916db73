// SPDX-License-Identifier: MIT
#include "core/tlb/tlb_geometry.h"

#include <algorithm>
#include <cstdlib>
#include <string_view>

namespace ksl::core {

namespace {

bool is_possible(std::uint16_t entries, std::uint16_t ways) {
    return ArrayShape{.entries = entries, .ways = ways}.is_valid();
}

/// The possible number of ways nearest to the given one.
std::uint16_t suggested_ways(std::uint16_t entries, std::uint16_t ways) {
    std::uint16_t best = entries;
    for (std::uint16_t other = 1; other <= ArrayShape::kMostWays; ++other) {
        if (is_possible(entries, other) && std::abs(other - ways) < std::abs(best - ways)) best = other;
    }
    return best;
}

std::string check_shape(std::uint16_t entries, std::uint16_t ways) {
    if (entries == 0 || ways == 0) return "an array has entries and ways; 64 and 4 would be right";
    if (is_possible(entries, ways)) return "";
    const std::uint16_t better = suggested_ways(entries, ways);
    std::string wrong =
        std::to_string(entries) + " entries cannot be a power of two of sets of " + std::to_string(ways) + " ways";
    return is_possible(entries, better) ? wrong + "; " + std::to_string(better) + " ways would be right" : wrong;
}

std::string check_level(std::string_view what, const std::vector<TlbArrayGeometry>& arrays) {
    std::uint8_t held = 0;
    for (const TlbArrayGeometry& array : arrays) {
        if (std::string wrong = array.check(); !wrong.empty()) return std::string{what} + ": " + wrong;
        if ((held & array.holds.bits()) != 0)
            return std::string{what} + " has two arrays for one page size; one would be right";
        held |= array.holds.bits();
    }
    return "";
}

bool holds_small_pages(const std::vector<TlbArrayGeometry>& arrays) {
    return std::ranges::any_of(arrays,
                               [](const TlbArrayGeometry& array) { return array.holds.has(PageSize::small_4k); });
}

} // namespace

std::string TlbArrayGeometry::check() const {
    if (std::string wrong = check_shape(entries, ways); !wrong.empty()) return wrong;
    if (holds.is_empty()) return "it holds no page size; \"4k\" would be right";
    for (std::uint16_t most : most_ways) {
        if (most > ways)
            return "large pages are limited to " + std::to_string(most) + " ways of " + std::to_string(ways) +
                   "; at most " + std::to_string(ways) + " would be right";
    }
    return "";
}

std::string WalkCacheGeometry::check() const {
    return entries == 0 ? "" : check_shape(entries, ways);
}

std::string TlbGeometry::check() const {
    struct Part {
        std::string_view name;
        const std::vector<TlbArrayGeometry>* arrays;
        bool must_exist;
        bool must_hold_small_pages;
    };
    const std::array<Part, 5> parts{{
        {"the first-level data TLB", &load, true, true},
        {"the first-level store TLB", &store, false, true},
        {"the first-level instruction TLB", &fetch, true, true},
        {"the second-level TLB", &second, false, false},
        {"the second-level instruction TLB", &second_fetch, false, false},
    }};
    for (const Part& part : parts) {
        if (std::string wrong = check_level(part.name, *part.arrays); !wrong.empty()) return wrong;
        const bool must_hold = part.must_exist || (part.must_hold_small_pages && !part.arrays->empty());
        if (must_hold && !holds_small_pages(*part.arrays))
            return std::string{part.name} + " has no array for 4 KiB pages; one would be right";
    }
    for (const WalkCacheGeometry& cache : walk_caches) {
        if (std::string wrong = cache.check(); !wrong.empty()) return "a paging-structure cache: " + wrong;
    }
    return "";
}

} // namespace ksl::core
