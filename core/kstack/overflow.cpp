// SPDX-License-Identifier: MIT
#include "core/kstack/overflow.h"

#include "core/kstack/thread_info.h"

namespace ksl::core {

std::string_view name_of(Victim victim) {
    switch (victim) {
    case Victim::nobody: return "free memory";
    case Victim::other_stack: return "another task's stack";
    case Victim::slab_object: return "a slab object";
    case Victim::page_table: return "a page table";
    case Victim::page_cache: return "a file page";
    case Victim::user_page: return "a user page";
    case Victim::other_kernel: return "other kernel memory";
    case Victim::reserved: return "the kernel image or firmware";
    case Victim::stack_end: return "the magic word at its own stack's end";
    case Victim::thread_info: return "its own thread_info";
    }
    return "";
}

Victim victim_at(const KernelMemory& memory, PhysAddr at) {
    const PageState& pages = memory.pages.state();
    const MemoryRange* range = pages.map.find(frame_of(at));
    if (range == nullptr || range->kind == MemoryKind::reserved) return Victim::reserved;
    const auto block = pages.frames.block_of(frame_of(at));
    if (!block || block->state == BlockState::free || block->state == BlockState::page_list) return Victim::nobody;
    switch (pages.frames.use(static_cast<FrameTable::Node>(block->first.raw()))) {
    case FrameUse::kernel_stack: return Victim::other_stack;
    case FrameUse::slab: return Victim::slab_object;
    case FrameUse::page_table: return Victim::page_table;
    case FrameUse::page_cache: return Victim::page_cache;
    case FrameUse::anonymous:
    case FrameUse::movable: return Victim::user_page;
    case FrameUse::unknown:
    case FrameUse::unmovable:
    case FrameUse::reclaimable: break;
    }
    return Victim::other_kernel;
}

VirtAddr usable_lowest(const StackDesign& design, VirtAddr lowest) {
    // The lowest page of a dynamic stack is not there when the task begins: nobody writes a word to it.
    if (design.backing == Backing::dynamic) return lowest;
    return magic_address(design, lowest) + Bytes{sizeof kStackEndMagic};
}

bool Overrun::raises_address_limit() const {
    return address_limit > kUserAddressLimit;
}

} // namespace ksl::core
