// SPDX-License-Identifier: MIT
//
// Seeded random numbers that are the same on every computer (the standard library's distributions are not).
// xoshiro256++ of Blackman and Vigna (2019), seeded through splitmix64 of Steele et al. (2014).
#pragma once

#include <array>
#include <bit>
#include <cstdint>

namespace ksl::core {

class Random {
public:
    constexpr explicit Random(std::uint64_t seed = 0) {
        for (std::uint64_t& word : state_) {
            seed += 0x9e3779b97f4a7c15U;
            std::uint64_t mixed = seed;
            mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9U;
            mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111ebU;
            word = mixed ^ (mixed >> 31);
        }
    }

    constexpr std::uint64_t next() {
        const std::uint64_t result = std::rotl(state_[0] + state_[3], 23) + state_[0];
        const std::uint64_t shifted = state_[1] << 17;
        state_[2] ^= state_[0];
        state_[3] ^= state_[1];
        state_[1] ^= state_[2];
        state_[0] ^= state_[3];
        state_[2] ^= shifted;
        state_[3] = std::rotl(state_[3], 45);
        return result;
    }

    /// Uniform in [0, bound), by Lemire's multiplication without rejection (bias below 2^-64 * bound).
    constexpr std::uint64_t below(std::uint64_t bound) {
        __extension__ using Wide = unsigned __int128;
        return static_cast<std::uint64_t>((static_cast<Wide>(next()) * bound) >> 64);
    }

    /// True with probability numerator/denominator.
    constexpr bool chance(std::uint64_t numerator, std::uint64_t denominator) { return below(denominator) < numerator; }

    friend constexpr bool operator==(const Random&, const Random&) = default;

    template <class Archive>
    void describe(Archive& archive) {
        archive(state_);
    }

private:
    std::array<std::uint64_t, 4> state_{};
};

} // namespace ksl::core
