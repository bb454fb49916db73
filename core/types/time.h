// SPDX-License-Identifier: MIT
//
// Simulated time. Processors count cycles, charts show nanoseconds; the clock frequency connects them. All integers:
// the same run gives the same bits in every build.
#pragma once

#include "core/types/address.h"

namespace ksl::core {

using Cycles = Amount<struct CycleUnit>;
using Nanoseconds = Amount<struct NanosecondUnit>;

/// Clock frequency of a simulated processor.
class Frequency {
public:
    constexpr Frequency() = default;
    constexpr explicit Frequency(std::uint32_t megahertz) : megahertz_(megahertz) {}
    [[nodiscard]] constexpr std::uint32_t megahertz() const { return megahertz_; }

    /// Rounded down; 2^64 / 1000 cycles and more would wrap (71 days at 3 GHz).
    [[nodiscard]] constexpr Nanoseconds to_time(Cycles cycles) const {
        return Nanoseconds{cycles.count() * 1000 / megahertz_};
    }
    [[nodiscard]] constexpr Cycles to_cycles(Nanoseconds time) const {
        return Cycles{time.count() * megahertz_ / 1000};
    }
    friend constexpr auto operator<=>(Frequency, Frequency) = default;

private:
    std::uint32_t megahertz_ = 3000;
};

} // namespace ksl::core
