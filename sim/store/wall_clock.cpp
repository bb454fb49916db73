// SPDX-License-Identifier: MIT
#include "sim/store/wall_clock.h"

#include <fmt/chrono.h>

#include <chrono>

namespace ksl::sim {

std::string wall_clock_text() {
    const auto now = std::chrono::system_clock::to_time_t(std::chrono::system_clock::now());
    return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(now));
}

} // namespace ksl::sim
