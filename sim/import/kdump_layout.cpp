// SPDX-License-Identifier: MIT
#include "sim/import/kdump_layout.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

namespace ksl::sim {

namespace {

constexpr std::string_view kFlattened = "makedumpfile";
constexpr std::size_t kFlatHeaderBytes = 4096;
/// Farther than any dump reaches: 64 TiB.
constexpr std::uint64_t kMostBytes = std::uint64_t{1} << 46;

// disk_dump_header of a 64-bit machine: signature, version, six names of 65 bytes, a time of 16 bytes, status, then:
constexpr std::uint64_t kBlockSizeAt = 428;
// kdump_sub_header:
constexpr std::uint64_t kNotesAt = 48; ///< offset_note, size_note: header version 4 and later
constexpr std::uint32_t kVersionWithNotes = 4;

std::string error_text() {
    return std::error_code(errno, std::generic_category()).message();
}

bool read_at(int file, std::uint64_t offset, void* out, std::size_t bytes) {
    auto* to = static_cast<char*>(out);
    while (bytes > 0) {
        const ssize_t got = ::pread(file, to, bytes, static_cast<off_t>(offset));
        if (got <= 0) return false;
        to += got;
        offset += static_cast<std::uint64_t>(got);
        bytes -= static_cast<std::size_t>(got);
    }
    return true;
}
bool write_at(int file, std::uint64_t offset, const char* from, std::size_t bytes) {
    while (bytes > 0) {
        const ssize_t written = ::pwrite(file, from, bytes, static_cast<off_t>(offset));
        if (written <= 0) return false;
        from += written;
        offset += static_cast<std::uint64_t>(written);
        bytes -= static_cast<std::size_t>(written);
    }
    return true;
}

std::uint64_t big_endian(const unsigned char* bytes) {
    std::uint64_t value = 0;
    for (unsigned i = 0; i < 8; ++i) value = value << 8 | bytes[i];
    return value;
}

Result<OpenFile> nameless_file() {
    std::error_code error;
    std::filesystem::path name = std::filesystem::temp_directory_path(error) / "kstacklab-dump-XXXXXX";
    std::string text = name.string();
    const int file = error ? -1 : ::mkostemp(text.data(), O_CLOEXEC);
    if (file < 0) return fail_environment(name.string(), "cannot be created for a flattened dump: " + error_text());
    ::unlink(text.c_str());
    return OpenFile{file};
}

/// The records of a flattened dump at the places that they name.
Result<OpenFile> put_in_order(const OpenFile& flat, const std::string& name) {
    KSL_TRY_ASSIGN(ordered, nameless_file());
    std::string buffer(std::size_t{1} << 20, '\0');
    std::uint64_t at = kFlatHeaderBytes;
    while (true) {
        std::array<unsigned char, 16> head{};
        if (!read_at(flat.number(), at, head.data(), head.size()))
            return fail(name, 0, fmt::format("is a flattened dump that ends in the middle, at byte {}", at));
        at += head.size();
        std::uint64_t offset = big_endian(head.data());
        std::uint64_t bytes = big_endian(head.data() + 8);
        if (offset == UINT64_MAX && bytes == UINT64_MAX) return std::move(ordered);
        if (offset >= kMostBytes || bytes >= kMostBytes)
            return fail(name, 0, fmt::format("is a flattened dump with an impossible record at byte {}", at - 16));
        while (bytes > 0) {
            const auto part = static_cast<std::size_t>(std::min<std::uint64_t>(bytes, buffer.size()));
            if (!read_at(flat.number(), at, buffer.data(), part))
                return fail(name, 0, fmt::format("is a flattened dump that ends in the middle, at byte {}", at));
            if (!write_at(ordered.number(), offset, buffer.data(), part))
                return fail_environment(name, "is a flattened dump, and there is no room to put it in order");
            at += part;
            offset += part;
            bytes -= part;
        }
    }
}

} // namespace

OpenFile::OpenFile(OpenFile&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
OpenFile& OpenFile::operator=(OpenFile&& other) noexcept {
    std::swap(number_, other.number_);
    return *this;
}
OpenFile::~OpenFile() {
    if (number_ >= 0) ::close(number_);
}

Result<OpenFile> open_kdump(const std::filesystem::path& path) {
    OpenFile file{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
    if (file.number() < 0) return fail(path.string(), 0, "cannot be opened: " + error_text());
    std::array<char, kFlattened.size()> start{};
    const bool is_flat = read_at(file.number(), 0, start.data(), start.size()) &&
                         std::string_view{start.data(), start.size()} == kFlattened;
    if (is_flat) return put_in_order(file, path.string());
    return file;
}

CoreNotes kdump_notes(const OpenFile& file) {
    CoreNotes notes;
    std::uint32_t version = 0;
    std::uint32_t block = 0;
    std::array<std::uint64_t, 2> place{};
    if (!read_at(file.number(), 8, &version, sizeof version) || version < kVersionWithNotes) return notes;
    if (!read_at(file.number(), kBlockSizeAt, &block, sizeof block)) return notes;
    if (!read_at(file.number(), block + kNotesAt, place.data(), sizeof place)) return notes;
    const auto [offset, bytes] = place;
    if (offset >= kMostBytes || bytes > kMostNoteBytes) return notes;
    std::string text(static_cast<std::size_t>(bytes), '\0');
    if (read_at(file.number(), offset, text.data(), text.size())) read_core_notes(text, notes);
    return notes;
}

} // namespace ksl::sim
