// SPDX-License-Identifier: MIT
//
// What the area allocator needs from the machine round it: memory for its descriptors, and flushes of the TLB at the
// moment when a purge needs one (after the pending areas were collected, before the first of them can be used again).
#pragma once

#include "core/effects/effects.h"
#include "core/types/address.h"
#include "core/vmalloc/vmap_area.h"

#include <optional>

namespace ksl::core {

class VmapHost {
public:
    virtual ~VmapHost() = default;

    /// A struct vmap_area from its slab cache (kmalloc-96 in 4.x, "vmap_area" in 5.4 and later); nullopt: no memory.
    [[nodiscard]] virtual std::optional<AreaObject> new_area_object(Effects& fx) = 0;
    /// Gives it back: in 4.x after an RCU grace period (kfree_rcu), since 5.2 at once.
    virtual void free_area_object(AreaObject object, Effects& fx) = 0;
    /// Address of its first byte.
    [[nodiscard]] virtual VirtAddr area_object_address(AreaObject object) const = 0;
    /// flush_tlb_kernel_range().
    virtual void flush_kernel_range(VirtRange range, Effects& fx) = 0;

protected:
    VmapHost() = default;
    VmapHost(const VmapHost&) = default;
    VmapHost& operator=(const VmapHost&) = default;
};

/// Areas without memory behind their descriptors and without TLBs: for replays, benchmarks and tests.
class SilentVmapHost final : public VmapHost {
public:
    [[nodiscard]] std::optional<AreaObject> new_area_object(Effects& /*fx*/) override { return AreaObject::none(); }
    void free_area_object(AreaObject /*object*/, Effects& /*fx*/) override {}
    [[nodiscard]] VirtAddr area_object_address(AreaObject /*object*/) const override { return VirtAddr{}; }
    void flush_kernel_range(VirtRange /*range*/, Effects& /*fx*/) override {}
};

} // namespace ksl::core
