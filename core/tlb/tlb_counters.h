// SPDX-License-Identifier: MIT
//
// What a TLB did, counted: by level, by page size, and by whose addresses they were, which is what the discussion of
// vmapped stacks is about: whom do 4 KiB translations of stacks push out?
#pragma once

#include "core/paging/geometry.h"
#include "core/paging/kernel_layout.h"
#include "core/types/address.h"

#include <array>
#include <cstdint>
#include <string_view>

namespace ksl::core {

enum class AddressClass : std::uint8_t { user, direct_map, vmalloc, other_kernel };
inline constexpr unsigned kAddressClasses = 4;
[[nodiscard]] constexpr std::string_view name_of(AddressClass which) {
    constexpr std::array<std::string_view, kAddressClasses> kNames{"user", "direct map", "vmalloc", "other kernel"};
    return kNames[static_cast<std::size_t>(which)];
}

/// The borders between the classes, for use on hot paths.
class AddressClasses {
public:
    AddressClasses() = default;
    explicit AddressClasses(const KernelLayout& layout)
        : direct_map_(layout.direct_map()), vmalloc_(layout.vmalloc()) {}

    [[nodiscard]] AddressClass of(VirtAddr at) const {
        if (at.raw() >> 63 == 0) return AddressClass::user;
        if (direct_map_.contains(at)) return AddressClass::direct_map;
        return vmalloc_.contains(at) ? AddressClass::vmalloc : AddressClass::other_kernel;
    }
    friend bool operator==(const AddressClasses&, const AddressClasses&) = default;
    template <class Archive>
    void describe(Archive& archive) {
        archive(direct_map_.lowest, direct_map_.top, vmalloc_.lowest, vmalloc_.top);
    }

private:
    VirtRange direct_map_{};
    VirtRange vmalloc_{};
};

struct TlbCounters {
    using ByClass = std::array<std::uint64_t, kAddressClasses>;
    using BySize = std::array<std::uint64_t, kPageSizes>;

    BySize first_hits{}; ///< those that turned out to lack a right or the dirty bit included
    BySize second_hits{};
    ByClass first_misses{};
    ByClass second_misses{}; ///< in neither level
    BySize walks_by_size{};  ///< walks that found a page that may be used so
    std::uint64_t walk_references = 0;
    std::array<std::uint64_t, 4> walk_cache_hits{}; ///< by level from pd: what walks could skip
    std::uint64_t dirty_walks = 0;
    std::uint64_t faults = 0;
    std::uint64_t non_canonical = 0; ///< accesses that failed before a walk; counted as misses of both levels
    std::array<BySize, 2> fills{};   ///< by level
    std::array<std::array<ByClass, kAddressClasses>, 2> evictions{}; ///< by level, then by whom, then whom
    std::uint64_t invlpg = 0;
    std::uint64_t cr3_loads = 0;
    std::uint64_t cr3_flushes = 0;
    std::uint64_t full_flushes = 0;

    [[nodiscard]] std::uint64_t accesses() const {
        std::uint64_t sum = 0;
        for (std::uint64_t count : first_hits) sum += count;
        for (std::uint64_t count : first_misses) sum += count;
        return sum;
    }

    /// Those for a missing dirty bit included.
    [[nodiscard]] std::uint64_t walks() const {
        std::uint64_t sum = dirty_walks - non_canonical;
        for (std::uint64_t count : second_misses) sum += count;
        return sum;
    }

    friend bool operator==(const TlbCounters&, const TlbCounters&) = default;
    template <class Archive>
    void describe(Archive& archive) {
        archive(first_hits, second_hits, first_misses, second_misses, walks_by_size, walk_references, walk_cache_hits,
                dirty_walks, faults, non_canonical, fills, evictions, invlpg, cr3_loads, cr3_flushes, full_flushes);
    }
};

} // namespace ksl::core
