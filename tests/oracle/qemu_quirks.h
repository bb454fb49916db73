// SPDX-License-Identifier: MIT
//
// Where QEMU's MMU (TCG, 7.2) does something else than the manual says, or where the manual leaves a choice. Each quirk
// is applied to what our engine answers, so that the comparison stays exact. Evidence is in docs/mmu-oracles.md; the
// places named are in mmu_translate() and its callers, target/i386/tcg/sysemu/excp_helper.c.
//
//     reserved_without_p      A reserved bit raises an error code with RSVD and without P (do_fault_rsvd). SDM: "RSVD
//                             is set only if P is set as well".
//     accessed_on_the_way     Accessed bits of upper entries are set while the walk goes on, so that they stay set when
//                             it ends in a fault; of a 1 GiB leaf before rights and address bits below 2^30 are judged.
//                             SDM: the processor may do so.
//     no_stack_fault          A non-canonical address raises #GP for accesses through SS as well. SDM: #SS.
//     key_after_user          The key of a supervisor page does not count when a user access is refused already. SDM:
//                             silent.
//
// Not in this list because programs keep clear of them:
//     Setting CR4.PKE or CR4.PKS does not empty QEMU's TLB, in which rights are kept with the keys applied
//     (cpu_x86_update_cr4(), target/i386/helper.c). Writing PKRU or IA32_PKRS does, so they are written after that.
//     INVLPG of a large page empties QEMU's TLB, but of the code that it has translated it only drops what lies in the
//     4 KiB around the address (tlb_flush_page_by_mmuidx_async_0(), accel/tcg/cputlb.c): a fetch elsewhere in the page
//     may still run the code of the frame that was mapped before. After such an INVLPG nothing is fetched until all is
//     flushed.
//     Although it calls itself an AMD processor, QEMU does not ask for bit 8 of PML4Es and PML5Es to be zero; the
//     engine is told that the processor is none of AMD's. Memory that does not exist reads as zero, on a PC as all ones
//     (the test ATableWhereThereIsNoMemory...).
#pragma once

#include "core/paging/walker.h"
#include "tests/oracle/bootimage/protocol.h"

namespace ksl::oracle {

enum class Quirk : std::uint8_t {
    reserved_without_p,
    accessed_on_the_way,
    no_stack_fault,
    key_after_user,
};
inline constexpr std::size_t kQuirks = 4;

/// How often each was applied where it made a difference.
using QuirkCounts = std::array<std::uint64_t, kQuirks>;

/// What QEMU reports where the engine says `fault` and leaves `cr2`. `rights`: of the page, if the walk got so far.
inline bootimage::Result qemu_result_of(const core::Fault& fault, core::Access access, std::uint64_t cr2,
                                        const std::optional<core::Rights>& rights, QuirkCounts& counts) {
    const auto apply = [&](Quirk quirk) { ++counts[static_cast<std::size_t>(quirk)]; };
    bootimage::Result result{
        .vector = static_cast<std::uint32_t>(fault.vector), .error_code = fault.error_code, .value = 0, .cr2 = cr2};
    if (fault.vector != core::Vector::page_fault) {
        if (fault.vector == core::Vector::stack_segment) apply(Quirk::no_stack_fault);
        result.vector = static_cast<std::uint32_t>(core::Vector::general_protection);
    }
    if ((fault.error_code & core::page_fault::kReserved) != 0) {
        apply(Quirk::reserved_without_p);
        result.error_code &= ~core::page_fault::kProtection;
    }
    if ((fault.error_code & core::page_fault::kKey) != 0 && access.is_user() && rights && !rights->user) {
        apply(Quirk::key_after_user);
        result.error_code &= ~core::page_fault::kKey;
    }
    return result;
}

/// True if QEMU sets the accessed bit of this entry although the walk faults. `is_last`: the walk ended here.
inline bool qemu_sets_accessed(const core::WalkStep& step, bool is_last, const core::EntryRules& rules) {
    if (!is_last) return true;
    if (step.level != core::Level::pdpt || !step.before.is_leaf(step.level)) return false;
    // A huge page: high address bits and XD have been judged before, the rest comes later.
    const std::uint64_t early = core::reserved_bits(core::EntryKind::pdpte, rules);
    return (step.before.bits() & early) == 0;
}

} // namespace ksl::oracle
