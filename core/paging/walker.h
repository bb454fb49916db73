// SPDX-License-Identifier: MIT
//
// The page walk: from a linear address to a physical one through tables in simulated memory, in hardware's order of
// checks.
//
//     canonical?  ->  per level: present, then reserved bits  ->  leaf  ->  rights, judged once over all levels
//                 ->  accessed bit in every entry used, dirty bit in the leaf of a write
//
// So a missing or malformed entry anywhere beats any question of rights, and an access that faults sets no bit.
//
// Units:    physical addresses of entries are byte addresses; tables are frames.
// Cost:     none here: a walk tells which entries it read (Translation::references, WalkTrace), the MMU prices them.
// Fidelity: hardware may also set accessed bits speculatively or on the way to a fault; this walker does not. Memory
//           beyond the end of simulated memory reads as all ones, as an unclaimed bus address does on a PC.
// Source:   Intel SDM vol. 3A, "Hierarchical paging structures", "Access rights", "Page-fault exceptions", "Accessed
//           and dirty flags"; AMD APM vol. 2 chapter 5.
#pragma once

#include "core/memory/phys_memory.h"
#include "core/paging/page_fault.h"
#include "core/paging/paging_mode.h"
#include "core/paging/pte.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <span>

namespace ksl::core {

/// One entry that a walk used.
struct WalkStep {
    Level level = Level::pt;
    PhysAddr entry_at{};
    Pte before{};
    Pte after{}; ///< with the accessed and dirty bits that the walk set

    friend bool operator==(const WalkStep&, const WalkStep&) = default;
};

/// The entries of one walk, from the top table down.
class WalkTrace {
public:
    static constexpr std::size_t kMost = 5;

    [[nodiscard]] std::span<const WalkStep> steps() const { return {steps_.data(), count_}; }
    void add(const WalkStep& step) { steps_[count_++] = step; }
    void set_after(std::size_t index, Pte after) { steps_[index].after = after; }
    void clear() { count_ = 0; }

private:
    std::array<WalkStep, kMost> steps_{};
    std::size_t count_ = 0;
};

struct Translation {
    PhysAddr at{};
    Level leaf_level = Level::pt;
    Pte leaf{}; ///< after the walk
    PhysAddr leaf_at{};
    Rights rights{};
    std::uint8_t references = 0; ///< entries read

    [[nodiscard]] PageSize size() const { return page_size_of(leaf_level); }
    [[nodiscard]] bool is_global() const { return leaf.has(Pte::kGlobal); }
    [[nodiscard]] unsigned pat_index() const { return leaf.pat_index(leaf_level); }
    friend bool operator==(const Translation&, const Translation&) = default;
};

/// Walks as the processor does for `access`: checks everything, sets accessed and dirty bits.
[[nodiscard]] std::expected<Translation, Fault> walk(PhysMemory& memory, const PagingMode& mode, Pfn root, VirtAddr at,
                                                     Access access);
/// The same, and tells every step in `trace`, up to the one that failed.
[[nodiscard]] std::expected<Translation, Fault> walk(PhysMemory& memory, const PagingMode& mode, Pfn root, VirtAddr at,
                                                     Access access, WalkTrace& trace);

/// What the tables say about an address, with rights told but not applied and no bit set: a debugger's look. Present
/// and reserved bits are checked; a fault's error code is that of a supervisor read.
[[nodiscard]] std::expected<Translation, Fault> inspect(const PhysMemory& memory, Geometry geometry,
                                                        const EntryRules& rules, Pfn root, VirtAddr at);

/// The entry at a physical address; all ones where there is no memory.
[[nodiscard]] inline Pte read_entry(const PhysMemory& memory, PhysAddr at) {
    if (frame_of(at).raw() >= memory.frames().count()) [[unlikely]]
        return Pte{~std::uint64_t{0}};
    return Pte{memory.read(at)};
}

} // namespace ksl::core
