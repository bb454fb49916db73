// SPDX-License-Identifier: MIT
//
// How a linear address is cut into table indices: four levels (48-bit addresses) or five (57-bit, CR4.LA57).
//
// Units:   a level is a table: PT holds entries for 4 KiB, PML5 for 256 TiB. An entry *at* a level covers span(level).
// Source:  Intel SDM vol. 3A, "4-level paging and 5-level paging"; canonical addresses: vol. 1 section 3.3.7.1.
#pragma once

#include "core/events/paging_events.h"
#include "core/types/address.h"

#include <array>
#include <concepts>
#include <cstdint>
#include <string_view>
#include <utility>

namespace ksl::core {

/// The kind of table, counted from the leaves.
enum class Level : std::uint8_t { pt = 1, pd = 2, pdpt = 3, pml4 = 4, pml5 = 5 };

inline constexpr unsigned kIndexBits = 9;
inline constexpr unsigned kEntriesPerTable = 1U << kIndexBits;

[[nodiscard]] constexpr unsigned number_of(Level level) {
    return std::to_underlying(level);
}
[[nodiscard]] constexpr Level below(Level level) {
    return static_cast<Level>(number_of(level) - 1);
}
/// Bits of a linear address below the index of `level`.
[[nodiscard]] constexpr unsigned shift_of(Level level) {
    return kPageShift + kIndexBits * (number_of(level) - 1);
}
/// Bytes of linear address space that one entry of a table at `level` covers.
[[nodiscard]] constexpr Bytes span_of(Level level) {
    return Bytes{std::uint64_t{1} << shift_of(level)};
}
[[nodiscard]] constexpr unsigned index_of(VirtAddr at, Level level) {
    return static_cast<unsigned>(at.raw() >> shift_of(level)) & (kEntriesPerTable - 1);
}

/// Intel's name of the table.
[[nodiscard]] constexpr std::string_view name_of(Level level) {
    constexpr std::array<std::string_view, 6> kNames{"", "PT", "PD", "PDPT", "PML4", "PML5"};
    return kNames[number_of(level)];
}

[[nodiscard]] constexpr Level leaf_level_of(PageSize size) {
    return static_cast<Level>(std::to_underlying(size) + 1);
}
/// `level` is pt, pd or pdpt.
[[nodiscard]] constexpr PageSize page_size_of(Level level) {
    return static_cast<PageSize>(number_of(level) - 1);
}
[[nodiscard]] constexpr Bytes bytes_of(PageSize size) {
    return span_of(leaf_level_of(size));
}
inline constexpr unsigned kPageSizes = 3;
inline constexpr std::array<PageSize, kPageSizes> kAllPageSizes{PageSize::small_4k, PageSize::large_2m,
                                                                PageSize::huge_1g};
[[nodiscard]] constexpr std::string_view name_of(PageSize size) {
    constexpr std::array<std::string_view, kPageSizes> kNames{"4K", "2M", "1G"};
    return kNames[std::to_underlying(size)];
}

struct FourLevel {
    static constexpr Level kTop = Level::pml4;
};
struct FiveLevel {
    static constexpr Level kTop = Level::pml5;
};
template <class G>
concept PagingGeometry = requires {
    { G::kTop } -> std::convertible_to<Level>;
};

/// The same choice as a value, for code that is not a hot loop.
class Geometry {
public:
    constexpr Geometry() = default;
    constexpr explicit Geometry(Level top) : top_(top) {}
    static constexpr Geometry four_level() { return Geometry{FourLevel::kTop}; }
    static constexpr Geometry five_level() { return Geometry{FiveLevel::kTop}; }

    [[nodiscard]] constexpr Level top() const { return top_; }
    [[nodiscard]] constexpr unsigned levels() const { return number_of(top_); }
    /// Significant bits of a linear address: 48 or 57.
    [[nodiscard]] constexpr unsigned address_bits() const { return shift_of(top_) + kIndexBits; }
    [[nodiscard]] constexpr bool is_canonical(VirtAddr at) const { return canonical(at) == at; }
    /// `at` with its top bits made copies of the highest significant bit.
    [[nodiscard]] constexpr VirtAddr canonical(VirtAddr at) const {
        const unsigned unused = 64 - address_bits();
        return VirtAddr{static_cast<std::uint64_t>(static_cast<std::int64_t>(at.raw() << unused) >> unused)};
    }
    /// First address of the upper half.
    [[nodiscard]] constexpr VirtAddr kernel_half() const {
        return canonical(VirtAddr{std::uint64_t{1} << (address_bits() - 1)});
    }

    friend constexpr bool operator==(Geometry, Geometry) = default;
    template <class Archive>
    void describe(Archive& archive) {
        archive(top_);
    }

private:
    Level top_ = Level::pml4;
};

} // namespace ksl::core
