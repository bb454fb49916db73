// SPDX-License-Identifier: MIT
#include "core/machine/shootdown.h"

namespace ksl::core {

namespace {

void flush_everything(Mmu& mmu) {
    // __flush_tlb_global of 2016: CR4.PGE off and on again.
    const std::uint64_t value = mmu.registers().cr4;
    mmu.set_cr4(value & ~cr4::kGlobalPages);
    mmu.set_cr4(value);
}

} // namespace

unsigned flush_tlb_kernel_range(MachineState& state, CpuId by, VirtRange range, Effects& fx) {
    const std::uint64_t pages = pages_for(range.size()).count();
    const bool whole = pages > kSinglePageFlushCeiling;
    const auto targets = static_cast<unsigned>(state.cpus.size()) - 1;
    const PriceList& prices = state.config().prices;
    if (targets != 0) {
        fx.charge(Step::ipi_send);
        fx.charge(Step::ipi_target, targets);
    }
    for (std::size_t index = 0; index < state.cpus.size(); ++index) {
        Cpu& cpu = state.cpus[index];
        if (whole) {
            flush_everything(cpu.mmu);
        } else {
            for (VirtAddr at = range.lowest; at < range.top; at += Bytes{kPageBytes}) cpu.mmu.invlpg(at);
        }
        if (index == by.raw()) {
            if (whole)
                fx.charge(Step::global_flush);
            else
                fx.charge(Step::invlpg, static_cast<std::uint32_t>(pages));
            continue;
        }
        const Cycles stolen =
            prices[Step::ipi_handle] + (whole ? prices[Step::global_flush] : prices[Step::invlpg] * pages);
        cpu.now += stolen;
        cpu.overhead += stolen;
    }
    if (whole) ++state.counters.global_flushes;
    fx.report(EventLevel::fine, [&] {
        return TlbFlushed{whole ? FlushScope::everything : FlushScope::page, range.lowest.raw(), range.top.raw(),
                          static_cast<std::uint16_t>(targets)};
    });
    return targets;
}

} // namespace ksl::core
