// SPDX-License-Identifier: MIT
//
// One processor executing kernel code: what a subsystem of the simulated kernel (stacks, address spaces, workloads'
// page churn) asks of the rest of the kernel. Short-lived: made for one command, on one processor, with its Effects.
//
// Errors:  an allocation that the kernel would turn into a kill by the out-of-memory killer is handled behind
//          allocate(): what comes back empty is what kernel code would see as NULL.
#pragma once

#include "core/effects/effects.h"
#include "core/kernel/kernel_memory.h"
#include "core/kernel/rcu.h"
#include "core/kernel/stack_id.h"
#include "core/memory/page_allocator.h"
#include "core/vmalloc/vmap_host.h"

#include <optional>
#include <span>

namespace ksl::core {

class KernelPort {
public:
    virtual ~KernelPort() = default;

    [[nodiscard]] virtual KernelMemory& memory() = 0;
    [[nodiscard]] virtual Effects& fx() = 0;
    [[nodiscard]] virtual CpuId cpu() const = 0;

    // Memory.
    [[nodiscard]] virtual std::optional<Pfn> allocate(const AllocRequest& request) = 0;
    /// Single pages; fewer than asked for where the bulk allocator gives fewer.
    [[nodiscard]] virtual std::size_t allocate_bulk(const AllocRequest& request, std::span<Pfn> out) = 0;
    virtual void free(Pfn block, Order order) = 0;
    [[nodiscard]] virtual std::optional<SlabObject> new_object(SlabCacheId cache) = 0;
    virtual void free_object(SlabCacheId cache, SlabObject object) = 0;
    [[nodiscard]] virtual VmapHost& vmap_host() = 0;

    // Deferral.
    virtual void call_rcu(RcuCallback callback) = 0;
    /// vfree() from interrupt context: the worker of this processor frees the stack later.
    virtual void defer_vfree(StackId stack) = 0;
    /// True in softirq and interrupt context.
    [[nodiscard]] virtual bool in_interrupt() const = 0;
    /// More lazily freed areas than the limit: purged here or by a worker, as the rules say.
    virtual void purge_if_due() = 0;
    /// New top-level entries of the vmalloc area are copied to all address spaces, where the design says so.
    virtual void sync_top_level(VirtRange range) = 0;

    /// Loads and stores by kernel code through the processor's TLB and caches; stores change memory. `at` is 8-byte
    /// aligned and mapped; one access is counted for each cache line.
    [[nodiscard]] virtual std::uint64_t load(VirtAddr at) = 0;
    virtual void store(VirtAddr at, std::span<const std::uint64_t> words) = 0;
    /// A run of bytes read or written front to back, line by line, as memcpy and memset do.
    virtual void stream(VirtAddr from, Bytes size, bool is_write) = 0;
    /// Where kernel memory lies, without touching TLB or caches; nothing if it is not mapped.
    [[nodiscard]] virtual std::optional<PhysAddr> translate(VirtAddr at) = 0;

protected:
    KernelPort() = default;
    KernelPort(const KernelPort&) = default;
    KernelPort& operator=(const KernelPort&) = default;
};

} // namespace ksl::core
