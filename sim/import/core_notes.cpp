// SPDX-License-Identifier: MIT
#include "sim/import/core_notes.h"

#include "sim/import/csv_fields.h"

#include <elf.h>

#include <cstring>

namespace ksl::sim {

namespace {

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

void read_note(std::string_view owner, std::string_view contents, CoreNotes& notes) {
    if (owner == "VMCOREINFO") notes.vmcoreinfo = contents;
    if (owner != "QEMU" || contents.size() < kQemuControl + (5 * 8)) return;
    notes.cpus.push_back({.cr0 = load<std::uint64_t>(contents, kQemuControl),
                          .cr3 = load<std::uint64_t>(contents, kQemuControl + (3 * 8)),
                          .cr4 = load<std::uint64_t>(contents, kQemuControl + (4 * 8)),
                          .rip = load<std::uint64_t>(contents, kQemuRip),
                          .rsp = load<std::uint64_t>(contents, kQemuRsp)});
}

} // namespace

void read_core_notes(std::string_view bytes, CoreNotes& notes) {
    while (bytes.size() >= sizeof(Elf64_Nhdr)) {
        const auto header = load<Elf64_Nhdr>(bytes, 0);
        const std::uint64_t owner_bytes = padded(header.n_namesz);
        const std::uint64_t contents_bytes = padded(header.n_descsz);
        const std::uint64_t size = sizeof header + owner_bytes + contents_bytes;
        if (size > bytes.size() || header.n_namesz == 0) return;
        const std::string_view owner = bytes.substr(sizeof header, header.n_namesz - 1);
        read_note(owner, bytes.substr(sizeof header + owner_bytes, header.n_descsz), notes);
        bytes.remove_prefix(size);
    }
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

std::optional<std::uint64_t> vmcoreinfo_number(std::string_view vmcoreinfo, std::string_view key) {
    const auto text = vmcoreinfo_value(vmcoreinfo, key);
    if (!text) return std::nullopt;
    const bool is_negative = text->starts_with('-');
    const auto magnitude = parse_number(std::string_view{*text}.substr(is_negative ? 1 : 0));
    if (!magnitude) return std::nullopt;
    return is_negative ? 0 - *magnitude : *magnitude;
}

} // namespace ksl::sim
