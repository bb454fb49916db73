// SPDX-License-Identifier: MIT
//
// Our engine's answer to each operation of an MmuProgram: by the plain walker, by the MMU with TLBs and
// paging-structure caches, and with the emulator's quirks on top.
#pragma once

#include "core/tlb/mmu.h"
#include "tests/oracle/mmu_program.h"
#include "tests/oracle/qemu_quirks.h"

namespace ksl::oracle {

class MmuReference {
public:
    /// Works on `program`, whose tables_before are complete.
    MmuReference(MmuProgram& program, const core::MmuConfig& config);

    // Each adds an operation, with its result.
    void set_cr0(std::uint64_t value);
    void load_cr3(core::Pfn root);
    void set_cr4(std::uint64_t value);
    void set_no_execute(bool on);
    void set_pkru(std::uint32_t value);
    void set_pkrs(std::uint32_t value);
    void store(core::PhysAddr at, core::Pte entry);
    void invlpg(core::VirtAddr at);
    void access(core::VirtAddr at, core::Access access);

    [[nodiscard]] const core::ControlRegisters& registers() const { return mmu_.registers(); }
    /// An entry as it is now.
    [[nodiscard]] core::Pte entry(core::PhysAddr at) const { return core::Pte{walked_.read(at)}; }
    /// After the last operation.
    void finish();

private:
    void add(const bootimage::Operation& operation, const bootimage::Result& result = {});
    [[nodiscard]] bool would_leave_windows(core::VirtAddr at, core::Access access) const;
    [[nodiscard]] bootimage::Result success(const core::Translation& found, core::Access access, std::uint32_t tag);
    void compare(core::VirtAddr at, const std::expected<core::Translation, core::Fault>& by_walker,
                 const core::MmuAnswer& by_mmu);
    void mark_accessed(const core::WalkTrace& trace, bool faulted, core::AccessKind kind);
    void count(const std::expected<core::Translation, core::Fault>& result, const core::MmuAnswer& answer);
    void disagree(const char* what, core::VirtAddr at);

    MmuProgram& program_;
    core::Mmu mmu_;
    core::PhysMemory walked_;   ///< what the walker works on
    core::PhysMemory accessed_; ///< what the MMU works on
};

} // namespace ksl::oracle
