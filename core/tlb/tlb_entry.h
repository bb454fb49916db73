// SPDX-License-Identifier: MIT
//
// What a TLB or a paging-structure cache keeps of a translation: a key that says which addresses it is for, and the
// entry that it answers with.
//
// Layout:   key   0-51 linear address >> 12, cleared below the page size; 52-53 page size, or level of a cached entry;
//                 54 valid; 55 piece of a larger page; 56-57 class of the address (TLBs only)
//           data  the paging-structure entry as it lies in memory, with R/W, U/S and XD of all levels combined, and
//           with the
//                 PCID in the twelve bits that say nothing here: P and A, which are set in everything that is cached,
//                 and the ten that hardware ignores in every kind of entry
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
    static constexpr std::uint64_t kPiece = std::uint64_t{1} << 55;
    static constexpr unsigned kClassShift = 56;
    static constexpr std::uint64_t kKeyMask = kPiece - 1; ///< what a look-up compares

    static constexpr std::uint64_t kRights = Pte::kWritable.mask() | Pte::kUser.mask() | Pte::kNoExecute.mask();

    std::uint64_t key = 0;
    std::uint64_t data = 0;

    /// The key of a translation for a page of `size` around `at`.
    [[nodiscard, gnu::always_inline]] static constexpr std::uint64_t key_of(VirtAddr at, PageSize size) {
        return key_at(at, kIndexBits * std::to_underlying(size), std::to_underlying(size));
    }
    /// The key of a cached entry of a table at `level` (pd to pml5).
    [[nodiscard, gnu::always_inline]] static constexpr std::uint64_t key_of(VirtAddr at, Level level) {
        return key_at(at, shift_of(level) - kPageShift, number_of(level) - 2U);
    }
    /// A PCID as it lies in an entry's data.
    [[nodiscard]] static constexpr std::uint64_t bits_of(Pcid pcid) {
        const std::uint64_t bits = pcid;
        return (bits & 0x7f) << 52 | (bits >> 7 & 7) << 9 | (bits >> 10 & 1) | (bits >> 11 & 1) << 5;
    }
    static constexpr std::uint64_t kPcidBits = std::uint64_t{0x7f} << 52 | 7U << 9 | 1U << 5 | 1U;

    [[nodiscard]] constexpr bool is_valid() const { return (key & kValid) != 0; }
    [[nodiscard]] constexpr PageSize size() const { return static_cast<PageSize>(key >> kSizeShift & 3); }
    /// Of an entry in a paging-structure cache.
    [[nodiscard]] constexpr Level level() const { return static_cast<Level>((key >> kSizeShift & 3) + 2); }
    /// First address that it is for.
    [[nodiscard]] constexpr VirtAddr page() const { return VirtAddr{key << kPageShift}; }
    [[nodiscard]] constexpr bool is_piece() const { return (key & kPiece) != 0; }
    /// Without what only a particular array says about it.
    [[nodiscard]] constexpr TlbEntry plain() const { return {.key = key & (kKeyMask | kPiece), .data = data}; }

    [[nodiscard]] constexpr Pcid pcid() const {
        return static_cast<Pcid>((data >> 52 & 0x7f) | (data >> 9 & 7) << 7 | (data & 1) << 10 | (data >> 5 & 1) << 11);
    }
    [[nodiscard]] constexpr bool is_global() const { return (data & Pte::kGlobal.mask()) != 0; }
    [[nodiscard]] constexpr bool is_dirty() const { return (data & Pte::kDirty.mask()) != 0; }
    /// As it would lie in memory.
    [[nodiscard]] constexpr Pte entry() const {
        return Pte{(data & ~kPcidBits) | Pte::kPresent.mask() | Pte::kAccessed.mask()};
    }
    [[nodiscard]] constexpr Rights rights() const {
        return {.writable = (data & Pte::kWritable.mask()) != 0,
                .user = (data & Pte::kUser.mask()) != 0,
                .no_execute = (data & Pte::kNoExecute.mask()) != 0,
                .key = static_cast<std::uint8_t>(Pte{data}.get(Pte::kKey))};
    }
    friend constexpr bool operator==(const TlbEntry&, const TlbEntry&) = default;

private:
    [[nodiscard, gnu::always_inline]] static constexpr std::uint64_t key_at(VirtAddr at, unsigned low, unsigned kind) {
        return (at.raw() >> kPageShift >> low << low) | std::uint64_t{kind} << kSizeShift | kValid;
    }
};

/// The rights of a walk, level by level: R/W and U/S are the AND of all entries, XD is the OR, which is the AND of its
/// opposites.
class CombinedRights {
public:
    constexpr CombinedRights() = default;
    /// Going on from an entry that a cache had.
    constexpr explicit CombinedRights(std::uint64_t data) : all_(data ^ Pte::kNoExecute.mask()) {}

    constexpr void add(Pte entry) { all_ &= entry.bits() ^ Pte::kNoExecute.mask(); }
    /// R/W, U/S and XD, at their places in an entry.
    [[nodiscard]] constexpr std::uint64_t bits() const { return (all_ ^ Pte::kNoExecute.mask()) & TlbEntry::kRights; }

private:
    std::uint64_t all_ = ~std::uint64_t{0};
};

static_assert(TlbEntry::bits_of(0xfff) == TlbEntry::kPcidBits);
static_assert(TlbEntry{.key = 0, .data = TlbEntry::bits_of(0xa5c)}.pcid() == 0xa5c);
// None of the borrowed bits means anything in a present, accessed entry.
static_assert((TlbEntry::kPcidBits &
               (Pte::kFrame.mask() | Pte::kKey.mask() | Pte::kGlobal.mask() | Pte::kDirty.mask() |
                Pte::kPageSize.mask() | Pte::kPcd.mask() | Pte::kPwt.mask() | TlbEntry::kRights)) == 0);

} // namespace ksl::core
