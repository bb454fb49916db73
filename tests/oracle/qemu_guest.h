// SPDX-License-Identifier: MIT
//
// An emulated PC whose physical memory this process sees, and that runs the boot image of tests/oracle/bootimage.
//
// Layout:   3 GiB from 0 on, 2 GiB more from 4 GiB on, as the PC places 5 GiB.
// Errors:   run() tells in words why the machine did not do its work.
#pragma once

#include "core/types/address.h"
#include "tests/oracle/bootimage/protocol.h"

#include <cstdint>
#include <optional>
#include <span>
#include <string>

namespace ksl::oracle {

class QemuGuest {
public:
    static constexpr std::uint64_t kGiB = std::uint64_t{1} << 30;
    static constexpr std::uint64_t kLowBytes = 3 * kGiB;
    static constexpr std::uint64_t kHighAt = 4 * kGiB;
    static constexpr std::uint64_t kHighBytes = 2 * kGiB;
    /// One past the last byte of RAM.
    static constexpr std::uint64_t kTop = kHighAt + kHighBytes;

    QemuGuest();
    ~QemuGuest();
    QemuGuest(const QemuGuest&) = delete;
    QemuGuest& operator=(const QemuGuest&) = delete;
    QemuGuest(QemuGuest&&) = delete;
    QemuGuest& operator=(QemuGuest&&) = delete;

    /// Empty if the emulator is there.
    [[nodiscard]] static std::string missing();

    [[nodiscard]] bootimage::Header& header();
    /// `count` objects of RAM at a physical address that is aligned for them.
    template <class T>
    [[nodiscard]] std::span<T> memory(core::PhysAddr at, std::size_t count) {
        return {static_cast<T*>(bytes_at(at)), count};
    }

    /// Boots the image and waits until it has turned the machine off. Nothing if it did what the header asks; else
    /// what went wrong.
    [[nodiscard]] std::optional<std::string> run();

private:
    [[nodiscard]] void* bytes_at(core::PhysAddr at);
    [[nodiscard]] std::string story(int status, bool was_killed);

    int memory_file_ = -1;
    std::byte* memory_ = nullptr;
};

} // namespace ksl::oracle
