// SPDX-License-Identifier: MIT
//
// Raw walks, many of them: remembers where the host keeps each table, so that a level costs two loads. For batches of
// look-ups on memory at rest (walk --batch, verification); the processor's own walks are walker.h and tlb/mmu.h.
//
// Fidelity: present bits and page sizes only. No canonical check, no reserved bits, no rights, no accessed bits.
// Lifetime: valid until the memory is written or destroyed.
#pragma once

#include "core/memory/phys_memory.h"
#include "core/paging/geometry.h"
#include "core/paging/pte.h"

#include <cstdint>
#include <optional>
#include <vector>

namespace ksl::core {

class TableView {
public:
    explicit TableView(const PhysMemory& memory);

    /// Where the tables at `root` map `at`; nothing if an entry on the way is not present.
    template <PagingGeometry G>
    [[nodiscard]] std::optional<PhysAddr> translate(Pfn root, VirtAddr at) {
        PhysAddr found = follow<G::kTop>({.frame = root.raw(), .frames = root.raw()}, at);
        if (found == kNowhere) [[unlikely]]
            found = translate_slowly<G::kTop>(table(root.raw()), at);
        if (found == kNowhere) return std::nullopt;
        return found;
    }

private:
    static constexpr PhysAddr kNowhere{~std::uint64_t{0}};

    /// A walk that only goes where it knows the way: no level asks whether its entry is present or its table known. The
    /// last one asks, once for all: tables that are not known read as not present.
    struct Path {
        std::uint64_t frame;                           ///< of the next table
        std::uint64_t frames;                          ///< the OR of all tables' frames
        std::uint64_t all_entries = ~std::uint64_t{0}; ///< the AND of those read
    };
    template <Level kLevel>
    [[nodiscard, gnu::always_inline]] PhysAddr follow(Path path, VirtAddr at) const {
        const Pte entry{known_[path.frame & known_mask_][index_of(at, kLevel)]};
        path.all_entries &= entry.bits();
        if constexpr (kLevel == Level::pt) {
            return leaf_of<kLevel>(path, entry, at);
        } else {
            if constexpr (kLevel <= Level::pdpt) {
                if (entry.has(Pte::kPageSize)) return leaf_of<kLevel>(path, entry, at);
            }
            path.frame = entry.table().raw();
            path.frames |= path.frame;
            return follow<below(kLevel)>(path, at);
        }
    }
    template <Level kLevel>
    [[nodiscard, gnu::always_inline]] PhysAddr leaf_of(const Path& path, Pte entry, VirtAddr at) const {
        const bool is_sure = (path.all_entries & Pte::kPresent.mask()) != 0 && path.frames <= known_mask_;
        return is_sure ? leaf<kLevel>(entry, at) : kNowhere;
    }

    /// Level by level; every table is known afterwards.
    template <Level kLevel>
    [[nodiscard, gnu::noinline]] PhysAddr translate_slowly(const std::uint64_t* words, VirtAddr at) {
        const Pte entry{words[index_of(at, kLevel)]};
        if (!entry.is_present()) return kNowhere;
        if constexpr (kLevel == Level::pt) {
            return leaf<kLevel>(entry, at);
        } else {
            if constexpr (kLevel <= Level::pdpt) {
                if (entry.has(Pte::kPageSize)) return leaf<kLevel>(entry, at);
            }
            return translate_slowly<below(kLevel)>(table(entry.table().raw()), at);
        }
    }
    template <Level kLevel>
    [[nodiscard]] static PhysAddr leaf(Pte entry, VirtAddr at) {
        return entry.address(kLevel) + Bytes{at.raw() & (span_of(kLevel).count() - 1)};
    }
    /// Known from then on, if it is in memory.
    [[nodiscard]] const std::uint64_t* table(std::uint64_t frame);

    const PhysMemory* memory_;
    std::vector<const std::uint64_t*> known_;        ///< by frame, a power of two of them; others read as all zeroes
    std::uint64_t known_mask_ = 0;                   ///< their number less one
    std::vector<std::vector<std::uint64_t>> copies_; ///< of frames that the memory does not store as a whole
};

} // namespace ksl::core
