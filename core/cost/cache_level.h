// SPDX-License-Identifier: MIT
//
// Which level of the memory hierarchy answered an access to a cache line.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace ksl::core {

enum class CacheLevel : std::uint8_t { l1, l2, l3, memory };
inline constexpr std::size_t kCacheLevels = 4;
[[nodiscard]] constexpr std::string_view name_of(CacheLevel level) {
    constexpr std::array<std::string_view, kCacheLevels> kNames{"L1", "L2", "L3", "memory"};
    return kNames[static_cast<std::size_t>(level)];
}

} // namespace ksl::core
