// SPDX-License-Identifier: MIT
//
// Division by a number that is known long before: a multiplication and a shift instead of the slowest instruction that
// the host has for integers.
//
// Source: T. Granlund, P. L. Montgomery, "Division by Invariant Integers using Multiplication", PLDI 1994: with
//         f = ceil(2^s / d) and f * d - 2^s <= 2^(s - b), n * f / 2^s rounded down is n / d for all n < 2^b. Here
//         b = 31, so that the product has at most 63 bits.
#pragma once

#include "core/types/assert.h"

#include <bit>
#include <cstdint>

namespace ksl::core {

class Divisor {
public:
    static constexpr unsigned kBits = 31; ///< of a number that can be divided

    /// Divides by 1.
    constexpr Divisor() = default;
    /// `by`: 1 .. 2^31.
    constexpr explicit Divisor(std::uint32_t by)
        : shift_(kBits + static_cast<unsigned>(std::bit_width(by - 1))),
          factor_(((std::uint64_t{1} << shift_) + by - 1) / by) {}

    [[nodiscard]] constexpr std::uint32_t quotient(std::uint32_t number) const {
        KSL_ASSERT(number >> kBits == 0, "a number of 31 bits");
        return static_cast<std::uint32_t>(number * factor_ >> shift_);
    }
    friend constexpr bool operator==(const Divisor&, const Divisor&) = default;

private:
    unsigned shift_ = kBits;
    std::uint64_t factor_ = std::uint64_t{1} << kBits;
};

} // namespace ksl::core
