// SPDX-License-Identifier: MIT
#include "sim/import/kdump_file.h"

#include <fcntl.h>
#include <libkdumpfile/kdumpfile.h>
#include <unistd.h>

#include <cstdlib>
#include <system_error>

namespace ksl::sim {

struct KdumpFile::Handle {
    kdump_ctx_t* context = nullptr;
    int file = -1;
};

void KdumpFile::CloseHandle::operator()(Handle* handle) const {
    if (handle->context != nullptr) kdump_free(handle->context);
    if (handle->file >= 0) ::close(handle->file);
    delete handle; // NOLINT(*-owning-memory)
}

Result<KdumpFile> KdumpFile::open(const std::filesystem::path& path) {
    KdumpFile dump;
    dump.handle_.reset(new Handle); // NOLINT(*-owning-memory)
    Handle& handle = *dump.handle_;
    handle.file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (handle.file < 0) {
        return fail(path.string(), 0, "cannot be opened: " + std::error_code(errno, std::generic_category()).message());
    }
    handle.context = kdump_new();
    if (handle.context == nullptr) return fail_environment(path.string(), "not enough memory to open it");
    if (kdump_open_fd(handle.context, handle.file) != KDUMP_OK) {
        return fail(path.string(), 0,
                    std::string{"is no crash dump that can be read: "} + kdump_get_err(handle.context));
    }
    char* text = nullptr;
    if (kdump_vmcoreinfo_raw(handle.context, &text) == KDUMP_OK) {
        dump.vmcoreinfo_ = text;
        std::free(text); // NOLINT(*-no-malloc,*-owning-memory): libkdumpfile gives it away
    }
    return dump;
}

bool KdumpFile::read_page(core::Pfn frame, std::array<std::uint64_t, 512>& words) const {
    std::size_t bytes = core::kPageBytes;
    return kdump_read(handle_->context, KDUMP_MACHPHYSADDR, core::address_of(frame).raw(), words.data(), &bytes) ==
           KDUMP_OK;
}

} // namespace ksl::sim
