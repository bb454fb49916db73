// SPDX-License-Identifier: MIT
#include "tests/oracle/qemu_guest.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <stdexcept>
#include <system_error>
#include <thread>
#include <vector>

namespace ksl::oracle {

namespace {

constexpr std::uint64_t kBytes = QemuGuest::kLowBytes + QemuGuest::kHighBytes;
constexpr const char* kEmulator = "qemu-system-x86_64";
constexpr std::chrono::seconds kPatience{300};

std::vector<std::string> command_line(int memory_file) {
    const std::string bytes = std::to_string(kBytes);
    return {kEmulator,
            "-accel",
            "tcg,thread=single",
            "-cpu",
            "max",
            "-machine",
            "pc,usb=off,memory-backend=ram",
            "-m",
            std::to_string(kBytes >> 20),
            "-object",
            "memory-backend-file,id=ram,share=on,size=" + bytes + ",mem-path=/proc/self/fd/" +
                std::to_string(memory_file),
            "-kernel",
            KSL_MMU_BOOT_IMAGE,
            "-device",
            "isa-debug-exit,iobase=0xf4,iosize=4",
            "-nodefaults",
            "-no-user-config",
            "-no-reboot",
            "-display",
            "none",
            "-monitor",
            "none",
            "-serial",
            "none"};
}

/// Only in the child, until it becomes the emulator.
[[noreturn]] void become_emulator(std::vector<char*>& arguments, int messages) {
    dup2(messages, STDOUT_FILENO);
    dup2(messages, STDERR_FILENO);
    execvp(kEmulator, arguments.data());
    _exit(127);
}

std::string text_of_file(int file) {
    std::string text(4096, '\0');
    const ssize_t size = pread(file, text.data(), text.size(), 0);
    text.resize(size > 0 ? static_cast<std::size_t>(size) : 0);
    return text;
}

} // namespace

QemuGuest::QemuGuest() : memory_file_(memfd_create("kstacklab-guest-memory", 0)) {
    if (memory_file_ < 0 || ftruncate(memory_file_, static_cast<off_t>(kBytes)) != 0)
        throw std::runtime_error{"no memory for the guest: " + std::system_category().message(errno)};
    void* at = mmap(nullptr, kBytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE, memory_file_, 0);
    if (at == MAP_FAILED) throw std::runtime_error{"no address space for the guest's memory"};
    memory_ = static_cast<std::byte*>(at);
}

QemuGuest::~QemuGuest() {
    if (memory_ != nullptr) munmap(memory_, kBytes);
    if (memory_file_ >= 0) close(memory_file_);
}

std::string QemuGuest::missing() {
    const char* path = std::getenv("PATH"); // NOLINT(concurrency-mt-unsafe): before any thread
    std::string folders = path != nullptr ? path : "";
    for (std::size_t begin = 0; begin < folders.size();) {
        const std::size_t end = std::min(folders.find(':', begin), folders.size());
        const std::string program = folders.substr(begin, end - begin) + "/" + kEmulator;
        if (access(program.c_str(), X_OK) == 0) return "";
        begin = end + 1;
    }
    return std::string{kEmulator} + " is not installed (Debian: qemu-system-x86)";
}

void* QemuGuest::bytes_at(core::PhysAddr at) {
    return memory_ + (at.raw() < kHighAt ? at.raw() : at.raw() - kHighAt + kLowBytes);
}

bootimage::Header& QemuGuest::header() {
    return memory<bootimage::Header>(core::PhysAddr{KSL_HEADER_AT}, 1)[0];
}

std::string QemuGuest::story(int status, bool was_killed) {
    const bootimage::Header& asked = header();
    std::array<char, 256> text{};
    if (asked.state == bootimage::kPanicked) {
        std::snprintf(text.data(), text.size(),
                      "exception %llu in the image at operation %llu: error code %llx, RIP %llx, CR2 %llx",
                      static_cast<unsigned long long>(asked.vector), static_cast<unsigned long long>(asked.done),
                      static_cast<unsigned long long>(asked.error_code), static_cast<unsigned long long>(asked.rip),
                      static_cast<unsigned long long>(asked.cr2));
    } else {
        std::snprintf(text.data(), text.size(), "%s after %llu of %llu operations, status %x",
                      was_killed ? "stopped for taking too long" : "ended", static_cast<unsigned long long>(asked.done),
                      static_cast<unsigned long long>(asked.count), static_cast<unsigned>(status));
    }
    return text.data();
}

std::optional<std::string> QemuGuest::run() {
    std::vector<std::string> words = command_line(memory_file_);
    std::vector<char*> arguments;
    arguments.reserve(words.size() + 1);
    for (std::string& word : words) arguments.push_back(word.data());
    arguments.push_back(nullptr);
    const int messages = memfd_create("kstacklab-guest-messages", 0);
    header().state = bootimage::kAsked;

    const pid_t child = fork();
    if (child == 0) become_emulator(arguments, messages);
    int status = -1;
    bool was_killed = false;
    const auto deadline = std::chrono::steady_clock::now() + kPatience;
    while (child > 0 && waitpid(child, &status, WNOHANG) == 0) {
        if (std::chrono::steady_clock::now() > deadline && !was_killed) {
            kill(child, SIGKILL);
            was_killed = true;
        }
        std::this_thread::sleep_for(std::chrono::milliseconds{5});
    }
    const std::string said = text_of_file(messages);
    close(messages);
    if (child > 0 && header().state == bootimage::kAnswered) return std::nullopt;
    return story(status, was_killed) + (said.empty() ? "" : "; the emulator says: " + said);
}

} // namespace ksl::oracle
