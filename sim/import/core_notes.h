// SPDX-License-Identifier: MIT
//
// The notes of a machine's dump: ELF cores and kdump files carry the same ones.
//
// Errors:  none; what is no note, or is cut off, ends the reading.
// Source:  System V ABI (ELF notes); VMCOREINFO: Documentation/admin-guide/kdump/vmcoreinfo.rst; the note "QEMU":
//          QEMUCPUState in target/i386/arch_dump.c of QEMU.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ksl::sim {

/// What a dump's notes say about one processor.
struct CoreCpu {
    std::uint64_t cr0 = 0;
    std::uint64_t cr3 = 0;
    std::uint64_t cr4 = 0;
    std::uint64_t rip = 0;
    std::uint64_t rsp = 0;

    friend bool operator==(const CoreCpu&, const CoreCpu&) = default;
};

struct CoreNotes {
    std::vector<CoreCpu> cpus;
    std::string vmcoreinfo; ///< "KEY=VALUE" lines; empty if there is no such note

    friend bool operator==(const CoreNotes&, const CoreNotes&) = default;
};

/// More bytes of notes than that are left alone.
inline constexpr std::uint64_t kMostNoteBytes = std::uint64_t{16} << 20;

/// Adds what `bytes`, a whole note segment, says.
void read_core_notes(std::string_view bytes, CoreNotes& notes);

/// A value of VMCOREINFO text: "SYMBOL(swapper_pg_dir)=ffffffff8260a000" by the whole name on the left.
[[nodiscard]] std::optional<std::string> vmcoreinfo_value(std::string_view vmcoreinfo, std::string_view key);
/// A NUMBER(...) of it, which the kernel prints with a sign: phys_base of a kernel that was linked higher than it was
/// loaded is negative. As the kernel's unsigned long.
[[nodiscard]] std::optional<std::uint64_t> vmcoreinfo_number(std::string_view vmcoreinfo, std::string_view key);

} // namespace ksl::sim
