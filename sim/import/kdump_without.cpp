// SPDX-License-Identifier: MIT
//
// Built where libkdumpfile is not installed.
#include "sim/import/kdump_file.h"

namespace ksl::sim {

struct KdumpFile::Handle {};

void KdumpFile::CloseHandle::operator()(Handle* handle) const {
    delete handle; // NOLINT(*-owning-memory)
}

Result<KdumpFile> KdumpFile::open(const std::filesystem::path& path) {
    return fail(
        path.string(), 0,
        "is a compressed crash dump, and this kstacklab was built without libkdumpfile; makedumpfile -E makes an "
        "ELF core of it");
}

bool KdumpFile::read_page(core::Pfn /*frame*/, std::array<std::uint64_t, 512>& /*words*/) const {
    return false;
}

} // namespace ksl::sim
