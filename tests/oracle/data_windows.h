// SPDX-License-Identifier: MIT
//
// What lies in the data windows: every word tells where it is, and is code that tells the same.
//
//     b8 TT TT TT TT     mov eax, TAG
//     c3                 ret
//     00 00
#pragma once

#include "core/types/address.h"
#include "tests/oracle/qemu_guest.h"
#include "tests/oracle/random_tables.h"

#include <algorithm>
#include <cstdint>
#include <span>
#include <vector>

namespace ksl::oracle {

[[nodiscard]] constexpr std::uint64_t word_of(std::uint32_t tag) {
    return 0xb8 | std::uint64_t{tag} << 8 | std::uint64_t{0xc3} << 40;
}
[[nodiscard]] constexpr std::uint32_t tag_of(std::uint64_t word) {
    return static_cast<std::uint32_t>(word >> 8);
}
/// Before anything is written. Addresses up to 16 GiB have tags below 2^31; what accesses write has tags above.
[[nodiscard]] constexpr std::uint32_t first_tag(core::PhysAddr at) {
    return static_cast<std::uint32_t>(at.raw() / sizeof(std::uint64_t));
}
inline constexpr std::uint32_t kWrittenTag = 0x8000'0000;

class DataWindows {
public:
    DataWindows() : words_(kWindowGiBs.size() * kWords) {
        for_each([&](core::PhysAddr at, std::uint64_t& word) { word = word_of(first_tag(at)); });
    }
    /// `at` is_in_data_window() and a multiple of 8.
    [[nodiscard]] std::uint64_t& operator[](core::PhysAddr at) {
        const auto window = std::ranges::find(kWindowGiBs, at.raw() >> 30) - kWindowGiBs.begin();
        const std::uint64_t inside = (at.raw() & ((std::uint64_t{1} << 30) - 1)) - kWindowOffset;
        return words_[static_cast<std::size_t>(window) * kWords + inside / sizeof(std::uint64_t)];
    }
    void put_into(QemuGuest& guest) const {
        for (std::size_t i = 0; i < kWindowGiBs.size(); ++i)
            std::copy_n(words_.begin() + static_cast<std::ptrdiff_t>(i * kWords), kWords, window(guest, i).begin());
    }
    /// Calls `visit(at, theirs, ours)` for every word that differs.
    template <class Visit>
    void for_each_difference(QemuGuest& guest, Visit visit) const {
        for (std::size_t i = 0; i < kWindowGiBs.size(); ++i) {
            const auto theirs = window(guest, i);
            const std::span ours{words_.data() + i * kWords, kWords};
            if (std::ranges::equal(theirs, ours)) continue;
            for (std::size_t word = 0; word < kWords; ++word) {
                const core::Bytes inside{word * sizeof(std::uint64_t)};
                if (theirs[word] != ours[word]) visit(window_at(i) + inside, theirs[word], ours[word]);
            }
        }
    }

private:
    static constexpr std::size_t kWords = kWindowBytes / sizeof(std::uint64_t);

    static core::PhysAddr window_at(std::size_t index) {
        return core::PhysAddr{(kWindowGiBs[index] << 30) + kWindowOffset};
    }
    static std::span<std::uint64_t> window(QemuGuest& guest, std::size_t index) {
        return guest.memory<std::uint64_t>(window_at(index), kWords);
    }
    template <class Visit>
    void for_each(Visit visit) {
        for (std::size_t i = 0; i < words_.size(); ++i)
            visit(window_at(i / kWords) + core::Bytes{i % kWords * sizeof(std::uint64_t)}, words_[i]);
    }

    std::vector<std::uint64_t> words_;
};

} // namespace ksl::oracle
