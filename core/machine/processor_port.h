// SPDX-License-Identifier: MIT
//
// How one processor reaches memory: through its TLB, the page tables of its current address space, and the caches. Adds
// the latency of each access to a Ledger.
//
// Fidelity: one access is one cache line; lines are waited for one after the other, except in streams (memcpy, memset),
//           where the next lines are on their way while one is used.
#pragma once

#include "core/cost/stream_cost.h"
#include "core/effects/effects.h"
#include "core/machine/machine_state.h"

#include <optional>

namespace ksl::core {

class ProcessorPort final : public MemoryPort {
public:
    ProcessorPort(MachineState& state, CpuId cpu)
        : state_(state), mmu_(state.cpu(cpu).mmu), cpu_(cpu), stream_(StreamCost::at(state.config().processor.clock)) {}

    void access(VirtAddr at, bool is_write, Ledger& ledger) override;
    /// The physical address of an access, or the fault that it raised; a missing top-level entry of the vmalloc area is
    /// repaired as vmalloc_fault does, where the design relies on that.
    [[nodiscard]] std::optional<PhysAddr> touch(VirtAddr at, bool is_write, Ledger& ledger);
    /// A read that no fault handler can help: true if it succeeded.
    [[nodiscard]] bool touch_unrepaired(VirtAddr at, Ledger& ledger);
    void stream(VirtAddr from, Bytes size, bool is_write, Ledger& ledger);

    /// Events of TLB and walks go to this sink.
    void report_to(Effects* fx) { fx_ = fx; }

private:
    struct Hooks;

    /// The second half of touch(), after a fault.
    [[nodiscard]] std::optional<PhysAddr> touch_repaired(VirtAddr at, bool is_write, Ledger& ledger);
    [[nodiscard]] MmuAnswer access_once(VirtAddr at, bool is_write, Ledger& ledger);
    /// What a translation costs that the first level of the TLB did not have.
    static void charge_translation(const MmuAnswer& answer, Ledger& ledger);
    void charge_line(PhysAddr at, bool is_write, Ledger& ledger);

    MachineState& state_;
    Mmu& mmu_; ///< of the processor
    CpuId cpu_;
    StreamCost stream_;
    Effects* fx_ = nullptr;
};

} // namespace ksl::core
