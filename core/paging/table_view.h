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
    explicit TableView(const PhysMemory& memory) : memory_(&memory) {}

    /// Where the tables at `root` map `at`; nothing if an entry on the way is not present.
    template <PagingGeometry G>
    [[nodiscard]] std::optional<PhysAddr> translate(Pfn root, VirtAddr at) {
        return translate_below<G::kTop>(table(root.raw()), at);
    }

private:
    template <Level kLevel>
    [[nodiscard]] std::optional<PhysAddr> translate_below(const std::uint64_t* words, VirtAddr at) {
        const Pte entry{words[index_of(at, kLevel)]};
        if (!entry.is_present()) return std::nullopt;
        if constexpr (kLevel == Level::pt) {
            return leaf<kLevel>(entry, at);
        } else {
            if constexpr (kLevel <= Level::pdpt) {
                if (entry.has(Pte::kPageSize)) return leaf<kLevel>(entry, at);
            }
            return translate_below<below(kLevel)>(table(entry.table().raw()), at);
        }
    }
    template <Level kLevel>
    [[nodiscard]] static PhysAddr leaf(Pte entry, VirtAddr at) {
        return entry.address(kLevel) + Bytes{at.raw() & (span_of(kLevel).count() - 1)};
    }
    [[nodiscard]] const std::uint64_t* table(std::uint64_t frame) {
        if (frame < tables_.size() && tables_[frame] != nullptr) [[likely]]
            return tables_[frame];
        return find_table(frame);
    }
    [[nodiscard]] const std::uint64_t* find_table(std::uint64_t frame);

    const PhysMemory* memory_;
    std::vector<const std::uint64_t*> tables_;
    std::vector<std::vector<std::uint64_t>> copies_; ///< of frames that the memory does not store as a whole
};

} // namespace ksl::core
