// SPDX-License-Identifier: MIT
//
// A machine's memory as an ELF core file: /proc/vmcore, makedumpfile -E, QEMU's dump-guest-memory. Read page by page,
// so that a dump may be larger than our memory.
//
// Units:   physical addresses in bytes; a page is 4 KiB.
// Errors:  what is no ELF core of x86-64, or contradicts itself, is the user's error. A page that the file does not
//          hold is no error: crash dumps leave out what nobody needs.
// Source:  System V ABI, AMD64 supplement (ELF64); VMCOREINFO: Documentation/admin-guide/kdump/vmcoreinfo.rst; the note
//          "QEMU": QEMUCPUState in target/i386/arch_dump.c of QEMU.
#pragma once

#include "core/types/address.h"
#include "sim/base/error.h"
#include "sim/import/core_notes.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace ksl::sim {

class ElfCore {
public:
    /// Memory that the file holds.
    struct Segment {
        core::PhysRange range;
        std::uint64_t offset = 0; ///< in the file
    };

    [[nodiscard]] static Result<ElfCore> open(const std::filesystem::path& path);

    [[nodiscard]] const std::vector<Segment>& segments() const { return segments_; }
    [[nodiscard]] const CoreNotes& notes() const { return notes_; }
    /// False if the file does not hold it.
    [[nodiscard]] bool read_page(core::Pfn frame, std::array<std::uint64_t, 512>& words) const;

private:
    struct CloseFile {
        void operator()(const int* file) const;
    };

    [[nodiscard]] bool read(std::uint64_t offset, void* out, std::size_t bytes) const;
    [[nodiscard]] Result<void> read_headers(const std::string& name);
    void read_notes(std::uint64_t offset, std::uint64_t bytes);

    std::unique_ptr<int, CloseFile> file_;
    std::vector<Segment> segments_; ///< ascending
    CoreNotes notes_;
};

} // namespace ksl::sim
