// SPDX-License-Identifier: MIT
//
// A paging-structure entry: one 64-bit word whose bits mean different things at different levels. One table of fields
// for each kind of entry is what the walker's masks, the JSON dump and the bit widget all read.
//
// Layout:   bit 7 has two names, chosen by kind: PS ("page size", is this a leaf) in PDPTEs and PDEs, PAT in PTEs;
//           leaves of 2M and 1G have their PAT at bit 12. No C++ bit-fields: their layout is not ours to promise.
// Source:   Intel SDM vol. 3A, "Formats of CR3 and paging-structure entries with 4-level and 5-level paging";
//           AMD APM vol. 2 section 5.3 where said.
#pragma once

#include "core/paging/geometry.h"
#include "core/types/address.h"

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace ksl::core {

struct BitField {
    std::string_view name;
    std::string_view meaning;
    std::uint8_t low = 0;
    std::uint8_t width = 1;

    [[nodiscard]] constexpr std::uint64_t mask() const {
        return (width == 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << width) - 1) << low;
    }
    friend constexpr bool operator==(const BitField&, const BitField&) = default;
};

/// What an entry is, given its level: decides which table of fields applies.
enum class EntryKind : std::uint8_t { not_present, pml5e, pml4e, pdpte, pdpte_1g, pde, pde_2m, pte };
inline constexpr unsigned kEntryKinds = 8;

class Pte {
public:
    static constexpr BitField kPresent{"P", "present: without it hardware ignores every other bit", 0, 1};
    static constexpr BitField kWritable{"R/W", "writes allowed (all levels must agree)", 1, 1};
    static constexpr BitField kUser{"U/S", "user mode allowed (all levels must agree)", 2, 1};
    static constexpr BitField kPwt{"PWT", "page-level write-through: bit 0 of the PAT index", 3, 1};
    static constexpr BitField kPcd{"PCD", "page-level cache disable: bit 1 of the PAT index", 4, 1};
    static constexpr BitField kAccessed{"A", "accessed: set by the walker in every entry it uses", 5, 1};
    static constexpr BitField kDirty{"D", "dirty: set by the walker before the first write", 6, 1};
    static constexpr BitField kPageSize{"PS", "page size: 1 = this entry maps a page", 7, 1};
    static constexpr BitField kPat{"PAT", "bit 2 of the PAT index, in a 4K leaf", 7, 1};
    static constexpr BitField kGlobal{"G", "global: survives CR3 loads (if CR4.PGE)", 8, 1};
    static constexpr BitField kPatLarge{"PAT", "bit 2 of the PAT index, in a 2M or 1G leaf", 12, 1};
    static constexpr BitField kFrame{"frame", "physical frame of the page or of the next table", 12, 40};
    static constexpr BitField kFrame2m{"frame", "physical frame of a 2M page, 512 aligned", 21, 31};
    static constexpr BitField kFrame1g{"frame", "physical frame of a 1G page, 262144 aligned", 30, 22};
    static constexpr BitField kKey{"PKEY", "protection key (if CR4.PKE or CR4.PKS)", 59, 4};
    static constexpr BitField kNoExecute{"XD", "no instruction fetches (any level); reserved without EFER.NXE", 63, 1};

    constexpr Pte() = default;
    constexpr explicit Pte(std::uint64_t bits) : bits_(bits) {}

    [[nodiscard]] constexpr std::uint64_t bits() const { return bits_; }
    [[nodiscard]] constexpr std::uint64_t get(const BitField& field) const {
        return (bits_ & field.mask()) >> field.low;
    }
    [[nodiscard]] constexpr bool has(const BitField& field) const { return (bits_ & field.mask()) != 0; }
    /// A new entry with `field` replaced; bits of `value` beyond the field are dropped.
    [[nodiscard]] constexpr Pte with(const BitField& field, std::uint64_t value) const {
        return Pte{(bits_ & ~field.mask()) | ((value << field.low) & field.mask())};
    }

    [[nodiscard]] constexpr bool is_present() const { return has(kPresent); }
    /// Present, and maps a page rather than pointing to a table.
    [[nodiscard]] constexpr bool is_leaf(Level level) const {
        return is_present() && (level == Level::pt || (level <= Level::pdpt && has(kPageSize)));
    }
    /// No bit set: what pte_none() of Linux asks.
    [[nodiscard]] constexpr bool is_clear() const { return bits_ == 0; }

    /// The next table's frame; of a leaf, use frame(level).
    [[nodiscard]] constexpr Pfn table() const { return Pfn{get(kFrame)}; }
    /// First frame of the page that a leaf at `level` maps.
    [[nodiscard]] constexpr Pfn frame(Level level) const { return Pfn{get(kFrame) & ~(frames_of(level) - 1)}; }
    [[nodiscard]] constexpr PhysAddr address(Level level) const { return address_of(frame(level)); }

    /// Index into IA32_PAT: PAT * 4 + PCD * 2 + PWT; entries that point to tables have no PAT bit.
    [[nodiscard]] constexpr unsigned pat_index(Level level) const {
        auto index = static_cast<unsigned>(get(kPwt) | get(kPcd) << 1);
        if (is_leaf(level)) index |= static_cast<unsigned>(get(level == Level::pt ? kPat : kPatLarge)) << 2;
        return index;
    }

    /// 4 KiB frames that a leaf at `level` covers.
    [[nodiscard]] static constexpr std::uint64_t frames_of(Level level) {
        return std::uint64_t{1} << (kIndexBits * (number_of(level) - 1));
    }

    friend constexpr bool operator==(Pte, Pte) = default;

    template <class Archive>
    void describe(Archive& archive) {
        archive(bits_);
    }

private:
    std::uint64_t bits_ = 0;
};

[[nodiscard]] constexpr EntryKind kind_of(Pte entry, Level level) {
    if (!entry.is_present()) return EntryKind::not_present;
    switch (level) {
    case Level::pml5: return EntryKind::pml5e;
    case Level::pml4: return EntryKind::pml4e;
    case Level::pdpt: return entry.has(Pte::kPageSize) ? EntryKind::pdpte_1g : EntryKind::pdpte;
    case Level::pd: return entry.has(Pte::kPageSize) ? EntryKind::pde_2m : EntryKind::pde;
    case Level::pt: break;
    }
    return EntryKind::pte;
}

/// "PDE (2M page)" and the like.
[[nodiscard]] std::string_view name_of(EntryKind kind);

/// Every bit of an entry of this kind, from bit 63 down, without gaps or overlaps; ignored and reserved bits are fields
/// of those names. Bits that only MAXPHYADDR makes reserved belong to "frame".
[[nodiscard]] std::span<const BitField> fields_of(EntryKind kind);

/// What decides which bits of a present entry must be zero.
struct EntryRules {
    std::uint8_t physical_bits = 46; ///< MAXPHYADDR, CPUID.80000008H:EAX[7:0]
    bool no_execute = true;          ///< EFER.NXE
    bool huge_pages = true;          ///< CPUID.80000001H:EDX.Page1GB
    bool amd = false;                ///< AMD: bit 8 of PML4Es and PML5Es must be zero as well

    friend constexpr bool operator==(const EntryRules&, const EntryRules&) = default;
    template <class Archive>
    void describe(Archive& archive) {
        archive(physical_bits, no_execute, huge_pages, amd);
    }
};

/// Bits of a present entry of this kind that raise a page fault with RSVD if set. An entry that is not present has
/// none.
[[nodiscard]] constexpr std::uint64_t reserved_bits(EntryKind kind, const EntryRules& rules) {
    if (kind == EntryKind::not_present) return 0;
    std::uint64_t reserved = Pte::kFrame.mask() & ~((std::uint64_t{1} << rules.physical_bits) - 1);
    if (!rules.no_execute) reserved |= Pte::kNoExecute.mask();
    switch (kind) {
    case EntryKind::pml5e:
    case EntryKind::pml4e:
        reserved |= Pte::kPageSize.mask();
        if (rules.amd) reserved |= Pte::kGlobal.mask();
        break;
    case EntryKind::pdpte_1g:
        reserved |= Pte::kFrame.mask() & ~Pte::kFrame1g.mask() & ~Pte::kPatLarge.mask();
        if (!rules.huge_pages) reserved |= Pte::kPageSize.mask();
        break;
    case EntryKind::pde_2m: reserved |= Pte::kFrame.mask() & ~Pte::kFrame2m.mask() & ~Pte::kPatLarge.mask(); break;
    case EntryKind::pdpte:
    case EntryKind::pde:
    case EntryKind::pte:
    case EntryKind::not_present: break;
    }
    return reserved;
}

static_assert(Pte{}.with(Pte::kFrame, 0xABCDE).table() == Pfn{0xABCDE});
static_assert(Pte{0xe7}.is_leaf(Level::pd) && !Pte{0x67}.is_leaf(Level::pd) && Pte{0x67}.is_leaf(Level::pt));

} // namespace ksl::core
