// SPDX-License-Identifier: MIT
//
// A crash dump's pages and notes, whatever its format: an ELF core (read here), or a file in kdump's own format
// (through libkdumpfile, if the program was built with it).
#pragma once

#include "sim/import/elf_core.h"
#include "sim/import/kdump_file.h"

#include <variant>

namespace ksl::sim {

/// By its first bytes.
[[nodiscard]] bool is_elf_core(const std::filesystem::path& path);
[[nodiscard]] bool is_kdump(const std::filesystem::path& path);

class DumpFile {
public:
    [[nodiscard]] static Result<DumpFile> open(const std::filesystem::path& path);

    [[nodiscard]] const CoreNotes& notes() const;
    /// False if the dump does not hold it.
    [[nodiscard]] bool read_page(core::Pfn frame, std::array<std::uint64_t, 512>& words) const;
    /// nullptr if it is of the other kind.
    [[nodiscard]] const ElfCore* as_elf() const { return std::get_if<ElfCore>(&file_); }

private:
    explicit DumpFile(std::variant<ElfCore, KdumpFile> file) : file_(std::move(file)) {}

    std::variant<ElfCore, KdumpFile> file_;
};

} // namespace ksl::sim
