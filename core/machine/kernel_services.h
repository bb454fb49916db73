// SPDX-License-Identifier: MIT
//
// KernelPort for one command on one processor: the parts of the machine put together. Allocation with the out-of-memory
// killer behind it, slab objects, RCU, deferred work, TLB shootdown.
#pragma once

#include "core/kernel/kernel_port.h"
#include "core/machine/machine_state.h"
#include "core/machine/processor_port.h"
#include "core/memory/page_owners.h"
#include "core/vmalloc/vmap_host.h"

namespace ksl::core {

class KernelServices final : public KernelPort, public VmapHost, public PageOwners {
public:
    KernelServices(MachineState& state, CpuId cpu, ProcessorPort& port, Effects& fx)
        : state_(state), cpu_(cpu), port_(port), fx_(fx) {}

    // KernelPort
    [[nodiscard]] KernelMemory& memory() override { return state_.memory; }
    [[nodiscard]] Effects& fx() override { return fx_; }
    [[nodiscard]] CpuId cpu() const override { return cpu_; }
    [[nodiscard]] std::optional<Pfn> allocate(const AllocRequest& request) override;
    [[nodiscard]] std::size_t allocate_bulk(const AllocRequest& request, std::span<Pfn> out) override;
    void free(Pfn block, Order order) override;
    [[nodiscard]] std::optional<SlabObject> new_object(SlabCacheId cache) override;
    void free_object(SlabCacheId cache, SlabObject object) override;
    [[nodiscard]] VmapHost& vmap_host() override { return *this; }
    void call_rcu(RcuCallback callback) override;
    void defer_vfree(StackId stack) override;
    [[nodiscard]] bool in_interrupt() const override { return in_interrupt_; }
    void purge_if_due() override;
    void sync_top_level(VirtRange range) override;
    [[nodiscard]] std::uint64_t load(VirtAddr at) override;
    void store(VirtAddr at, std::span<const std::uint64_t> words) override;
    void stream(VirtAddr from, Bytes size, bool is_write) override;
    [[nodiscard]] std::optional<PhysAddr> translate(VirtAddr at) override;

    // VmapHost
    [[nodiscard]] std::optional<AreaObject> new_area_object(Effects& fx) override;
    void free_area_object(AreaObject object, Effects& fx) override;
    [[nodiscard]] VirtAddr area_object_address(AreaObject object) const override;
    void flush_kernel_range(VirtRange range, Effects& fx) override;

    // PageOwners
    void page_moved(Pfn from, Pfn to) override;

    /// A word written by the code that runs now; false: a fault that nobody repaired.
    [[nodiscard]] bool store_word(VirtAddr at, std::uint64_t value);
    /// A read of the stack in use: true if it is mapped in the loaded tables. Nothing repairs what is not.
    [[nodiscard]] bool reach(VirtAddr at);
    /// Purges whatever is pending, here and now.
    void purge();
    void set_in_interrupt(bool in_interrupt) { in_interrupt_ = in_interrupt; }
    /// Whose life pays for work that is put off from here on; none: nobody's.
    void set_subject(TaskId task) { subject_ = task; }
    [[nodiscard]] std::uint16_t oom_kills() const { return oom_kills_; }
    [[nodiscard]] std::uint16_t ipis() const { return ipis_; }
    [[nodiscard]] bool purged() const { return purged_; }

private:
    /// out_of_memory(): kills the task whose memory is largest. False: nobody is left to kill.
    [[nodiscard]] bool kill_someone(Order order);

    MachineState& state_;
    CpuId cpu_;
    ProcessorPort& port_;
    Effects& fx_;
    TaskId subject_;
    bool in_interrupt_ = false;
    bool purged_ = false;
    std::uint16_t oom_kills_ = 0;
    std::uint16_t ipis_ = 0;
};

} // namespace ksl::core
