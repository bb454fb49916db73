// SPDX-License-Identifier: MIT
//
// libkdumpfile trusts the headers of a dump: a damaged one can end the program. So it works in a process of its own,
// that may die; what it reads comes back through a socket.
//
// Protocol: helper -> us: one Reply, then its text (VMCOREINFO, or what is wrong). Then, per page: us -> helper: frame
//           number; helper -> us: one byte, 1 = the 4096 bytes of the page follow.
#include "sim/import/kdump_file.h"
#include "sim/import/kdump_layout.h"

#include <fcntl.h>
#include <libkdumpfile/kdumpfile.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <string_view>
#include <system_error>

namespace ksl::sim {

namespace {

constexpr std::uint64_t kMostText = std::uint64_t{1} << 20;
constexpr rlim_t kMostSeconds = 120;
constexpr rlim_t kMoreMemory = rlim_t{4} << 30;

struct Reply {
    std::uint64_t is_open = 0;
    std::uint64_t text_bytes = 0;
};

bool send_all(int socket, const void* data, std::size_t bytes) {
    const auto* from = static_cast<const char*>(data);
    while (bytes > 0) {
        const ssize_t sent = ::send(socket, from, bytes, MSG_NOSIGNAL);
        if (sent <= 0) return false;
        from += sent;
        bytes -= static_cast<std::size_t>(sent);
    }
    return true;
}
bool receive_all(int socket, void* data, std::size_t bytes) {
    auto* to = static_cast<char*>(data);
    while (bytes > 0) {
        const ssize_t got = ::recv(socket, to, bytes, 0);
        if (got <= 0) return false;
        to += got;
        bytes -= static_cast<std::size_t>(got);
    }
    return true;
}

void limit(__rlimit_resource what, rlim_t most) {
    const rlimit value{most, most};
    ::setrlimit(what, &value);
}

/// Bytes of address space that this process has: a fork starts with its parent's, and a checker of memory reserves
/// terabytes. What cannot be read is no limit.
rlim_t address_space() {
    std::ifstream statm{"/proc/self/statm"};
    rlim_t pages = 0;
    return statm >> pages ? pages * core::kPageBytes : RLIM_INFINITY - kMoreMemory;
}

bool send_reply(int socket, bool is_open, std::string_view text) {
    const Reply reply{is_open ? std::uint64_t{1} : 0, std::min<std::uint64_t>(text.size(), kMostText)};
    return send_all(socket, &reply, sizeof reply) && send_all(socket, text.data(), reply.text_bytes);
}

/// The helper's life.
void serve(int socket, int file) {
    limit(RLIMIT_CORE, 0);
    limit(RLIMIT_CPU, kMostSeconds);
    limit(RLIMIT_AS, address_space() + kMoreMemory);
    kdump_ctx_t* context = kdump_new();
    if (context == nullptr) return;
    if (kdump_open_fd(context, file) != KDUMP_OK) {
        send_reply(socket, false, kdump_get_err(context));
        return;
    }
    // By the attribute: the function wants to be told first that this is Linux.
    const char* vmcoreinfo = nullptr;
    const bool has_info = kdump_get_string_attr(context, "linux.vmcoreinfo.raw", &vmcoreinfo) == KDUMP_OK;
    bool goes_on = send_reply(socket, true, has_info ? std::string_view{vmcoreinfo} : std::string_view{});
    std::uint64_t frame = 0;
    while (goes_on && receive_all(socket, &frame, sizeof frame)) {
        std::array<char, core::kPageBytes> page{};
        std::size_t bytes = page.size();
        const char found =
            kdump_read(context, KDUMP_MACHPHYSADDR, frame << core::kPageShift, page.data(), &bytes) == KDUMP_OK ? 1 : 0;
        goes_on = send_all(socket, &found, 1) && (found == 0 || send_all(socket, page.data(), page.size()));
    }
}

} // namespace

struct KdumpFile::Handle {
    pid_t helper = -1;
    int socket = -1;
};

void KdumpFile::CloseHandle::operator()(Handle* handle) const {
    if (handle->socket >= 0) ::close(handle->socket); // The helper's next request fails, and it ends.
    if (handle->helper > 0) ::waitpid(handle->helper, nullptr, 0);
    delete handle; // NOLINT(*-owning-memory)
}

Result<KdumpFile> KdumpFile::open(const std::filesystem::path& path) {
    KSL_TRY_ASSIGN(file, open_kdump(path));
    std::array<int, 2> sockets{-1, -1};
    KdumpFile dump;
    dump.handle_.reset(new Handle); // NOLINT(*-owning-memory)
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets.data()) == 0) dump.handle_->helper = ::fork();
    if (dump.handle_->helper == 0) {
        ::close(sockets[0]);
        // What the library, or a checker of memory, says on its way out is not for the user.
        if (const int nowhere = ::open("/dev/null", O_WRONLY | O_CLOEXEC); nowhere >= 0) ::dup2(nowhere, STDERR_FILENO);
        serve(sockets[1], file.number());
        ::_exit(0);
    }
    ::close(sockets[1]);
    dump.handle_->socket = sockets[0];
    if (dump.handle_->helper < 0) return fail_environment(path.string(), "no process to read it in");
    Reply reply;
    if (!receive_all(sockets[0], &reply, sizeof reply) || reply.text_bytes > kMostText) {
        return fail(path.string(), 0, "is a crash dump that is damaged: libkdumpfile gave up on its headers");
    }
    std::string text(reply.text_bytes, '\0');
    if (!receive_all(sockets[0], text.data(), text.size())) return fail(path.string(), 0, "is a damaged crash dump");
    if (reply.is_open == 0) {
        std::ranges::replace(text, '\n', ' ');
        return fail(path.string(), 0, "is no crash dump that can be read: " + text);
    }
    dump.notes_ = kdump_notes(file);
    if (dump.notes_.vmcoreinfo.empty()) dump.notes_.vmcoreinfo = std::move(text);
    return dump;
}

bool KdumpFile::read_page(core::Pfn frame, std::array<std::uint64_t, 512>& words) const {
    const std::uint64_t number = frame.raw();
    char found = 0;
    return send_all(handle_->socket, &number, sizeof number) && receive_all(handle_->socket, &found, 1) && found == 1 &&
           receive_all(handle_->socket, words.data(), core::kPageBytes);
}

} // namespace ksl::sim
