// SPDX-License-Identifier: MIT
//
// ELF cores. The seed is a small one, made here; the input's bytes replace its own.
#include "sim/import/crash_dump.h"
#include "sim/import/table_pages_oracle.h"
#include "tests/fuzz/mutate.h"

#include <elf.h>
#include <unistd.h>

#include <cstdint>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <string>

namespace {

template <class T>
void append(std::string& bytes, const T& value) {
    bytes.append(reinterpret_cast<const char*>(&value), sizeof value);
}

/// Four tables that map 2 MiB, at 0x1000 to 0x4fff, and the note that leads to them.
std::string small_core() {
    const std::string notes = [] {
        std::string text;
        const std::string info = "SYMBOL(swapper_pg_dir)=ffffffff80001000\nNUMBER(phys_base)=0\n";
        append(text, Elf64_Nhdr{11, static_cast<Elf64_Word>(info.size()), 0});
        text += std::string{"VMCOREINFO\0\0", 12} + info;
        text.resize((text.size() + 3) / 4 * 4);
        return text;
    }();
    Elf64_Ehdr header{};
    std::memcpy(header.e_ident, ELFMAG, SELFMAG);
    header.e_ident[EI_CLASS] = ELFCLASS64;
    header.e_ident[EI_DATA] = ELFDATA2LSB;
    header.e_type = ET_CORE;
    header.e_machine = EM_X86_64;
    header.e_phoff = sizeof header;
    header.e_phentsize = sizeof(Elf64_Phdr);
    header.e_phnum = 2;
    const std::size_t start = sizeof header + (2 * sizeof(Elf64_Phdr));
    std::string core;
    append(core, header);
    append(core, Elf64_Phdr{PT_NOTE, 0, start, 0, 0, notes.size(), notes.size(), 0});
    append(core, Elf64_Phdr{PT_LOAD, 0, start + notes.size(), 0, 0x1000, 0x4000, 0x4000, 0});
    core += notes;
    for (std::uint64_t level = 0; level < 4; ++level) {
        for (std::uint64_t i = 0; i < 512; ++i) {
            std::uint64_t entry = level == 3 ? (i << 12) | 0x63 : 0;
            if (level < 3 && i == 0) entry = ((level + 2) << 12) | 0x63;
            append(core, entry);
        }
    }
    return core;
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace ksl;
    // The input is a recipe for changes, so that each one begins with a core that is almost right.
    static std::uint64_t calls = 0;
    std::uint64_t seed = ++calls;
    for (std::size_t i = 0; i < size; ++i) seed = (seed * 31) + data[i];
    core::Random random{seed};
    const std::string core = calls == 1 ? small_core() : fuzz::mutated(small_core(), random);
    const auto file = std::filesystem::temp_directory_path() / ("ksl_crash_dump_fuzz_" + std::to_string(::getpid()));
    std::ofstream{file, std::ios::binary} << core;
    const auto tables = sim::read_crash_dump(file);
    const bool described = sim::describe_crash_dump(file).has_value();
    std::filesystem::remove(file);
    if (calls == 1 && (!tables || !described)) __builtin_trap(); // The seed itself must be good.
    if (tables) {
        for (const std::uint64_t at : {0x1000ULL, 0x1ff123ULL, 0xffff888000000000ULL, 0x8000000000000000ULL}) {
            std::ignore = sim::answer_of(*tables, core::VirtAddr{at});
        }
    }
    return 0;
}
