// SPDX-License-Identifier: MIT
#include "sim/import/elf_core.h"

#include "sim/import/csv_fields.h"

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
constexpr std::uint64_t kMostNoteBytes = std::uint64_t{16} << 20;

// QEMUCPUState: version and size, 18 registers, 10 segments of 24 bytes, cr[5], kernel_gs_base.
constexpr std::size_t kQemuRegisters = 8;
constexpr std::size_t kQemuRsp = kQemuRegisters + (6 * 8);
constexpr std::size_t kQemuRip = kQemuRegisters + (16 * 8);
constexpr std::size_t kQemuControl = kQemuRegisters + (18 * 8) + (10 * 24);

template <class T>
T load(std::string_view bytes, std::size_t offset) {
    T value{};
    std::memcpy(&value, bytes.data() + offset, sizeof value);
    return value;
}

constexpr std::uint64_t padded(std::uint64_t bytes) {
    return (bytes + 3) / 4 * 4;
}

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
    std::string_view rest = notes;
    while (rest.size() >= sizeof(Elf64_Nhdr)) {
        const auto header = load<Elf64_Nhdr>(rest, 0);
        const std::uint64_t owner_bytes = padded(header.n_namesz);
        const std::uint64_t size = sizeof header + owner_bytes + padded(header.n_descsz);
        if (size > rest.size() || header.n_namesz == 0) return;
        const std::string_view owner = rest.substr(sizeof header, header.n_namesz - 1);
        read_note(owner, header.n_type, rest.substr(sizeof header + owner_bytes, header.n_descsz));
        rest.remove_prefix(size);
    }
}

void ElfCore::read_note(std::string_view owner, std::uint32_t /*type*/, std::string_view contents) {
    if (owner == "VMCOREINFO") vmcoreinfo_ = contents;
    if (owner != "QEMU" || contents.size() < kQemuControl + (5 * 8)) return;
    cpus_.push_back({.cr0 = load<std::uint64_t>(contents, kQemuControl),
                     .cr3 = load<std::uint64_t>(contents, kQemuControl + (3 * 8)),
                     .cr4 = load<std::uint64_t>(contents, kQemuControl + (4 * 8)),
                     .rip = load<std::uint64_t>(contents, kQemuRip),
                     .rsp = load<std::uint64_t>(contents, kQemuRsp)});
}

bool ElfCore::read_page(core::Pfn frame, std::array<std::uint64_t, 512>& words) const {
    const core::PhysAddr at = core::address_of(frame);
    const auto after = std::ranges::upper_bound(segments_, at, {}, [](const Segment& s) { return s.range.lowest; });
    if (after == segments_.begin()) return false;
    const Segment& segment = *std::prev(after);
    if (at + core::Bytes{core::kPageBytes} > segment.range.top) return false;
    return read(segment.offset + (at - segment.range.lowest).count(), words.data(), core::kPageBytes);
}

std::optional<std::string> vmcoreinfo_value(std::string_view vmcoreinfo, std::string_view key) {
    while (!vmcoreinfo.empty()) {
        const std::string_view line = take_line(vmcoreinfo);
        if (line.starts_with(key) && line.substr(key.size()).starts_with('=')) {
            return std::string{line.substr(key.size() + 1)};
        }
    }
    return std::nullopt;
}

} // namespace ksl::sim
