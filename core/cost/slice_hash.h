// SPDX-License-Identifier: MIT
//
// Which slice of a shared third-level cache has a line. Intel's client and server parts from Sandy Bridge on cut this
// cache into one slice a core and spread lines over them by exclusive-ors of many address bits, so that blocks of equal
// alignment do not all meet in the same few sets. Inside a slice the low bits of the line number choose the set.
//
// Source:   C. Maurice et al., "Reverse Engineering Intel Last-Level Cache Complex Addressing Using Performance
//           Counters", RAID 2015: the functions of 2, 4 and 8 slices, measured on Sandy Bridge, Ivy Bridge and Haswell.
// Fidelity: other numbers of slices have functions that are not exclusive-ors alone; they are not modelled.
#pragma once

#include "core/types/address.h"

#include <array>
#include <bit>
#include <cstdint>
#include <string>

namespace ksl::core {

class SliceHash {
public:
    static constexpr unsigned kMostBits = 3;
    /// Address bits of which each bit of the slice's number is the exclusive-or.
    static constexpr std::array<std::uint64_t, kMostBits> kMasks{0x1b'5f57'5440, 0x2e'b5fa'a880, 0x3c'ccc9'3100};

    /// One slice: nothing is mixed.
    SliceHash() = default;
    /// `slices` of `sets_of_slice` sets each, for which problem_with() is empty.
    SliceHash(unsigned slices, std::uint32_t sets_of_slice)
        : bits_(static_cast<unsigned>(std::countr_zero(slices))),
          set_bits_(static_cast<unsigned>(std::countr_zero(sets_of_slice))) {
        for (std::uint64_t above = 0; above < slices; ++above) {
            unmixed_[slice_of(PhysAddr{above << (set_bits_ + kLineShift)})] = static_cast<std::uint8_t>(above);
        }
    }

    /// Empty, or why a cache of so many sets cannot be cut into so many slices.
    [[nodiscard]] static std::string problem_with(unsigned slices, std::uint32_t sets) {
        if (slices != 1 && slices != 2 && slices != 4 && slices != 8)
            return std::to_string(slices) + " slices have no published hash; 1, 2, 4 or 8 would be right";
        if (slices == 1) return "";
        if (!std::has_single_bit(sets) || sets / slices != kSetsOfSlice)
            return std::to_string(sets) + " sets are not " + std::to_string(slices) + " slices of " +
                   std::to_string(kSetsOfSlice) + ", for which the hash was published; 1 slice would be right";
        return "";
    }

    [[nodiscard]] bool is_plain() const { return bits_ == 0; }
    [[nodiscard]] std::uint32_t slice_of(PhysAddr at) const {
        std::uint32_t slice = 0;
        for (unsigned bit = 0; bit < bits_; ++bit) slice |= parity(at.raw() & kMasks[bit]) << bit;
        return slice;
    }
    /// The sets of a page's lines, for many lines of one page: an exclusive-or has no carries, so what the page's
    /// address and a line's place in it add to the slice can be told apart.
    class Page {
    public:
        /// `first`: any line of the page; `set`: the one that its low bits name.
        Page(const SliceHash& hash, std::uint32_t set, PhysAddr first)
            : set_(set - line_in_page(first)), slice_(hash.slice_of(align_down(first, Bytes{kPageBytes}))),
              slice_mask_((1U << hash.bits_) - 1), shift_(hash.set_bits_),
              set_mask_(hash.is_plain() ? ~0U : (1U << hash.set_bits_) - 1) {}

        [[nodiscard]] static std::uint32_t line_in_page(PhysAddr at) {
            return static_cast<std::uint32_t>(page_offset(at).count() >> kLineShift);
        }
        [[nodiscard]] std::uint32_t set_of(std::uint32_t line_in_page) const {
            const std::uint32_t slice = slice_ ^ (kLinePart[line_in_page] & slice_mask_);
            return ((set_ + line_in_page) & set_mask_) | slice << shift_;
        }

    private:
        std::uint32_t set_;
        std::uint32_t slice_;
        std::uint32_t slice_mask_;
        std::uint32_t shift_;
        std::uint32_t set_mask_;
    };
    /// The set of all sets, slice after slice, in the place of the one that the line's low bits name.
    [[nodiscard]] std::uint32_t mixed(std::uint32_t set, PhysAddr at) const {
        return (set & ((1U << set_bits_) - 1)) | slice_of(at) << set_bits_;
    }
    /// The low bits' set again; `rest` is the line's address with the bits that the slice's number replaced as zeros.
    [[nodiscard]] std::uint32_t unmixed(std::uint32_t set, PhysAddr rest) const {
        const std::uint32_t above = unmixed_[(set >> set_bits_) ^ slice_of(rest)];
        return (set & ((1U << set_bits_) - 1)) | above << set_bits_;
    }
    [[nodiscard]] unsigned set_bits() const { return set_bits_; }
    friend bool operator==(const SliceHash&, const SliceHash&) = default;

private:
    static constexpr unsigned kLineShift = 6;
    /// 2 MiB of 16 ways: with these, the replaced address bits can be told from slice and tag.
    static constexpr std::uint32_t kSetsOfSlice = 2048;

    [[nodiscard]] static std::uint32_t parity(std::uint64_t bits) {
        return static_cast<std::uint32_t>(__builtin_parityll(bits)); // half the instructions of a count of bits
    }
    /// What the place of a line in its page adds to the slice's number, for the most slices.
    static constexpr auto kLinePart = [] {
        std::array<std::uint8_t, (kPageBytes >> kLineShift)> parts{};
        for (std::uint64_t line = 0; line < parts.size(); ++line) {
            for (unsigned bit = 0; bit < kMostBits; ++bit)
                parts[line] |= static_cast<std::uint8_t>(__builtin_parityll((line << kLineShift) & kMasks[bit]) << bit);
        }
        return parts;
    }();

    unsigned bits_ = 0;
    unsigned set_bits_ = 0;
    std::array<std::uint8_t, 1U << kMostBits> unmixed_{}; ///< replaced bits by what they alone add to the slice
};

} // namespace ksl::core
