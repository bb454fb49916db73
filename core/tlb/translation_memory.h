// SPDX-License-Identifier: MIT
//
// The words of several associative arrays in one piece of memory: copied, compared and hashed as one.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace ksl::core {

class TranslationMemory {
public:
    TranslationMemory() = default;
    /// All zero. `words` is a multiple of 8.
    explicit TranslationMemory(std::uint32_t words) : lines_(words / 8 + kSpare) {}

    /// Valid until this is copied over, moved or destroyed.
    [[nodiscard]] std::uint64_t* words() { return lines_.data()->words.data(); }
    [[nodiscard]] const std::uint64_t* words() const { return lines_.data()->words.data(); }

    friend bool operator==(const TranslationMemory&, const TranslationMemory&) = default;
    /// The size must be right before reading.
    template <class Archive>
    void describe(Archive& archive) {
        for (Line& line : lines_) archive(line.words);
    }

private:
    struct alignas(64) Line {
        std::array<std::uint64_t, 8> words{};
        friend bool operator==(const Line&, const Line&) = default;
    };
    /// So that words() has something to point to when no array has a set.
    static constexpr std::size_t kSpare = 1;
    std::vector<Line> lines_ = std::vector<Line>(kSpare);
};

} // namespace ksl::core
