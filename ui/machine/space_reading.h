// SPDX-License-Identifier: GPL-3.0-or-later
//
// The kernel half of the address space as the address view shows it, read from a machine: its regions from end to end,
// and the areas in the region where stacks live.
//
// Fidelity: areas are in order of address and do not overlap; what lies between them is free.
#pragma once

#include "core/machine/machine.h"
#include "core/paging/kernel_layout.h"

#include <cstdint>
#include <vector>

namespace ksl::ui {

struct KernelRegion {
    core::Region kind = core::Region::hole;
    core::VirtRange range{};
};

enum class AreaUse : std::uint8_t {
    stack,        ///< of a task
    cached_stack, ///< in a CPU's cache
    dead_stack,   ///< waits for RCU or a worker
    freed_lazily, ///< unmapped, but a TLB may still know it
    pooled,       ///< purged and kept for requests of its size
    other,        ///< mapped by other kernel code
};

struct SpaceArea {
    core::VirtRange range{};  ///< with guards
    core::VirtRange usable{}; ///< what is mapped; empty where nothing is
    AreaUse use = AreaUse::other;
    core::StackId stack;
    core::TaskId task;
};

struct SpaceReading {
    std::vector<KernelRegion> regions;           ///< from the lowest kernel address up, holes included, without gaps
    core::Region window = core::Region::vmalloc; ///< the region that the areas are in
    core::VirtRange window_range{};
    std::vector<SpaceArea> areas; ///< by address
    core::Pages lazy_pages;
    core::Pages lazy_limit;

    [[nodiscard]] std::size_t count(AreaUse use) const;
    /// The area around an address; nullptr in free space.
    [[nodiscard]] const SpaceArea* find(core::VirtAddr at) const;
    /// From the first area to the last one; empty if there is none.
    [[nodiscard]] core::VirtRange extent() const;
};

[[nodiscard]] std::vector<KernelRegion> kernel_regions(const core::KernelLayout& layout);
[[nodiscard]] SpaceReading read_space(const core::Machine& machine);

} // namespace ksl::ui
