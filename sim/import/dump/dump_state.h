// SPDX-License-Identifier: MIT
//
// The state of a dumped kernel, as a debugger would find it: free lists and page lists of every zone, pageblocks,
// vmalloc areas with who uses them, ranges that wait for a purge, cached stacks, tasks with their stacks.
//
// Scope:   5.14 (page lists by order, the tree of free ranges since 5.2) to 6.8 (the areas on one list); with or without
//          a randomised layout, NUMA and huge pages. Zones stand node after node. Read where they lie and tested: 6.1.
//          Not covered: memory of the types CMA and ISOLATE, the zones Movable and Device if they have memory; memory
//          that is not sparse; tasks whose thread_info is on the stack. Those are errors.
//          What a field is called there, the types beside the dump must have (see kernel_types.h).
// Errors:  what is missing in the dump or in the types; values that no kernel has.
// Source:  struct zone, per_cpu_pages, mem_section (include/linux/mmzone.h); vmap_area, vm_struct (vmalloc.h);
//          task_struct, signal_struct; cached_stacks (kernel/fork.c) of 6.1.
#pragma once

#include "sim/import/capture_state.h"
#include "sim/import/dump/kernel_memory.h"

namespace ksl::sim {

struct DumpedKernel {
    capture::State state;
    /// By task: bytes from the stack's top to the lowest word that is not zero, as stack_not_used() counts: stacks are
    /// zeroed when they are handed out (THREADINFO_GFP, alloc_thread_stack_node()).
    std::vector<core::Bytes> deepest;
};
[[nodiscard]] Result<DumpedKernel> read_dumped_kernel(const std::filesystem::path& dump);

// The parts, by file. A failed reading leaves its error in `memory`.
[[nodiscard]] capture::BuddyState read_dump_buddy(KernelMemory& memory);
[[nodiscard]] capture::VmapState read_dump_vmap(KernelMemory& memory);
[[nodiscard]] capture::TasksState read_dump_tasks(KernelMemory& memory);
[[nodiscard]] core::Bytes read_deepest_use(KernelMemory& memory, const capture::TaskState& task);

/// Where the dumped kernel has its regions.
struct DumpRegions {
    core::VirtAddr direct_map;
    core::VirtAddr vmalloc;
    core::VirtAddr vmemmap;
};
[[nodiscard]] DumpRegions read_dump_regions(KernelMemory& memory);
/// The frame that a struct page in vmemmap stands for.
[[nodiscard]] core::Pfn frame_of_page(KernelMemory& memory, const DumpRegions& regions, core::VirtAddr page);
/// struct vm_struct, but for caller and phys_addr.
[[nodiscard]] capture::VmUser read_vm_struct(KernelMemory& memory, const DumpRegions& regions, core::VirtAddr at);
/// Frames of an array of `count` pointers to struct page.
[[nodiscard]] std::vector<core::Pfn> frames_of_pages(KernelMemory& memory, const DumpRegions& regions,
                                                     core::VirtAddr array, std::uint64_t count);

} // namespace ksl::sim
