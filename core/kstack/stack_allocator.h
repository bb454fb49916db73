// SPDX-License-Identifier: MIT
//
// Gives out and takes back kernel stacks as a design says: per-CPU cache, then page allocator, vmalloc area or PID
// slot; clearing, accounting and charging where the kernel does them.
//
// Units:     a stack is design.stack_pages() pages; its bytes are [lowest, top).
// Ownership: a StackId belongs to the task it was acquired for until release(); then to the cache, to RCU, to a worker,
//            or to nobody.
// Errors:    no memory and no address space are outcomes.
// Cost:      every step at the place where kernel code takes it; see the .cpp files, which name the functions.
// Source:    alloc_thread_stack_node, free_thread_stack and release_task_stack of kernel/fork.c and
//            __vmalloc_node_range, __vunmap of mm/vmalloc.c (4.7, 4.9, 6.1).
// Fidelity:  __vmalloc_node_range's huge-page attempts do not concern stacks and are left out. The proposals (pid-slot,
//            thread-info-page, the alias, dynamic stacks) follow their public descriptions.
#pragma once

#include "core/events/task_events.h"
#include "core/kernel/kernel_port.h"
#include "core/kstack/design.h"
#include "core/kstack/pid_slots.h"
#include "core/kstack/stack_cache.h"
#include "core/kstack/stack_layout.h"
#include "core/kstack/stack_table.h"

#include <expected>
#include <vector>

namespace ksl::core {

struct AcquiredStack {
    StackId id;
    StackSource source = StackSource::page_allocator;
};

enum class StackFailure : std::uint8_t { no_memory, no_address_space };

class StackAllocator {
public:
    StackAllocator() = default;
    StackAllocator(const StackDesign& design, unsigned cpus, const KernelLayout& layout);

    [[nodiscard]] const StackDesign& design() const { return design_; }
    [[nodiscard]] const StackLayout& layout() const { return layout_; }

    /// A stack for a new task. `slot`: its number in the PID range; only for that backing.
    [[nodiscard]] std::expected<AcquiredStack, StackFailure> acquire(KernelPort& kernel, std::uint32_t task,
                                                                     std::uint32_t slot);
    /// The task needs its stack no more: put_task_stack's last reference, or free_task after a grace period.
    StackSink release(KernelPort& kernel, StackId stack);
    /// The callback of a stack that release() handed to RCU: the cache once more, else free.
    StackSink release_after_rcu(KernelPort& kernel, StackId stack);
    /// What the worker does with a stack whose vfree was put off.
    void free_deferred(KernelPort& kernel, StackId stack) { vfree(kernel, stack); }
    /// CPU hotplug: the cached stacks of a CPU that goes away are freed (free_vm_stack_cache, 4.14).
    unsigned empty_cache(KernelPort& kernel, CpuId cpu);

    /// What its record says is behind it is there: to be asked first about a stack that was read from somewhere.
    [[nodiscard]] bool has_place(StackId stack, const KernelMemory& memory) const;
    /// Lowest byte of the stack.
    [[nodiscard]] VirtAddr lowest(StackId stack, const KernelMemory& memory) const;
    [[nodiscard]] VirtAddr top(StackId stack, const KernelMemory& memory) const {
        return lowest(stack, memory) + design_.stack_bytes();
    }
    /// The page of thread_info, where the design has one.
    [[nodiscard]] VirtAddr thread_info_page(StackId stack, const KernelMemory& memory) const;
    /// Address space that belongs to the stack, guards included.
    [[nodiscard]] VirtRange area(StackId stack, const KernelMemory& memory) const;

    /// A page of a dynamic stack that is not there yet, in a fault: mapped from the CPU's reserve. False: no reserve
    /// left.
    [[nodiscard]] bool fault_in(KernelPort& kernel, StackId stack, VirtAddr page);
    /// Fills the CPU's reserve up again, outside the fault.
    void refill_reserve(KernelPort& kernel);
    [[nodiscard]] std::uint32_t reserve(CpuId cpu) const {
        return static_cast<std::uint32_t>(reserves_[cpu.raw()].size());
    }

    [[nodiscard]] const StackTable& stacks() const { return stacks_; }
    [[nodiscard]] StackTable& stacks() { return stacks_; }
    [[nodiscard]] const StackCache& cache(CpuId cpu) const { return caches_[cpu.raw()]; }
    [[nodiscard]] StackCache& cache(CpuId cpu) { return caches_[cpu.raw()]; }
    [[nodiscard]] PidSlots& pid_slots() { return pid_slots_; }
    [[nodiscard]] const PidSlots& pid_slots() const { return pid_slots_; }
    /// Pages accounted to stacks in use: NR_KERNEL_STACK_KB / 4. Of a dynamic stack, those that are there.
    [[nodiscard]] std::uint64_t accounted_pages() const { return accounted_pages_; }
    /// The most that there ever were.
    [[nodiscard]] std::uint64_t most_accounted_pages() const { return most_accounted_pages_; }
    /// Stacks whose address range was given back, since the start.
    [[nodiscard]] std::uint64_t freed_areas() const { return freed_areas_; }
    /// Pages of dynamic stacks that faults mapped, since the start.
    [[nodiscard]] std::uint64_t faulted_pages() const { return faulted_pages_; }

    template <class Archive>
    void describe(Archive& archive) {
        archive(stacks_, caches_, pid_slots_, reserves_, accounted_pages_, most_accounted_pages_, faulted_pages_,
                freed_areas_);
    }
    friend bool operator==(const StackAllocator& a, const StackAllocator& b) {
        return a.design_ == b.design_ && a.stacks_ == b.stacks_ && a.caches_ == b.caches_ &&
               a.pid_slots_ == b.pid_slots_ && a.reserves_ == b.reserves_ && a.accounted_pages_ == b.accounted_pages_ &&
               a.most_accounted_pages_ == b.most_accounted_pages_ && a.faulted_pages_ == b.faulted_pages_ &&
               a.freed_areas_ == b.freed_areas_;
    }

private:
    using Acquired = std::expected<StackId, StackFailure>;
    static constexpr unsigned kMostPages = 1U << 4;

    [[nodiscard]] bool clears_fresh() const { return design_.zeroing != Zeroing::none || design_.usage_tracking; }
    [[nodiscard]] bool clears_cached() const {
        return design_.zeroing == Zeroing::fresh_and_cached || design_.usage_tracking;
    }

    [[nodiscard]] Acquired allocate(KernelPort& kernel, std::uint32_t task, std::uint32_t slot);
    [[nodiscard]] Acquired allocate_block(KernelPort& kernel, std::uint32_t task);
    [[nodiscard]] Acquired allocate_mapped(KernelPort& kernel, std::uint32_t task);
    [[nodiscard]] Acquired allocate_slot(KernelPort& kernel, std::uint32_t task, std::uint32_t slot);

    [[nodiscard]] std::optional<Pfn> take_block(KernelPort& kernel, std::uint32_t owner);
    [[nodiscard]] bool take_pages(KernelPort& kernel, std::span<Pfn> pages, std::uint32_t owner);
    [[nodiscard]] bool take_pages_one_by_one(KernelPort& kernel, std::span<Pfn> pages, std::uint32_t owner);
    static void give_back_pages(KernelPort& kernel, std::span<const Pfn> pages);
    [[nodiscard]] bool map_pages(KernelPort& kernel, VirtRange area, std::span<const Pfn> pages);
    /// Pages of a new stack that are mapped at once, in ascending order, thread_info's page first.
    [[nodiscard]] unsigned pages_at_birth() const;

    void vfree(KernelPort& kernel, StackId stack);
    StackSink free(KernelPort& kernel, StackId stack);
    void free_slot(KernelPort& kernel, StackId stack);
    /// Frames behind the mapped pages of an area, read from the page tables.
    [[nodiscard]] static std::vector<Pfn> mapped_frames(KernelPort& kernel, VirtRange area);

    static void clear_fresh(KernelPort& kernel, std::span<const Pfn> pages);
    void clear_cached(KernelPort& kernel, StackId stack);
    void account(KernelPort& kernel, StackId stack, bool is_new);
    [[nodiscard]] std::uint64_t pages_there(KernelPort& kernel, StackId stack) const;
    void add_accounted(std::uint64_t pages);
    void charge_memcg(KernelPort& kernel) const;

    StackDesign design_;
    StackLayout layout_;
    VirtRange vmalloc_window_;
    StackTable stacks_;
    std::vector<StackCache> caches_;
    PidSlots pid_slots_;
    std::vector<std::vector<Pfn>> reserves_; ///< of dynamic stacks, by CPU
    std::uint64_t accounted_pages_ = 0;
    std::uint64_t most_accounted_pages_ = 0;
    std::uint64_t faulted_pages_ = 0;
    std::uint64_t freed_areas_ = 0;
};

} // namespace ksl::core
