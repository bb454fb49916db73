// SPDX-License-Identifier: MIT
//
// What a TLB or a paging-structure cache keeps of a translation, packed into two words: a key that says which addresses
// it is for, and the data that it answers with.
//
// Layout:   key   0-51 linear address >> 12, cleared below the page size; 52-53 page size, or level of a cached entry;
//                 54 valid; 55 fragment of a larger page
//           data  0-39 frame; 40-51 PCID; 52 R/W; 53 U/S; 54 executable; 55 D; 56 G; 57-60 protection key; 61-63 PAT
//           index
// Source:   what may be cached: Intel SDM vol. 3A, "Caching translation information".
#pragma once

#include "core/paging/page_fault.h"
#include "core/paging/pte.h"
#include "core/types/address.h"

#include <cstdint>
#include <utility>

namespace ksl::core {

using Pcid = std::uint16_t; ///< 12 bits

struct TlbEntry {
    static constexpr unsigned kSizeShift = 52;
    static constexpr std::uint64_t kValid = std::uint64_t{1} << 54;
    static constexpr std::uint64_t kFragment = std::uint64_t{1} << 55;
    static constexpr std::uint64_t kKeyMask = kFragment - 1; ///< what a look-up compares

    static constexpr std::uint64_t kFrameMask = (std::uint64_t{1} << 40) - 1;
    static constexpr unsigned kPcidShift = 40;
    static constexpr std::uint64_t kPcidMask = std::uint64_t{0xfff} << kPcidShift;
    static constexpr std::uint64_t kWritable = std::uint64_t{1} << 52;
    static constexpr std::uint64_t kUser = std::uint64_t{1} << 53;
    static constexpr std::uint64_t kExecutable = std::uint64_t{1} << 54;
    static constexpr std::uint64_t kRights = kWritable | kUser | kExecutable;
    static constexpr std::uint64_t kDirty = std::uint64_t{1} << 55;
    static constexpr std::uint64_t kGlobal = std::uint64_t{1} << 56;
    static constexpr unsigned kKeyShift = 57;
    static constexpr unsigned kPatShift = 61;

    std::uint64_t key = 0;
    std::uint64_t data = 0;

    /// The key of a translation for a page of `size` around `at`.
    [[nodiscard]] static constexpr std::uint64_t key_of(VirtAddr at, PageSize size) {
        const unsigned low = kIndexBits * std::to_underlying(size);
        return (at.raw() >> kPageShift >> low << low) | std::uint64_t{std::to_underlying(size)} << kSizeShift | kValid;
    }
    /// The key of a cached entry of a table at `level` (pd to pml5).
    [[nodiscard]] static constexpr std::uint64_t key_of(VirtAddr at, Level level) {
        const unsigned low = shift_of(level) - kPageShift;
        return (at.raw() >> kPageShift >> low << low) | std::uint64_t{number_of(level) - 2U} << kSizeShift | kValid;
    }
    /// Of the combined rights of a walk: bit-parallel, because the walk has them as the AND and OR of its entries.
    [[nodiscard]] static constexpr std::uint64_t rights_bits(std::uint64_t all_entries, std::uint64_t any_entry) {
        return (all_entries & (Pte::kWritable.mask() | Pte::kUser.mask())) << 51 |
               ((~any_entry & Pte::kNoExecute.mask()) >> 9);
    }
    /// D, G and protection key of a leaf.
    [[nodiscard]] static constexpr std::uint64_t leaf_bits(std::uint64_t leaf) {
        return (leaf & Pte::kDirty.mask()) << 49 | (leaf & Pte::kGlobal.mask()) << 48 | (leaf & Pte::kKey.mask()) >> 2;
    }

    [[nodiscard]] constexpr bool is_valid() const { return (key & kValid) != 0; }
    [[nodiscard]] constexpr PageSize size() const { return static_cast<PageSize>(key >> kSizeShift & 3); }
    /// Of an entry in a paging-structure cache.
    [[nodiscard]] constexpr Level level() const { return static_cast<Level>((key >> kSizeShift & 3) + 2); }
    /// First address that it is for.
    [[nodiscard]] constexpr VirtAddr page() const { return VirtAddr{key << kPageShift}; }
    [[nodiscard]] constexpr bool is_fragment() const { return (key & kFragment) != 0; }

    [[nodiscard]] constexpr Pfn frame() const { return Pfn{data & kFrameMask}; }
    [[nodiscard]] constexpr Pcid pcid() const { return static_cast<Pcid>((data & kPcidMask) >> kPcidShift); }
    [[nodiscard]] constexpr bool is_global() const { return (data & kGlobal) != 0; }
    [[nodiscard]] constexpr bool is_dirty() const { return (data & kDirty) != 0; }
    [[nodiscard]] constexpr unsigned pat_index() const { return static_cast<unsigned>(data >> kPatShift); }
    [[nodiscard]] constexpr Rights rights() const {
        return {.writable = (data & kWritable) != 0,
                .user = (data & kUser) != 0,
                .no_execute = (data & kExecutable) == 0,
                .key = static_cast<std::uint8_t>(data >> kKeyShift & 15)};
    }
    friend constexpr bool operator==(const TlbEntry&, const TlbEntry&) = default;
};

static_assert(TlbEntry::rights_bits(6, 0) == (TlbEntry::kWritable | TlbEntry::kUser | TlbEntry::kExecutable));
static_assert(TlbEntry::rights_bits(0, Pte::kNoExecute.mask()) == 0);
static_assert(TlbEntry::leaf_bits(0x140) == (TlbEntry::kDirty | TlbEntry::kGlobal));
static_assert(TlbEntry::leaf_bits(Pte::kKey.mask()) == std::uint64_t{15} << TlbEntry::kKeyShift);

} // namespace ksl::core
