// SPDX-License-Identifier: MIT
#include "sim/import/dump/dump_state.h"

#include "core/paging/kernel_layout.h"

#include <fmt/format.h>

namespace ksl::sim {

using core::Pfn;
using core::VirtAddr;

namespace {

/// A variable where the kernel moves its regions (CONFIG_RANDOMIZE_MEMORY), else what it was built with.
VirtAddr region(KernelMemory& memory, std::string_view variable, std::string_view constant, VirtAddr usual) {
    if (memory.types().symbol(variable)) return memory.pointer(memory.symbol(variable));
    const auto built_in = memory.types().constant(constant);
    return built_in ? VirtAddr{*built_in} : usual;
}

constexpr const char* kKnown = "5.14 to 6.8 are known";

/// Names the era of a kernel that keeps its state elsewhere, before a reader misses something there.
void refuse_other_eras(KernelMemory& memory) {
    const KernelTypes& types = memory.types();
    if (types.symbol("vmap_area_list") && !types.symbol("free_vmap_area_list"))
        memory.refuse(fmt::format("has no tree of free ranges: a kernel before 5.2; {}", kKnown));
    if (types.offset("zone", "pageset"))
        memory.refuse(fmt::format("has page lists of single pages only: a kernel before 5.14; {}", kKnown));
    if (types.symbol("vmap_nodes") && !types.symbol("vmap_area_list"))
        memory.refuse(fmt::format("keeps its vmalloc areas by node: a kernel from 6.9 on; {}", kKnown));
}

/// The first task must be where the symbols say: KASLR gives them other addresses at each boot.
void refuse_other_boots(KernelMemory& memory) {
    const auto task = memory.types().symbol("init_task");
    const auto name = memory.types().offset("task_struct", "comm");
    if (!task || !name) return; // somebody will miss them
    const VirtAddr comm = *task + core::Bytes{*name};
    if (!memory.holds(comm) || !memory.text(comm, 16).starts_with("swapper"))
        memory.refuse(
            fmt::format("has no first task at {:#x}, where the symbols beside it say; they must be of the same "
                        "boot, structure_offsets.json of the same kernel",
                        task->raw()));
}

} // namespace

DumpRegions read_dump_regions(KernelMemory& memory) {
    const bool is_five_level = (memory.registers().cr4 & core::cr4::kFiveLevel) != 0;
    const core::KernelLayout usual{core::LayoutEra::linux_6_1,
                                   is_five_level ? core::Geometry::five_level() : core::Geometry::four_level()};
    return {.direct_map = region(memory, "page_offset_base", "PAGE_OFFSET", usual.direct_map().lowest),
            .vmalloc = region(memory, "vmalloc_base", "VMALLOC_START", usual.vmalloc().lowest),
            .vmemmap = region(memory, "vmemmap_base", "VMEMMAP_START", usual.vmemmap().lowest)};
}

Pfn frame_of_page(KernelMemory& memory, const DumpRegions& regions, VirtAddr page) {
    const std::uint64_t size = memory.offset("page", "_sizeof");
    if (size == 0 || page < regions.vmemmap || (page - regions.vmemmap).count() % size != 0) {
        memory.refuse(fmt::format("has {:#x} where a struct page is needed", page.raw()));
        return Pfn{0};
    }
    return Pfn{(page - regions.vmemmap).count() / size};
}

std::vector<Pfn> frames_of_pages(KernelMemory& memory, const DumpRegions& regions, VirtAddr array,
                                 std::uint64_t count) {
    std::vector<Pfn> frames;
    for (std::uint64_t i = 0; array != VirtAddr{0} && i < count && memory.ok(); ++i) {
        frames.push_back(frame_of_page(memory, regions, memory.pointer(array + core::Bytes{8 * i})));
    }
    return frames;
}

capture::VmUser read_vm_struct(KernelMemory& memory, const DumpRegions& regions, VirtAddr at) {
    capture::VmUser area;
    area.address = memory.pointer(at, "vm_struct", "addr");
    area.size = core::Bytes{memory.read<std::uint64_t>(at, "vm_struct", "size")};
    area.flags = memory.read<std::uint64_t>(at, "vm_struct", "flags");
    area.page_count = memory.read<std::uint32_t>(at, "vm_struct", "nr_pages");
    area.pages = frames_of_pages(memory, regions, memory.pointer(at, "vm_struct", "pages"), area.page_count);
    return area;
}

Result<DumpedKernel> read_dumped_kernel(const std::filesystem::path& dump) {
    KSL_TRY_ASSIGN(memory, KernelMemory::open(dump));
    refuse_other_eras(memory);
    refuse_other_boots(memory);
    DumpedKernel kernel;
    kernel.state.buddy = read_dump_buddy(memory);
    kernel.state.vmap = read_dump_vmap(memory);
    kernel.state.tasks = read_dump_tasks(memory);
    for (const capture::TaskState& task : kernel.state.tasks.tasks) {
        kernel.deepest.push_back(read_deepest_use(memory, task));
    }
    if (!memory.ok()) return std::unexpected(memory.error());
    return kernel;
}

} // namespace ksl::sim
