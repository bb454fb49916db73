// SPDX-License-Identifier: MIT
#include "sim/import/elf_core.h"

#include <elf.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <string_view>
#include <system_error>

namespace ksl::sim {

namespace {

/// 64 TiB, the most that 4-level kernels address.
constexpr std::uint64_t kMostMemory = std::uint64_t{1} << 46;
constexpr std::uint64_t kMostSegments = 65'536;

} // namespace

void ElfCore::CloseFile::operator()(const int* file) const {
    ::close(*file);
    delete file; // NOLINT(*-owning-memory)
}

bool ElfCore::read(std::uint64_t offset, void* out, std::size_t bytes) const {
    auto* to = static_cast<char*>(out);
    while (bytes > 0) {
        const ssize_t got = ::pread(*file_, to, bytes, static_cast<off_t>(offset));
        if (got <= 0) return false;
        to += got;
        offset += static_cast<std::uint64_t>(got);
        bytes -= static_cast<std::size_t>(got);
    }
    return true;
}

Result<ElfCore> ElfCore::open(const std::filesystem::path& path) {
    const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (file < 0) {
        return fail(path.string(), 0, "cannot be opened: " + std::error_code(errno, std::generic_category()).message());
    }
    ElfCore core;
    core.file_.reset(new int(file)); // NOLINT(*-owning-memory)
    KSL_TRY(core.read_headers(path.string()));
    return core;
}

Result<void> ElfCore::read_headers(const std::string& name) {
    Elf64_Ehdr header{};
    const bool is_elf = read(0, &header, sizeof header) && std::memcmp(header.e_ident, ELFMAG, SELFMAG) == 0;
    if (!is_elf || header.e_ident[EI_CLASS] != ELFCLASS64 || header.e_ident[EI_DATA] != ELFDATA2LSB) {
        return fail(name, 0, "is not a 64-bit ELF file");
    }
    if (header.e_type != ET_CORE || header.e_machine != EM_X86_64 || header.e_phentsize != sizeof(Elf64_Phdr)) {
        return fail(name, 0, "is an ELF file, but not a core of an x86-64 machine");
    }
    std::uint64_t count = header.e_phnum;
    if (count == PN_XNUM) {
        Elf64_Shdr first{};
        if (!read(header.e_shoff, &first, sizeof first)) return fail(name, 0, "ends before its section headers");
        count = first.sh_info;
    }
    if (count > kMostSegments) return fail(name, 0, fmt::format("claims {} segments", count));
    for (std::uint64_t i = 0; i < count; ++i) {
        Elf64_Phdr segment{};
        if (!read(header.e_phoff + i * sizeof segment, &segment, sizeof segment)) {
            return fail(name, 0, "ends before its program headers");
        }
        if (segment.p_type == PT_NOTE) read_notes(segment.p_offset, segment.p_filesz);
        // /proc/kcore lists areas without a physical address of their own at -1.
        if (segment.p_type != PT_LOAD || segment.p_filesz == 0 || segment.p_paddr == ~std::uint64_t{0}) continue;
        if (segment.p_paddr >= kMostMemory || segment.p_filesz >= kMostMemory - segment.p_paddr) {
            return fail(name, 0, fmt::format("has a segment at {:#x}, beyond 64 TiB", segment.p_paddr));
        }
        const core::PhysAddr lowest{segment.p_paddr};
        segments_.push_back(
            {.range = {.lowest = lowest, .top = lowest + core::Bytes{segment.p_filesz}}, .offset = segment.p_offset});
    }
    if (segments_.empty()) return fail(name, 0, "holds no memory");
    std::ranges::sort(segments_, {}, [](const Segment& segment) { return segment.range.lowest; });
    return {};
}

void ElfCore::read_notes(std::uint64_t offset, std::uint64_t bytes) {
    std::string notes(static_cast<std::size_t>(std::min(bytes, kMostNoteBytes)), '\0');
    if (!read(offset, notes.data(), notes.size())) return;
    read_core_notes(notes, notes_);
}

bool ElfCore::read_page(core::Pfn frame, std::array<std::uint64_t, 512>& words) const {
    const core::PhysAddr at = core::address_of(frame);
    const auto after = std::ranges::upper_bound(segments_, at, {}, [](const Segment& s) { return s.range.lowest; });
    if (after == segments_.begin()) return false;
    const Segment& segment = *std::prev(after);
    if (at + core::Bytes{core::kPageBytes} > segment.range.top) return false;
    return read(segment.offset + (at - segment.range.lowest).count(), words.data(), core::kPageBytes);
}

} // namespace ksl::sim
