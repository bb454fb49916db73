// SPDX-License-Identifier: MIT
#include "sim/import/dump_file.h"

#include <algorithm>
#include <fstream>
#include <utility>

namespace ksl::sim {

namespace {

std::string first_bytes(const std::filesystem::path& path) {
    std::ifstream file{path, std::ios::binary};
    std::string bytes(20, '\0');
    file.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    bytes.resize(static_cast<std::size_t>(std::max<std::streamsize>(file.gcount(), 0)));
    return bytes;
}

} // namespace

bool is_elf_core(const std::filesystem::path& path) {
    const std::string bytes = first_bytes(path);
    return bytes.size() >= 18 && bytes.starts_with("\177ELF") && bytes[16] == 4 && bytes[17] == 0; // ET_CORE
}

bool is_kdump(const std::filesystem::path& path) {
    const std::string bytes = first_bytes(path);
    return bytes.starts_with("KDUMP   ") || bytes.starts_with("DISKDUMP") || bytes.starts_with("makedumpfile");
}

Result<DumpFile> DumpFile::open(const std::filesystem::path& path) {
    if (is_kdump(path)) {
        KSL_TRY_ASSIGN(file, KdumpFile::open(path));
        return DumpFile{std::move(file)};
    }
    KSL_TRY_ASSIGN(core, ElfCore::open(path));
    return DumpFile{std::move(core)};
}

const CoreNotes& DumpFile::notes() const {
    return std::visit([](const auto& file) -> const CoreNotes& { return file.notes(); }, file_);
}

bool DumpFile::read_page(core::Pfn frame, std::array<std::uint64_t, 512>& words) const {
    return std::visit([&](const auto& file) { return file.read_page(frame, words); }, file_);
}

} // namespace ksl::sim
