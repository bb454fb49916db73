// SPDX-License-Identifier: MIT
//
// Large pages that the first level of a TLB holds, by where it holds them. A kernel lives in large pages and comes back
// to them all the time; for one that is noted here only the use is noted in its set, as looking it up would, and
// nothing is compared. That is right as long as
//
//     - the page is where it was found: whatever fills or removes large pages has all of them forgotten;
//     - nothing would be found before it: 4 KiB pages have been asked for already, and in which GiB the first level may
//       have 2M pages is known.
//
// The page of the last access is noted, too, a 4 KiB page or a piece of a large one: half of all accesses go to the
// page of the one before. A use of what was used last changes nothing in a set, and so nothing at all is looked at.
//
// Not state: with or without it, all goes the same way.
#pragma once

#include "core/tlb/tlb.h"

#include <array>
#include <cstdint>

namespace ksl::core {

class RecentPages {
    static constexpr std::uint64_t kPageBits = ~(kPageBytes - 1);
    static constexpr std::uint64_t kNowhere = 1; ///< no address is so in the bits of any mask

public:
    struct Page {
        std::uint64_t lowest = kNowhere; ///< of the addresses that it answers: those that are so in the bits of `mask`
        std::uint64_t mask = kPageBits;
        std::uint64_t data = 0; ///< of the TLB entry
        std::uint64_t base = 0; ///< physical address of `lowest`
        Tlb::Spot spot;         ///< of the TLB entry
        std::uint8_t ports = 0; ///< a bit a TlbPort
        PageSize size = PageSize::large_2m;
        bool may_be_used_once = true; ///< using it twice is no different

        [[nodiscard]] PhysAddr translate(VirtAddr at) const { return PhysAddr{base | (at.raw() & ~mask)}; }
    };

    /// The page around `at`, where no 4 KiB page is; nullptr if none is noted.
    [[nodiscard, gnu::always_inline]] const Page* find(VirtAddr at, TlbPort port) const {
        const Page& huge = huge_[huge_slot(at)];
        if (answers(huge, at, port)) return &huge;
        const Page& large = large_[large_slot(at)];
        return answers(large, at, port) ? &large : nullptr;
    }

    /// The 4 KiB page, or piece of a larger one, of the last access.
    struct Piece {
        std::uint64_t page = kNowhere;
        std::uint64_t data = 0; ///< of the TLB entry
        std::uint64_t base = 0; ///< physical address of the piece
        std::uint8_t ports = 0; ///< a bit a TlbPort
        PageSize size = PageSize::small_4k;

        [[nodiscard]] PhysAddr translate(VirtAddr at) const { return PhysAddr{base | (at.raw() & ~kPageBits)}; }
    };
    /// The piece around `at` if it was the last to be used; else nullptr.
    [[nodiscard, gnu::always_inline]] const Piece* find_last(VirtAddr at, TlbPort port) const {
        const bool answers = (at.raw() & kPageBits) == last_.page && (last_.ports & bit_of(port)) != 0;
        return answers ? &last_ : nullptr;
    }
    [[gnu::always_inline]] void note_last(VirtAddr at, PhysAddr found, std::uint64_t data, PageSize size,
                                          std::uint8_t ports) {
        last_ = {
            .page = at.raw() & kPageBits, .data = data, .base = found.raw() & kPageBits, .ports = ports, .size = size};
    }
    void forget_last() { last_.page = kNowhere; }

    /// A look-up of `at` has just found this large page.
    void note(const Tlb& tlb, TlbPort port, VirtAddr at, const TlbEntry& entry) {
        // Where pages of several sizes share a set, every fill would have to be watched.
        if (!tlb.port(port).is_apart) return;
        const std::uint64_t gib = gib_bit(at);
        const bool is_huge = entry.size() == PageSize::huge_1g;
        // Other addresses of a 1G page may have 2M entries of their own, which would be found first.
        const PageSize alike = is_huge && (may_hold_large_ & gib) == 0 ? PageSize::huge_1g : PageSize::large_2m;
        const std::uint64_t mask = ~(bytes_of(alike).count() - 1);
        const std::uint64_t inside = bytes_of(entry.size()).count() - 1;
        (is_huge ? huge_[huge_slot(at)] : large_[large_slot(at)]) = {
            .lowest = at.raw() & mask,
            .mask = mask,
            .data = entry.data,
            .base = (entry.data & Pte::kFrame.mask() & ~inside) | (at.raw() & inside & mask),
            .spot = tlb.spot_of(entry, port, at),
            .ports = tlb.port(port).alike,
            .size = entry.size(),
            .may_be_used_once = tlb.port(port).levels[0].home_of(entry.size()).array.may_be_touched_once()};
    }
    /// The first level is about to get a large page of this size, or a piece of it, around `at`.
    void note_fill(const TlbPortMap& map, VirtAddr at, PageSize size) {
        if (size == PageSize::large_2m || map.levels[0].home_of(size).is_smashed) may_hold_large_ |= gib_bit(at);
        forget();
    }
    [[gnu::noinline]] void forget() {
        for (Page& page : large_) page.lowest = kNowhere;
        for (Page& page : huge_) page.lowest = kNowhere;
        forget_last();
    }
    /// The TLB's contents come from elsewhere.
    void assume_anything() {
        may_hold_large_ = ~std::uint64_t{0};
        forget();
    }

private:
    static constexpr unsigned kLargeShift = kPageShift + kIndexBits;
    static constexpr unsigned kHugeShift = kLargeShift + kIndexBits;
    static constexpr std::size_t kLargeSlots = 8;
    static constexpr std::size_t kHugeSlots = 4;

    [[nodiscard]] static constexpr unsigned bit_of(TlbPort port) { return 1U << static_cast<unsigned>(port); }
    /// The areas of the kernel's address space begin at whole GiB: the GiB's number tells their first pages apart.
    [[nodiscard]] static std::size_t large_slot(VirtAddr at) {
        return (at.raw() >> kLargeShift ^ at.raw() >> kHugeShift) % kLargeSlots;
    }
    [[nodiscard]] static std::size_t huge_slot(VirtAddr at) { return (at.raw() >> kHugeShift) % kHugeSlots; }
    [[nodiscard, gnu::always_inline]] static bool answers(const Page& page, VirtAddr at, TlbPort port) {
        return (at.raw() & page.mask) == page.lowest && (page.ports & bit_of(port)) != 0;
    }
    /// 64 bits stand for all GiB there are. That several share one costs a look-up now and then, no more.
    [[nodiscard]] static std::uint64_t gib_bit(VirtAddr at) {
        const std::uint64_t gib = at.raw() >> kHugeShift;
        return std::uint64_t{1} << ((gib ^ gib >> 6) % 64);
    }

    Piece last_;
    std::array<Page, kLargeSlots> large_{};
    std::array<Page, kHugeSlots> huge_{};
    std::uint64_t may_hold_large_ = 0; ///< GiB of which the first level may have 2M pages
};

} // namespace ksl::core
