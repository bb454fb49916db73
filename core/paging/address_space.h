// SPDX-License-Identifier: MIT
//
// The top-level tables of all address spaces. Each has its own page; its kernel half is copied from the kernel's when
// the space is made. Tables below the top are shared, so that a mapping in the vmalloc area shows everywhere at once,
// unless it needed a new top-level entry: how the others learn about that is the design's choice (PgdSync).
//
//     lazy_fault            repair() in the page-fault handler. A stack in such an area cannot be repaired that way:
//     the
//                           fault must push its frame on the very stack that is not mapped, which is a double fault.
//     touch_before_switch   before_cr3_load() makes sure of the stack that is in use now, and the kernel reads a byte
//     of
//                           the next task's stack while it is still on this one's, so that repair() can work.
//     synced_at_allocation  whoever maps calls sync().
//     preallocated          nothing to do: the entries exist from boot on.
//
// Cost:     entries read and written go through Effects; Step::pgd_copy_entry for each entry copied later on.
// Source:   pgd_ctor(), clone_pgd_range() of arch/x86/mm/pgtable.c; vmalloc_fault() of 4.9 arch/x86/mm/fault.c;
//           switch_mm_irqs_off() of 4.9 arch/x86/mm/tlb.c; prepare_switch_to() of 4.9 asm/switch_to.h;
//           arch_sync_kernel_mappings() of 5.8 and 6.1.
#pragma once

#include "core/effects/effects.h"
#include "core/memory/phys_memory.h"
#include "core/paging/kernel_layout.h"
#include "core/paging/kernel_tables.h"
#include "core/paging/mapper.h"
#include "core/types/function_ref.h"
#include "core/types/ids.h"

#include <cstdint>
#include <optional>
#include <vector>

namespace ksl::core {

/// What the page-fault handler found out about a kernel address.
enum class PgdRepair : std::uint8_t {
    not_for_us, ///< not in the vmalloc area, or the design has no such handler
    repaired,   ///< the instruction can be started again
    unmapped,   ///< the kernel itself has nothing there: a bad access
    conflict,   ///< this address space has another table there: BUG
};

class AddressSpaces {
public:
    AddressSpaces() = default;
    /// `kernel_root` is the kernel's own top-level table (swapper_pg_dir).
    AddressSpaces(const KernelLayout& layout, Pfn kernel_root, PgdSync sync)
        : layout_(layout), kernel_root_(kernel_root), sync_(sync) {}

    [[nodiscard]] PgdSync sync_scheme() const { return sync_; }
    [[nodiscard]] Pfn kernel_root() const { return kernel_root_; }
    [[nodiscard]] Pfn root(SpaceId space) const { return roots_[space.raw()]; }
    [[nodiscard]] bool exists(SpaceId space) const {
        return space.raw() < roots_.size() && roots_[space.raw()] != kNoRoot;
    }
    [[nodiscard]] std::size_t count() const { return roots_.size() - free_.size(); }

    /// pgd_alloc(): nothing if `take` has no frame.
    [[nodiscard]] std::optional<SpaceId> create(PhysMemory& memory, TakeFrame take, Effects& fx);
    /// pgd_free(): the frame goes to `give_back`. What the user half mapped is its owner's to free before.
    void destroy(SpaceId space, FunctionRef<void(Pfn)> give_back);

    /// vmalloc_fault(): called for a not-present fault of the kernel at `at` while `space` is loaded.
    [[nodiscard]] PgdRepair repair(SpaceId space, VirtAddr at, PhysMemory& memory, Effects& fx);
    /// switch_mm_irqs_off(), before CR3 changes to `next`: the stack in use must be mapped there as well. True if the
    /// entry had to be copied.
    bool before_cr3_load(SpaceId next, VirtAddr stack_pointer, PhysMemory& memory, Effects& fx);
    /// prepare_switch_to(): the next task's stack is read from before it is switched to.
    [[nodiscard]] bool probes_next_stack() const { return sync_ == PgdSync::touch_before_switch; }
    /// arch_sync_kernel_mappings(): something was mapped in `range` of the vmalloc area. Returns the number of entries
    /// copied.
    std::uint32_t sync(VirtRange range, PhysMemory& memory, Effects& fx);

    /// Calls `visit(space, root)` for every address space.
    template <class Visit>
    void for_each(Visit visit) const {
        for (std::uint32_t i = 0; i < roots_.size(); ++i) {
            if (roots_[i] != kNoRoot) visit(SpaceId{i}, roots_[i]);
        }
    }
    /// Every entry of a kernel half is empty or leads where the kernel's own leads.
    [[nodiscard]] const char* check_invariants(const PhysMemory& memory) const;

    friend bool operator==(const AddressSpaces&, const AddressSpaces&) = default;
    /// Construct with the same layout and scheme before reading.
    template <class Archive>
    void describe(Archive& archive) {
        archive(kernel_root_, roots_, free_);
        if constexpr (Archive::kReads) {
            if (*check_lists() != '\0') {
                archive.fail();
                roots_.clear();
                free_.clear();
            }
        }
    }

private:
    static constexpr Pfn kNoRoot{0}; ///< frame 0 is never a table
    static constexpr unsigned kFirstKernelEntry = 256;
    static constexpr unsigned kEntries = 512;

    [[nodiscard]] Level top() const { return layout_.geometry().top(); }
    [[nodiscard]] static PhysAddr entry_at(Pfn root, unsigned index) {
        return address_of(root) + Bytes{index * sizeof(std::uint64_t)};
    }
    [[nodiscard]] Pte read_entry(Pfn root, unsigned index, const PhysMemory& memory, Effects& fx) const;
    void copy_entry(SpaceId space, unsigned index, Pte entry, bool by_fault, PhysMemory& memory, Effects& fx);
    [[nodiscard]] const char* check_lists() const;

    KernelLayout layout_;
    Pfn kernel_root_{};
    PgdSync sync_ = PgdSync::preallocated;
    std::vector<Pfn> roots_;
    std::vector<std::uint32_t> free_; ///< ids that can be used again, the next one last
};

} // namespace ksl::core
