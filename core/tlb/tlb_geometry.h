// SPDX-License-Identifier: MIT
//
// The shape of a processor's TLBs and paging-structure caches, as data. Every published arrangement is one value of
// this: separate first-level arrays by page size or one for all, own arrays for stores, a second level for data and
// instructions together or apart, with limits and side arrays for large pages.
//
// Source:   Intel 64 and IA-32 Optimization Reference Manual, TLB parameters of each microarchitecture; AMD Software
//           Optimization Guides for families 17h and 19h. The presets in assets/processors name theirs.
#pragma once

#include "core/paging/geometry.h"
#include "core/tlb/assoc_array.h"

#include <array>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace ksl::core {

/// Which page sizes a structure can hold.
class PageSizeSet {
public:
    constexpr PageSizeSet() = default;
    constexpr PageSizeSet(std::initializer_list<PageSize> sizes) {
        for (PageSize size : sizes) add(size);
    }
    constexpr void add(PageSize size) { bits_ = static_cast<std::uint8_t>(bits_ | 1U << std::to_underlying(size)); }
    [[nodiscard]] constexpr bool has(PageSize size) const { return (bits_ >> std::to_underlying(size) & 1) != 0; }
    [[nodiscard]] constexpr bool is_empty() const { return bits_ == 0; }
    [[nodiscard]] constexpr std::uint8_t bits() const { return bits_; }
    friend constexpr bool operator==(PageSizeSet, PageSizeSet) = default;

    template <class Archive>
    void describe(Archive& archive) {
        archive(bits_);
    }

private:
    std::uint8_t bits_ = 0;
};

/// One array of translations.
struct TlbArrayGeometry {
    std::uint16_t entries = 0;
    std::uint16_t ways = 0; ///< equal to entries: fully associative
    PageSizeSet holds;
    /// Large pages may use only the first so many ways; 0 = all. Index: PageSize.
    std::array<std::uint16_t, kPageSizes> most_ways{};
    bool per_thread = false; ///< each hyper-thread has its own

    /// Empty text, or what is impossible about it and what would be right, for the author of a preset.
    [[nodiscard]] std::string check() const;
    friend constexpr bool operator==(const TlbArrayGeometry&, const TlbArrayGeometry&) = default;
};

/// One cache of entries that point to tables.
struct WalkCacheGeometry {
    std::uint16_t entries = 0; ///< 0 = there is none
    std::uint16_t ways = 0;

    [[nodiscard]] std::string check() const;
    friend constexpr bool operator==(const WalkCacheGeometry&, const WalkCacheGeometry&) = default;
};

struct TlbGeometry {
    std::vector<TlbArrayGeometry> load;   ///< first level, data; with `store` empty for stores as well
    std::vector<TlbArrayGeometry> store;  ///< first level, stores only
    std::vector<TlbArrayGeometry> fetch;  ///< first level, instructions
    std::vector<TlbArrayGeometry> second; ///< second level, data; with `second_fetch` empty for instructions as well
    std::vector<TlbArrayGeometry> second_fetch; ///< second level, instructions only
    /// A 1G page goes into the second level as the 2M page around the address ("smashed").
    bool second_smashes_1g = false;
    std::array<WalkCacheGeometry, 4> walk_caches{}; ///< PDE, PDPTE, PML4E, PML5E caches, by level from pd
    Replacement first_policy = Replacement::tree_plru;
    Replacement second_policy = Replacement::lru;
    Replacement walk_cache_policy = Replacement::lru;

    friend bool operator==(const TlbGeometry&, const TlbGeometry&) = default;

    /// Of all parts and of what they are together.
    [[nodiscard]] std::string check() const;
};

} // namespace ksl::core
