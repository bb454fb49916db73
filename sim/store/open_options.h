// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <cstdint>

namespace ksl::sim {

enum class OpenMode : std::uint8_t {
    read,   ///< the file must exist
    append, ///< the file is created where it is missing
};

struct OpenOptions {
    /// How long to wait for another program that is writing.
    std::chrono::milliseconds busy_timeout{5000};
    /// Refuse to let the file grow beyond this many pages; 0 = as large as the disk allows.
    std::uint32_t max_pages = 0;
};

} // namespace ksl::sim
