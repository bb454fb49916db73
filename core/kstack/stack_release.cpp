// SPDX-License-Identifier: MIT
//
// Giving back: put_task_stack, free_thread_stack, thread_stack_free_rcu of kernel/fork.c; vfree and __vunmap of
// mm/vmalloc.c.
#include "core/kstack/stack_allocator.h"

#include <array>

namespace ksl::core {

VirtRange StackAllocator::area(StackId stack, const KernelMemory& memory) const {
    const StackRecord& record = stacks_[stack];
    switch (design_.backing) {
    case Backing::direct_map: {
        const VirtAddr at = memory.layout.address_of(address_of(Pfn{record.place}));
        return {at, at + design_.stack_bytes()};
    }
    case Backing::pid_slot: {
        const VirtAddr at = pid_slots_.address(record.place);
        return {at, at + layout_.area};
    }
    case Backing::vmap:
    case Backing::vmap_lowmem_alias:
    case Backing::dynamic: break;
    }
    return memory.vmap.range(AreaId{record.place});
}

bool StackAllocator::has_place(StackId stack, const KernelMemory& memory) const {
    const bool is_computed = design_.backing == Backing::direct_map || design_.backing == Backing::pid_slot;
    return is_computed || memory.vmap.has_record(AreaId{stacks_[stack].place});
}

VirtAddr StackAllocator::lowest(StackId stack, const KernelMemory& memory) const {
    const VirtAddr start = area(stack, memory).lowest;
    return design_.backing == Backing::direct_map ? start : start + layout_.lowest;
}

VirtAddr StackAllocator::thread_info_page(StackId stack, const KernelMemory& memory) const {
    return area(stack, memory).lowest;
}

StackSink StackAllocator::release(KernelPort& kernel, StackId stack) {
    account(kernel, stack, false);
    if (design_.cache_slots != 0 && caches_[kernel.cpu().raw()].put(stack, kernel.fx())) return StackSink::stack_cache;
    // With release after a grace period there is no reader left: the RCU detour of 6.1 is for stacks given back early.
    if (design_.cache_overflow == CacheOverflow::retry_after_rcu && design_.release == Release::at_task_dead) {
        // thread_stack_delayed_free: the callback's head lies in the lowest bytes of the dead stack itself.
        if (design_.backing != Backing::dynamic) {
            const std::array<std::uint64_t, 3> head{0, 0, stack.raw()};
            kernel.store(lowest(stack, kernel.memory()), head);
        }
        kernel.call_rcu({.work = RcuWork::free_stack, .subject = stack.raw()});
        return StackSink::deferred;
    }
    return free(kernel, stack);
}

StackSink StackAllocator::release_after_rcu(KernelPort& kernel, StackId stack) {
    if (design_.cache_slots != 0 && caches_[kernel.cpu().raw()].put(stack, kernel.fx())) return StackSink::stack_cache;
    return free(kernel, stack);
}

StackSink StackAllocator::free(KernelPort& kernel, StackId stack) {
    switch (design_.backing) {
    case Backing::direct_map:
        kernel.free(Pfn{stacks_[stack].place}, Order{design_.order});
        stacks_.remove(stack);
        return StackSink::page_allocator;
    case Backing::pid_slot: free_slot(kernel, stack); return StackSink::pid_slot;
    case Backing::vmap:
    case Backing::vmap_lowmem_alias:
    case Backing::dynamic: break;
    }
    if (!kernel.in_interrupt()) {
        vfree(kernel, stack);
        return StackSink::vmalloc;
    }
    // The list of stacks to free is linked through the memory to be freed.
    kernel.fx().charge(Step::vfree_defer);
    if (design_.backing != Backing::dynamic) {
        const std::array<std::uint64_t, 1> link{stack.raw()};
        kernel.store(lowest(stack, kernel.memory()), link);
    }
    kernel.defer_vfree(stack);
    return StackSink::deferred;
}

std::vector<Pfn> StackAllocator::mapped_frames(KernelPort& kernel, VirtRange area) {
    std::vector<Pfn> frames;
    frames.reserve(kMostPages + 1);
    const Mapper mapper = kernel.memory().mapper();
    for (VirtAddr at = area.lowest; at < area.top; at += Bytes{kPageBytes}) {
        const EntrySlot slot = mapper.find(at);
        if (slot.entry.is_leaf(slot.level)) frames.push_back(slot.entry.frame(slot.level));
    }
    return frames;
}

/// __vunmap: look the area up, unmap it, put its addresses aside, free its pages and descriptors, in this order.
void StackAllocator::vfree(KernelPort& kernel, StackId stack) {
    Effects& fx = kernel.fx();
    KernelMemory& memory = kernel.memory();
    const StackRecord record = stacks_[stack];
    const AreaId area_id{record.place};
    ++freed_areas_;
    fx.charge(Step::vfree_entry);
    const VirtRange range = memory.vmap.range(area_id);
    static_cast<void>(memory.vmap.find(range.lowest, fx, kernel.vmap_host()));
    const std::vector<Pfn> pages = mapped_frames(kernel, range);
    memory.mapper().unmap(range, fx);
    memory.vmap.release_lazily(area_id, fx, kernel.vmap_host());
    kernel.purge_if_due();
    if (design_.backing == Backing::vmap_lowmem_alias) {
        if (!pages.empty()) kernel.free(pages.front(), Order{design_.order});
    } else {
        give_back_pages(kernel, pages);
    }
    kernel.free_object(SlabCacheId::page_array, SlabObject{record.page_array});
    kernel.free_object(SlabCacheId::vm_struct, SlabObject{record.vm_object});
    stacks_.remove(stack);
}

void StackAllocator::free_slot(KernelPort& kernel, StackId stack) {
    Effects& fx = kernel.fx();
    const std::uint32_t slot = stacks_[stack].place;
    const VirtRange range = area(stack, kernel.memory());
    fx.charge(Step::stack_slot_address);
    const std::vector<Pfn> pages = mapped_frames(kernel, range);
    kernel.memory().mapper().unmap(range, fx);
    pid_slots_.release(slot);
    const Pages waiting{pid_slots_.unflushed() * pages_for(layout_.area).count()};
    if (waiting > kernel.memory().vmap.lazy_limit()) {
        kernel.vmap_host().flush_kernel_range(pid_slots_.range(), fx);
        pid_slots_.note_flush();
    }
    give_back_pages(kernel, pages);
    stacks_.remove(stack);
}

unsigned StackAllocator::empty_cache(KernelPort& kernel, CpuId cpu) {
    unsigned freed = 0;
    StackCache& cache = caches_[cpu.raw()];
    for (std::uint8_t slot = 0; slot < cache.slots(); ++slot) {
        const StackId stack = cache.slot(slot);
        if (stack.is_none()) continue;
        cache.set_slot(slot, StackId::none());
        free(kernel, stack);
        ++freed;
    }
    return freed;
}

bool StackAllocator::fault_in(KernelPort& kernel, StackId stack, VirtAddr page) {
    std::vector<Pfn>& reserve = reserves_[kernel.cpu().raw()];
    if (reserve.empty()) return false;
    const std::array<Pfn, 1> frame{reserve.back()};
    Effects& fx = kernel.fx();
    fx.charge(Step::stack_fault_in);
    const auto no_table = []() -> std::optional<Pfn> { return std::nullopt; };
    // The page's table exists: the stack's top page is mapped through it, and a stack never spans two tables.
    if (!kernel.memory().mapper().map_frames(page, frame, kernel_attributes::kPage, no_table, fx)) return false;
    reserve.pop_back();
    kernel.memory().pages.set_owner(frame[0], {.id = stack.raw()});
    ++faulted_pages_;
    add_accounted(1);
    return true;
}

void StackAllocator::refill_reserve(KernelPort& kernel) {
    if (design_.backing != Backing::dynamic) return;
    std::vector<Pfn>& reserve = reserves_[kernel.cpu().raw()];
    while (reserve.size() < design_.dynamic_reserve) {
        const auto page =
            kernel.allocate({.order = Order{0}, .gfp = gfp::kKernel | gfp::kZero, .use = FrameUse::kernel_stack});
        if (!page) return;
        const std::array<Pfn, 1> one{*page};
        clear_fresh(kernel, one);
        reserve.push_back(*page);
    }
}

} // namespace ksl::core
