// SPDX-License-Identifier: MIT
//
// Changes page tables as the kernel does: descends in software, adds table pages where they are missing, writes
// entries. A Mapper is a short-lived hand on one tree of tables; it holds no state of its own.
//
// Units:     ranges of linear addresses are half open and page aligned; frames are 4 KiB.
// Ownership: table frames come from the caller's TakeFrame and stay in the tables for good: unmapping clears entries
//            and frees no table (vunmap_page_range(), 4.7 mm/vmalloc.c; the same in 6.1).
// Errors:    TakeFrame that yields nothing ends the call with MapFailure::no_frame; what was mapped before stays
//            mapped.
// Cost:      Step::table_descend for each table page of leaves entered, pte_write or pte_clear an entry, table_page_new
//            a table; entries read and written go through Effects at their direct-map addresses.
// Source:    vmap_pages_range_noflush(), vunmap_range_noflush() of mm/vmalloc.c; __split_large_page() of
//            arch/x86/mm/pat/set_memory.c; attribute words of arch/x86/include/asm/pgtable_types.h.
#pragma once

#include "core/effects/effects.h"
#include "core/memory/phys_memory.h"
#include "core/paging/geometry.h"
#include "core/paging/pte.h"
#include "core/types/function_ref.h"

#include <cstdint>
#include <expected>
#include <optional>
#include <span>

namespace ksl::core {

/// Gives a frame for a table page; nothing if the simulated machine has none left.
using TakeFrame = FunctionRef<std::optional<Pfn>()>;

enum class MapFailure : std::uint8_t {
    no_frame, ///< no memory for a table page
    occupied, ///< something is mapped there already
};
using MapResult = std::expected<void, MapFailure>;

/// Attribute words of the kernel, in the format of 4 KiB entries, without a frame.
namespace kernel_attributes {
inline constexpr Pte kTable{0x063};                         ///< _KERNPG_TABLE: P RW A D
inline constexpr Pte kPage{0x8000'0000'0000'0163};          ///< PAGE_KERNEL: P RW A D G XD
inline constexpr Pte kExecutable{0x163};                    ///< PAGE_KERNEL_EXEC
inline constexpr Pte kReadOnly{0x8000'0000'0000'0161};      ///< PAGE_KERNEL_RO
inline constexpr Pte kUncachedMinus{0x8000'0000'0000'0173}; ///< ioremap() of device memory: PCD (UC-)
inline constexpr Pte kUncached{0x8000'0000'0000'017b};      ///< PCD PWT (UC)
} // namespace kernel_attributes

/// The same attributes in the format of an entry at `level`: leaves of 2M and 1G have PS and another PAT bit.
[[nodiscard]] constexpr Pte attributes_at(Pte small, Level level) {
    if (level == Level::pt) return small;
    const std::uint64_t pat = small.get(Pte::kPat);
    return small.with(Pte::kPageSize, 1).with(Pte::kPatLarge, pat);
}
/// The attributes of a leaf at `level` in the format of 4 KiB entries, without the frame.
[[nodiscard]] constexpr Pte small_attributes(Pte leaf, Level level) {
    const Pte flags = leaf.with(Pte::kFrame, 0);
    return level == Level::pt ? flags : flags.with(Pte::kPat, leaf.get(Pte::kPatLarge));
}

/// Where a software descent ended: at a leaf, or at the first entry that leads no further.
struct EntrySlot {
    PhysAddr at{};
    Level level = Level::pt;
    Pte entry{};
};

class Mapper {
public:
    /// `direct_map`: where the kernel sees physical address 0, for the addresses of the entries it touches.
    Mapper(PhysMemory& memory, Geometry geometry, Pfn root, VirtAddr direct_map)
        : memory_(&memory), geometry_(geometry), root_(root), direct_map_(direct_map) {}

    [[nodiscard]] Geometry geometry() const { return geometry_; }
    [[nodiscard]] Pfn root() const { return root_; }
    [[nodiscard]] VirtAddr direct_map() const { return direct_map_; }
    [[nodiscard]] PhysMemory& memory() const { return *memory_; }

    /// One page of `size`; `frame` and `at` are aligned to it. `attributes` is in 4 KiB format.
    [[nodiscard]] MapResult map(VirtAddr at, Pfn frame, PageSize size, Pte attributes, TakeFrame take, Effects& fx);
    /// One 4 KiB page a frame, from `lowest` upwards: what vmalloc does with its pages.
    [[nodiscard]] MapResult map_frames(VirtAddr lowest, std::span<const Pfn> frames, Pte attributes, TakeFrame take,
                                       Effects& fx);
    /// Contiguous frames with the largest pages that alignment and `largest` allow: what ioremap() does.
    [[nodiscard]] MapResult map_contiguous(VirtRange range, Pfn first, PageSize largest, Pte attributes, TakeFrame take,
                                           Effects& fx);
    /// Clears every leaf entry in the range; a large page partly inside is not split but left (a bug of the caller's).
    /// Returns the number of pages that were mapped, in 4 KiB.
    std::uint64_t unmap(VirtRange range, Effects& fx);
    /// Sets and clears attribute bits (4 KiB format) of everything mapped in the range, splitting large pages that are
    /// partly inside.
    [[nodiscard]] MapResult protect(VirtRange range, Pte set, Pte clear, TakeFrame take, Effects& fx);
    /// Replaces the large page around `at` by a table of the next smaller pages with the same frames and attributes.
    [[nodiscard]] MapResult split(VirtAddr at, TakeFrame take, Effects& fx);
    /// Makes sure that the tables down to and including those of `level` exist around every address of the range.
    [[nodiscard]] MapResult populate(VirtRange range, Level level, TakeFrame take, Effects& fx);

    /// lookup_address(): no accessed bits, nothing charged.
    [[nodiscard]] EntrySlot find(VirtAddr at) const;
    /// The same, with the entries read on the way down counted; the last one is the caller's to count.
    [[nodiscard]] EntrySlot find(VirtAddr at, Effects& fx) const;
    /// Writes one entry and reports it, if it changes.
    void write_entry(const EntrySlot& slot, Pte value, Effects& fx);

private:
    [[nodiscard]] static PhysAddr entry_at(Pfn table, VirtAddr at, Level level) {
        return address_of(table) + Bytes{index_of(at, level) * sizeof(std::uint64_t)};
    }
    [[nodiscard]] Pte read(PhysAddr at) const { return Pte{memory_->read(at)}; }
    [[nodiscard]] VirtAddr kernel_address(PhysAddr at) const { return direct_map_ + Bytes{at.raw()}; }
    static void report_write(const EntrySlot& slot, Pte value, Effects& fx);
    /// The table of `level` around `at`, with tables added on the way; charges one descent.
    [[nodiscard]] std::expected<Pfn, MapFailure> descend_to(VirtAddr at, Level level, TakeFrame take, Effects& fx);
    [[nodiscard]] std::expected<Pfn, MapFailure> add_table(const EntrySlot& parent, VirtAddr at, TakeFrame take,
                                                           Effects& fx);
    /// Contiguous pages whose entries lie in one table.
    [[nodiscard]] MapResult map_run(VirtAddr at, Pfn frame, std::uint64_t pages, PageSize size, Pte attributes,
                                    TakeFrame take, Effects& fx);
    [[nodiscard]] MapResult split_slot(const EntrySlot& slot, VirtAddr at, TakeFrame take, Effects& fx);

    PhysMemory* memory_;
    Geometry geometry_;
    Pfn root_;
    VirtAddr direct_map_;
};

} // namespace ksl::core
