// SPDX-License-Identifier: MIT
//
// An ELF core as QEMU writes it, made of the table pages of a capture: small, and with everything that a walk needs.
#pragma once

#include "sim/import/table_pages.h"

#include <elf.h>

#include <cstring>
#include <string>

namespace ksl::testing {

struct CoreParts {
    bool registers = true;  ///< the note with CR0 to CR4
    bool vmcoreinfo = true; ///< the note with the kernel's symbols
    std::uint64_t swapper_pg_dir = 0;
};

template <class T>
void append(std::string& bytes, const T& value) {
    bytes.append(reinterpret_cast<const char*>(&value), sizeof value);
}

inline void append_note(std::string& notes, const std::string& owner, const std::string& contents) {
    append(notes, Elf64_Nhdr{static_cast<Elf64_Word>(owner.size() + 1), static_cast<Elf64_Word>(contents.size()), 0});
    for (std::string text : {owner + '\0', contents}) {
        text.resize((text.size() + 3) / 4 * 4);
        notes += text;
    }
}

inline std::string core_notes(const sim::TablePagesCapture& machine, const CoreParts& parts) {
    std::string notes;
    if (parts.registers) {
        constexpr std::size_t kControl = 8 + (18 * 8) + (10 * 24);
        std::string state(kControl + (6 * 8), '\0');
        const core::ControlRegisters& registers = machine.registers;
        const std::uint64_t control[] = {registers.cr0, 0, registers.cr2, registers.cr3, registers.cr4};
        std::memcpy(state.data() + kControl, control, sizeof control);
        append_note(notes, "QEMU", state);
    }
    if (parts.vmcoreinfo) {
        char symbol[64];
        std::snprintf(symbol, sizeof symbol, "SYMBOL(swapper_pg_dir)=%lx\n", parts.swapper_pg_dir);
        append_note(notes, "VMCOREINFO",
                    std::string{"OSRELEASE=6.1.192\nPAGESIZE=4096\n"} + symbol + "NUMBER(phys_base)=0\n");
    }
    return notes;
}

inline std::string elf_core_of(const sim::TablePagesCapture& machine, const CoreParts& parts = {}) {
    const std::string notes = core_notes(machine, parts);
    const std::size_t headers = sizeof(Elf64_Ehdr) + ((machine.pages.size() + 1) * sizeof(Elf64_Phdr));
    Elf64_Ehdr header{};
    std::memcpy(header.e_ident, ELFMAG, SELFMAG);
    header.e_ident[EI_CLASS] = ELFCLASS64;
    header.e_ident[EI_DATA] = ELFDATA2LSB;
    header.e_ident[EI_VERSION] = EV_CURRENT;
    header.e_type = ET_CORE;
    header.e_machine = EM_X86_64;
    header.e_version = EV_CURRENT;
    header.e_phoff = sizeof header;
    header.e_ehsize = sizeof header;
    header.e_phentsize = sizeof(Elf64_Phdr);
    header.e_phnum = static_cast<Elf64_Half>(machine.pages.size() + 1);
    std::string file;
    append(file, header);
    append(file, Elf64_Phdr{PT_NOTE, 0, headers, 0, 0, notes.size(), notes.size(), 0});
    std::size_t offset = headers + notes.size();
    for (const sim::TablePage& page : machine.pages) {
        append(file, Elf64_Phdr{PT_LOAD, 0, offset, 0, core::address_of(page.frame).raw(), 4096, 4096, 0});
        offset += 4096;
    }
    file += notes;
    for (const sim::TablePage& page : machine.pages) {
        file.append(reinterpret_cast<const char*>(machine.memory.words(page.frame)), 4096);
    }
    return file;
}

} // namespace ksl::testing
