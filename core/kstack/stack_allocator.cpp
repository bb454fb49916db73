// SPDX-License-Identifier: MIT
//
// Acquiring: alloc_thread_stack_node of kernel/fork.c and, under it, __vmalloc_node_range.
#include "core/kstack/stack_allocator.h"

#include <algorithm>
#include <array>

namespace ksl::core {

StackAllocator::StackAllocator(const StackDesign& design, unsigned cpus, const KernelLayout& layout)
    : design_(design), layout_(layout_of(design)),
      vmalloc_window_(layout.vmalloc().lowest, layout.vmalloc_end_inclusive()),
      caches_(cpus, StackCache{design.cache_slots}), reserves_(design.backing == Backing::dynamic ? cpus : 0) {
    if (design.backing != Backing::pid_slot) return;
    const Bytes range = layout_.area * PidSlots::kSlots;
    pid_slots_ = PidSlots{align_down(layout.vmalloc().top - range, 1_GiB), layout_.area};
}

std::expected<AcquiredStack, StackFailure> StackAllocator::acquire(KernelPort& kernel, std::uint32_t task,
                                                                   std::uint32_t slot) {
    Effects& fx = kernel.fx();
    if (design_.cache_slots != 0) {
        if (const auto cached = caches_[kernel.cpu().raw()].take(fx)) {
            stacks_.mut(*cached).task = task;
            if (clears_cached()) clear_cached(kernel, *cached);
            charge_memcg(kernel);
            account(kernel, *cached, true);
            return AcquiredStack{*cached, StackSource::stack_cache};
        }
    }
    const Acquired fresh = allocate(kernel, task, slot);
    if (!fresh) return std::unexpected(fresh.error());
    charge_memcg(kernel);
    account(kernel, *fresh, true);
    const StackSource source = design_.backing == Backing::direct_map ? StackSource::page_allocator
                               : design_.backing == Backing::pid_slot ? StackSource::pid_slot
                                                                      : StackSource::vmalloc;
    return AcquiredStack{*fresh, source};
}

StackAllocator::Acquired StackAllocator::allocate(KernelPort& kernel, std::uint32_t task, std::uint32_t slot) {
    switch (design_.backing) {
    case Backing::direct_map: return allocate_block(kernel, task);
    case Backing::pid_slot: return allocate_slot(kernel, task, slot);
    case Backing::vmap:
    case Backing::vmap_lowmem_alias:
    case Backing::dynamic: break;
    }
    return allocate_mapped(kernel, task);
}

std::optional<Pfn> StackAllocator::take_block(KernelPort& kernel, std::uint32_t owner) {
    Gfp flags = gfp::kKernel;
    if (clears_fresh()) flags |= gfp::kZero;
    const std::optional<Pfn> block = kernel.allocate(
        {.order = Order{design_.order}, .gfp = flags, .use = FrameUse::kernel_stack, .owner = {.id = owner}});
    if (!block) return block;
    if (clears_fresh()) {
        std::array<Pfn, kMostPages> pages;
        for (unsigned i = 0; i < design_.stack_pages(); ++i) pages[i] = *block + Pages{i};
        clear_fresh(kernel, std::span{pages}.first(design_.stack_pages()));
    }
    return block;
}

StackAllocator::Acquired StackAllocator::allocate_block(KernelPort& kernel, std::uint32_t task) {
    const StackId id = stacks_.add({.task = task});
    const std::optional<Pfn> block = take_block(kernel, id.raw());
    if (!block) {
        stacks_.remove(id);
        return std::unexpected(StackFailure::no_memory);
    }
    stacks_.mut(id).place = static_cast<std::uint32_t>(block->raw());
    return id;
}

unsigned StackAllocator::pages_at_birth() const {
    const unsigned mapped = design_.backing == Backing::dynamic ? 1 : design_.stack_pages();
    return mapped + (layout_.has_thread_info_page ? 1 : 0);
}

bool StackAllocator::take_pages_one_by_one(KernelPort& kernel, std::span<Pfn> pages, std::uint32_t owner) {
    Gfp flags = gfp::kKernel;
    if (clears_fresh()) flags |= gfp::kZero;
    for (std::size_t i = 0; i < pages.size(); ++i) {
        kernel.fx().charge(Step::vmalloc_page);
        const std::optional<Pfn> page =
            kernel.allocate({.order = Order{0},
                             .gfp = flags,
                             .use = FrameUse::kernel_stack,
                             .owner = {.id = owner, .detail = static_cast<std::uint32_t>(i)}});
        if (!page) {
            give_back_pages(kernel, pages.first(i));
            return false;
        }
        pages[i] = *page;
        if (clears_fresh()) clear_fresh(kernel, pages.subspan(i, 1));
    }
    return true;
}

/// vm_area_alloc_pages: 4.x asks for one page after the other, 6.1 for all of them at once as long as that works.
bool StackAllocator::take_pages(KernelPort& kernel, std::span<Pfn> pages, std::uint32_t owner) {
    if (!kernel.memory().pages.state().rules.bulk_requests) return take_pages_one_by_one(kernel, pages, owner);
    Gfp flags = gfp::kKernel;
    if (clears_fresh()) flags |= gfp::kZero;
    std::size_t got = 0;
    while (got < pages.size()) {
        const std::size_t more = kernel.allocate_bulk(
            {.order = Order{0}, .gfp = flags, .use = FrameUse::kernel_stack, .owner = {.id = owner}},
            pages.subspan(got));
        if (more == 0) break;
        if (clears_fresh()) clear_fresh(kernel, pages.subspan(got, more));
        got += more;
    }
    if (got == pages.size()) return true;
    if (take_pages_one_by_one(kernel, pages.subspan(got), owner)) return true;
    give_back_pages(kernel, pages.first(got));
    return false;
}

void StackAllocator::give_back_pages(KernelPort& kernel, std::span<const Pfn> pages) {
    for (const Pfn page : pages) kernel.free(page, Order{0});
}

bool StackAllocator::map_pages(KernelPort& kernel, VirtRange area, std::span<const Pfn> pages) {
    Effects& fx = kernel.fx();
    Mapper mapper = kernel.memory().mapper();
    const auto take = [&]() -> std::optional<Pfn> {
        const auto page =
            kernel.allocate({.order = Order{0}, .gfp = gfp::kKernel | gfp::kZero, .use = FrameUse::page_table});
        if (page) {
            fx.charge(Step::page_clear);
            kernel.memory().contents.clear(*page);
            kernel.stream(kernel.memory().layout.address_of(address_of(*page)), Bytes{kPageBytes}, true);
        }
        return page;
    };
    const VirtAddr lowest = area.lowest + layout_.lowest;
    kernel.sync_top_level(area);
    if (layout_.has_thread_info_page) {
        if (!mapper.map_frames(area.lowest, pages.first(1), kernel_attributes::kPage, take, fx)) return false;
        pages = pages.subspan(1);
    }
    const VirtAddr first = lowest + design_.stack_bytes() - bytes_of(Pages{pages.size()});
    return mapper.map_frames(first, pages, kernel_attributes::kPage, take, fx).has_value();
}

/// __vmalloc_node_range: descriptor, address, array of pages, pages, mapping; then find_vm_area for the task.
StackAllocator::Acquired StackAllocator::allocate_mapped(KernelPort& kernel, std::uint32_t task) {
    Effects& fx = kernel.fx();
    KernelMemory& memory = kernel.memory();
    fx.charge(Step::vmalloc_entry);
    const auto vm_object = kernel.new_object(SlabCacheId::vm_struct);
    if (!vm_object) return std::unexpected(StackFailure::no_memory);
    fx.charge(Step::clear_words, 8);
    const auto area_id = memory.vmap.reserve({.size = layout_.area, .align = layout_.align, .window = vmalloc_window_},
                                             fx, kernel.vmap_host());
    if (!area_id) {
        kernel.free_object(SlabCacheId::vm_struct, *vm_object);
        return std::unexpected(area_id.error() == AreaFailure::no_space ? StackFailure::no_address_space
                                                                        : StackFailure::no_memory);
    }
    const VirtRange area = memory.vmap.range(*area_id);
    const StackId id = stacks_.add({.place = area_id->raw(), .vm_object = vm_object->number(), .task = task});
    const auto undo = [&] {
        memory.vmap.release_at_once(*area_id, fx, kernel.vmap_host());
        kernel.free_object(SlabCacheId::vm_struct, *vm_object);
        stacks_.remove(id);
        return std::unexpected(StackFailure::no_memory);
    };
    const auto page_array = kernel.new_object(SlabCacheId::page_array);
    if (!page_array) return undo();
    fx.charge(Step::clear_words, design_.stack_pages());
    std::array<Pfn, kMostPages + 1> storage;
    const std::span<Pfn> pages = std::span{storage}.first(pages_at_birth());
    if (design_.backing == Backing::vmap_lowmem_alias) {
        const std::optional<Pfn> block = take_block(kernel, id.raw());
        if (!block) {
            kernel.free_object(SlabCacheId::page_array, *page_array);
            return undo();
        }
        for (std::size_t i = 0; i < pages.size(); ++i) pages[i] = *block + Pages{i};
    } else if (!take_pages(kernel, pages, id.raw())) {
        kernel.free_object(SlabCacheId::page_array, *page_array);
        return undo();
    }
    stacks_.mut(id).page_array = page_array->number();
    if (!map_pages(kernel, area, pages)) {
        vfree(kernel, id); // as the kernel does: what is there so far goes the ordinary way out
        return std::unexpected(StackFailure::no_memory);
    }
    static_cast<void>(memory.vmap.find(area.lowest, fx, kernel.vmap_host()));
    return id;
}

StackAllocator::Acquired StackAllocator::allocate_slot(KernelPort& kernel, std::uint32_t task, std::uint32_t slot) {
    kernel.fx().charge(Step::stack_slot_address);
    const StackId id = stacks_.add({.place = slot, .task = task});
    std::array<Pfn, kMostPages + 1> storage;
    const std::span<Pfn> pages = std::span{storage}.first(pages_at_birth());
    if (!take_pages(kernel, pages, id.raw())) {
        stacks_.remove(id);
        return std::unexpected(StackFailure::no_memory);
    }
    const VirtAddr lowest = pid_slots_.address(slot);
    if (!map_pages(kernel, {lowest, lowest + layout_.area}, pages)) {
        give_back_pages(kernel, mapped_frames(kernel, {lowest, lowest + layout_.area}));
        stacks_.remove(id);
        return std::unexpected(StackFailure::no_memory);
    }
    return id;
}

/// __GFP_ZERO: clear_page on each page through the direct map.
void StackAllocator::clear_fresh(KernelPort& kernel, std::span<const Pfn> pages) {
    for (const Pfn page : pages) {
        kernel.fx().charge(Step::page_clear);
        kernel.memory().contents.clear(page);
        kernel.stream(kernel.memory().layout.address_of(address_of(page)), Bytes{kPageBytes}, true);
    }
}

/// memset of a cached stack through its own mapping.
void StackAllocator::clear_cached(KernelPort& kernel, StackId stack) {
    const VirtAddr from = lowest(stack, kernel.memory());
    for (unsigned page = 0; page < design_.stack_pages(); ++page) {
        const VirtAddr at = from + bytes_of(Pages{page});
        const auto frame = kernel.translate(at);
        if (!frame) continue; // a dynamic stack's missing page is clear anyway
        kernel.fx().charge(Step::stack_clear_page);
        kernel.memory().contents.clear(frame_of(*frame));
        kernel.stream(at, Bytes{kPageBytes}, true);
    }
}

void StackAllocator::charge_memcg(KernelPort& kernel) const {
    if (design_.memcg_charge) kernel.fx().charge(Step::memcg_charge_page, design_.stack_pages());
}

/// account_kernel_stack: once a contiguous stack, page by page for a mapped one.
void StackAllocator::account(KernelPort& kernel, StackId stack, bool is_new) {
    const std::uint64_t pages = pages_there(kernel, stack);
    if (is_new)
        add_accounted(pages);
    else
        accounted_pages_ -= pages;
    if (design_.backing == Backing::direct_map)
        kernel.fx().charge(Step::stack_account);
    else
        kernel.fx().charge(Step::stack_account_page, static_cast<std::uint32_t>(pages));
}

/// A dynamic stack is accounted as far as it is mapped: one page at first, one more for each fault.
std::uint64_t StackAllocator::pages_there(KernelPort& kernel, StackId stack) const {
    if (design_.backing != Backing::dynamic) return design_.stack_pages();
    return mapped_frames(kernel, area(stack, kernel.memory())).size();
}

void StackAllocator::add_accounted(std::uint64_t pages) {
    accounted_pages_ += pages;
    most_accounted_pages_ = std::max(most_accounted_pages_, accounted_pages_);
}

} // namespace ksl::core
