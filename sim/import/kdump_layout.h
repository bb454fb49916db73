// SPDX-License-Identifier: MIT
//
// What kdump's own format keeps round its pages: the notes of the machine, and the flattened form in which makedumpfile
// -F and QEMU's dump-guest-memory write a file that cannot be seeked in.
//
//     flattened: 4096 bytes of header, then records of {offset, bytes} and data, big-endian; offset -1 ends
//     file:      block 0 disk_dump_header, block 1 kdump_sub_header (which tells where the notes are), ...
//
// Errors:  a flattened dump that ends in the middle, or leads beyond any dump's end, is the user's error. A file
//          without notes is none.
// Source:  diskdump_mod.h and makedumpfile.h of makedumpfile; dump/dump.c and include/sysemu/dump.h of QEMU.
#pragma once

#include "sim/base/error.h"
#include "sim/import/core_notes.h"

#include <filesystem>

namespace ksl::sim {

/// A file descriptor that closes itself.
class OpenFile {
public:
    explicit OpenFile(int number = -1) : number_(number) {}
    OpenFile(OpenFile&& other) noexcept;
    OpenFile& operator=(OpenFile&& other) noexcept;
    OpenFile(const OpenFile&) = delete;
    OpenFile& operator=(const OpenFile&) = delete;
    ~OpenFile();

    [[nodiscard]] int number() const { return number_; }

private:
    int number_;
};

/// Opens a dump in kdump's format; of a flattened one, a copy in its proper order that has no name and goes away with
/// the descriptor.
[[nodiscard]] Result<OpenFile> open_kdump(const std::filesystem::path& path);

/// The notes that a dump in kdump's format holds, so far as they can be read.
[[nodiscard]] CoreNotes kdump_notes(const OpenFile& file);

} // namespace ksl::sim
