// SPDX-License-Identifier: MIT
//
// The vmalloc area: vmap_area_list, free_vmap_area_list, purge_vmap_area_list and the stacks that CPUs keep.
#include "sim/import/dump/dump_state.h"

namespace ksl::sim {

using core::Bytes;
using core::VirtAddr;
using core::VirtRange;

namespace {

constexpr std::uint64_t kUsualCachedStacks = 2; // NR_CACHED_STACKS

class AreaReader {
public:
    explicit AreaReader(KernelMemory& memory) : memory_(memory), regions_(read_dump_regions(memory)) {}

    capture::VmapState read() {
        capture::VmapState vmap;
        memory_.each(memory_.symbol("vmap_area_list"), "vmap_area", "list",
                     [&](VirtAddr area) { vmap.areas.push_back(read_area(area)); });
        vmap.free = ranges("free_vmap_area_list");
        vmap.purge_pending = ranges("purge_vmap_area_list");
        vmap.lazy_pages = core::Pages{memory_.read<std::uint64_t>(memory_.symbol("vmap_lazy_nr"))};
        vmap.direct_map_base = regions_.direct_map;
        vmap.vmalloc_base = regions_.vmalloc;
        vmap.vmemmap_base = regions_.vmemmap;
        if (memory_.types().symbol("cached_stacks")) vmap.cached_stacks = cached_stacks();
        return vmap;
    }

private:
    VirtRange range(VirtAddr area) {
        return {memory_.pointer(area, "vmap_area", "va_start"), memory_.pointer(area, "vmap_area", "va_end")};
    }
    std::vector<VirtRange> ranges(std::string_view list) {
        std::vector<VirtRange> ranges;
        memory_.each(memory_.symbol(list), "vmap_area", "list", [&](VirtAddr area) { ranges.push_back(range(area)); });
        return ranges;
    }
    capture::AreaState read_area(VirtAddr at) {
        capture::AreaState area;
        area.range = range(at);
        const VirtAddr user = memory_.pointer(at, "vmap_area", "vm");
        if (user != VirtAddr{0}) area.user = read_user(user);
        return area;
    }
    capture::VmUser read_user(VirtAddr at) {
        capture::VmUser user = read_vm_struct(memory_, regions_, at);
        user.phys = core::PhysAddr{memory_.read<std::uint64_t>(at, "vm_struct", "phys_addr")};
        user.caller = memory_.types().function_at(memory_.pointer(at, "vm_struct", "caller"));
        return user;
    }
    std::vector<capture::CachedStacks> cached_stacks() {
        const std::uint64_t count = memory_.types().constant("NR_CACHED_STACKS").value_or(kUsualCachedStacks);
        std::vector<capture::CachedStacks> cpus;
        for (std::uint64_t cpu = 0; cpu < memory_.cpus(); ++cpu) {
            const VirtAddr slots = memory_.of_cpu(memory_.symbol("cached_stacks"), cpu);
            capture::CachedStacks stacks;
            for (std::uint64_t slot = 0; slot < count && memory_.ok(); ++slot) {
                const VirtAddr area = memory_.pointer(slots + Bytes{8 * slot});
                stacks.emplace_back();
                if (area != VirtAddr{0}) stacks.back() = memory_.pointer(area, "vm_struct", "addr");
            }
            cpus.push_back(std::move(stacks));
        }
        return cpus;
    }

    KernelMemory& memory_;
    DumpRegions regions_;
};

} // namespace

capture::VmapState read_dump_vmap(KernelMemory& memory) {
    return AreaReader{memory}.read();
}

} // namespace ksl::sim
