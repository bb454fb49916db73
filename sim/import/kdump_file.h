// SPDX-License-Identifier: MIT
//
// A crash dump in kdump's own formats (makedumpfile, diskdump, also flattened), its pages through libkdumpfile. Built
// without that library, opening one is an error that says so.
#pragma once

#include "core/types/address.h"
#include "sim/base/error.h"
#include "sim/import/core_notes.h"

#include <array>
#include <cstdint>
#include <filesystem>
#include <memory>

namespace ksl::sim {

class KdumpFile {
public:
    [[nodiscard]] static Result<KdumpFile> open(const std::filesystem::path& path);

    [[nodiscard]] const CoreNotes& notes() const { return notes_; }
    /// False if the dump does not hold it.
    [[nodiscard]] bool read_page(core::Pfn frame, std::array<std::uint64_t, 512>& words) const;

private:
    struct Handle;
    struct CloseHandle {
        void operator()(Handle* handle) const;
    };
    std::unique_ptr<Handle, CloseHandle> handle_;
    CoreNotes notes_;
};

} // namespace ksl::sim
